"""The two ends of an OAuth 2.0 authorisation server: where a person grants, where tokens come from."""

from collections.abc import Callable
from dataclasses import dataclass

from sample_jira.consent import back_to, consent_page
from sample_jira.grants import App, Grants, OAuthRefusedError, Tokens
from sample_jira.messages import Answer, html_answer, json_answer
from sample_jira.schemas import AuthorizeRequest, TokenRequest


@dataclass(frozen=True, slots=True)
class Authorization:
    """An authorisation server over its grants.

    `refused_status` answers a refused grant, `wrong_client` (401) a client that is none.
    `auto_grant` says whether the person grants without being asked, `grantable` which of the
    scopes asked for they grant. `of_service_account`: the scopes of a service account's token.
    """

    grants: Grants
    refused_status: int
    wrong_client: dict[str, str]
    auto_grant: Callable[[], bool]
    grantable: Callable[[frozenset[str]], frozenset[str]]
    of_service_account: Callable[[App, str | None], frozenset[str]]

    def decided(self, asked: AuthorizeRequest) -> Answer:
        """The page that asks the person, or the way back to the app once they decided."""
        app = self.grants.apps.get(asked.client_id)
        if app is None or not app.redirects_to(asked.redirect_uri):
            return html_answer("Something went wrong", "Unknown client_id or redirect_uri", 400)
        match asked.decision or ("accept" if self.auto_grant() else None):
            case "accept":
                return back_to(asked.redirect_uri, state=asked.state, code=self._code(app, asked))
            case "cancel":
                return back_to(asked.redirect_uri, error="access_denied", state=asked.state)
            case None:
                parameters = asked.model_dump(exclude_none=True)
                return consent_page(app.client_id, asked.scope, parameters)

    def token(self, asked: TokenRequest) -> Answer:
        """Tokens for a code or a refresh token."""
        app = self.grants.apps.get(asked.client_id)
        if app is None or app.client_secret != asked.client_secret:
            return json_answer(self.wrong_client, 401)
        try:
            return json_answer(self._tokens(app, asked).as_json())
        except OAuthRefusedError as refused:
            error = {"error": refused.error, "error_description": str(refused)}
            return json_answer(error, self.refused_status)

    def _code(self, app: App, asked: AuthorizeRequest) -> str:
        scopes = self.grantable(frozenset(asked.scope.split()))
        return self.grants.grant(app, asked.redirect_uri, scopes, asked.code_challenge)

    def _tokens(self, app: App, asked: TokenRequest) -> Tokens:
        if asked.grant_type == "client_credentials":
            return self.grants.for_itself(app, self.of_service_account(app, asked.scope))
        if asked.grant_type == "refresh_token":
            return self.grants.refresh(app, asked.refresh_token)
        return self.grants.exchange(app, asked.code, asked.redirect_uri, asked.code_verifier)
