"""OAuth 2.0 of Data Center: an incoming application link, from version 8.22 on."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Protocol

from sample_jira.authorization import Authorization
from sample_jira.clock import Clock
from sample_jira.grants import App, Grants, Lifetimes, OAuthRefusedError
from sample_jira.operations import FORM_ONLY, Operation, page, post
from sample_jira.schemas import AuthorizeRequest, TokenRequest

PATH = "/rest/oauth2/latest"
FIRST_WITH_LINKS = (8, 22)
LIFETIMES = Lifetimes(access=timedelta(hours=2), refresh_unused=timedelta(days=90), leeway=timedelta())
WRONG_CLIENT = {"error": "invalid_client", "error_description": "Invalid client credentials"}


class Granting(Protocol):
    """The site's options that say what the person at the browser does."""

    auto_grant: bool


class ApplicationLinks:
    """The links of one site."""

    def __init__(self, clock: Clock, options: Granting) -> None:
        self.grants = Grants(clock, LIFETIMES, always_offline=True)
        self._authorization = Authorization(
            self.grants, 400, WRONG_CLIENT, lambda: options.auto_grant, lambda asked: asked, _asked_for
        )

    def operations(self, context_path: str) -> Sequence[Operation[Any, Any]]:
        """What the site answers for its links."""
        path, authorization = f"{context_path}{PATH}", self._authorization
        return (
            *page(f"{path}/authorize", authorization.decided, AuthorizeRequest, before_login=True),
            post(
                f"{path}/token",
                lambda call: authorization.token(call.body),
                TokenRequest,
                content_types=FORM_ONLY,
                before_login=True,
            ),
        )

    def add(
        self, client_id: str, client_secret: str, redirect_uri: str | None = None, *, service_account: bool = False
    ) -> App:
        """Make a link; without `redirect_uri` it may have codes sent anywhere."""
        uris = () if redirect_uri is None else (redirect_uri,)
        self.grants.apps[client_id] = App(client_id, client_secret, uris, service_account=service_account)
        return self.grants.apps[client_id]


def _asked_for(_app: App, scope: str | None) -> frozenset[str]:
    """A Data Center gives what is asked for; `scope` has to be there."""
    if not scope:
        raise OAuthRefusedError("invalid_scope", "The requested scope is invalid, unknown, or malformed")
    return frozenset(scope.split())
