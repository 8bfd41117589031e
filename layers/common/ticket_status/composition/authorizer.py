"""``AuthorizerFunction``, assembled."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from ticket_status.api.issuer_keys import IssuerKeys
from ticket_status.api.tokens import TokenRefusedError, TokenVerifier, scopes
from ticket_status.composition.parts import Telemetry, telemetry
from ticket_status.config import AuthorizerConfig


class UnauthorizedError(Exception):
    """Raised with the only text for which API Gateway answers 401; any other gets 500."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


class AuthorizerApp(Telemetry, frozen=True):
    """``AuthorizerFunction``."""

    verifier: TokenVerifier

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Accept a valid token for every route: the gateway caches the answer, each route checks its own scope."""
        # API Gateway asks only about headers of the form Bearer TOKEN (identityValidationExpression).
        token = str(event["authorizationToken"]).partition(" ")[2]
        try:
            claims = self.verifier.claims(token.strip())
        except TokenRefusedError as refused:
            self.logger.info("token refused", reason=str(refused))
            raise UnauthorizedError from None
        caller = str(claims.get("client_id") or claims.get("azp") or claims.get("sub") or "")
        return {
            "principalId": str(claims.get("sub") or caller),
            "policyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": _stage(str(event["methodArn"]))}
                ],
            },
            "context": {"scope": " ".join(scopes(claims)), "client_id": caller},
        }


def _stage(method_arn: str) -> str:
    """All methods of the stage of a method: ``…:API/STAGE/GET/path`` gives ``…:API/STAGE/*``."""
    api, stage, *_ = method_arn.split("/")
    return f"{api}/{stage}/*"


@cache
def authorizer() -> AuthorizerApp:
    """Built at the first invocation; keeps its keys as long as the function's process lives."""
    config, to = AuthorizerConfig.from_env(), telemetry()
    return AuthorizerApp(
        to.logger, to.metrics, TokenVerifier(config.issuer, config.audience, IssuerKeys(config.issuer))
    )
