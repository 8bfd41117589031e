"""``AuthorizerFunction``: tells API Gateway whether to accept a token of the issuer in ``TokenIssuer``."""

from typing import TYPE_CHECKING, Any

from ticket_status.composition import authorizer as composition

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Answer a TOKEN authorizer request with a policy for the whole stage, or with API Gateway's 401."""
    return composition.authorizer().answer(event)
