"""``AuthorizerFunction``: whether API Gateway lets a request in, by a token of the stack's own issuer of tokens."""

from typing import TYPE_CHECKING, Any

from ticket_status.composition import authorizer as composition

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Answer a TOKEN authorizer's question: a policy for the whole stage, or the 401 of API Gateway."""
    return composition.authorizer().answer(event)
