"""Who asks a Data Center site: passwords, personal access tokens, OAuth 1.0a and 2.0."""

from dataclasses import replace
from datetime import datetime
from typing import Literal
from urllib.parse import quote_plus

from pydantic import NonNegativeInt, PositiveInt

from sample_jira.application_link import ApplicationLinks
from sample_jira.auth import (
    NOBODY,
    Account,
    Basic,
    Bearer,
    Nothing,
    Signed,
    Unreadable,
    Viewer,
    presented,
)
from sample_jira.clock import Clock
from sample_jira.grants import App
from sample_jira.languages import Language
from sample_jira.messages import Answer, Request, html_answer, json_answer
from sample_jira.oauth1 import OAuth1, OAuth1ProblemError, problem_answer
from sample_jira.site import JiraSite, SiteOptions
from sample_jira.throttling import RATE_HEADERS

USERNAME = "bot"
PASSWORD = "sample-password"  # noqa: S105 - opens nothing but this sample  # nosec B105
PAT = "sample-pat"
FIRST_WITH_PAT = (8, 14)
FAILED = "AUTHENTICATED_FAILED"
BASIC_DISABLED = "Basic Authentication has been disabled on this instance."
LOGIN_FIRST = "Client must be authenticated to access this resource."


class DataCenterOptions(SiteOptions):
    """How a Data Center site behaves.

    `page_cap`: the administrator's `jira.search.views.default.max`; more is clamped silently.
    `rate_limit`: the five rate headers come on every answer. `bad_bearer`: what a wrong token
    gives, 401 or the anonymous view (which versions before 8.14 give to every token).
    `hidden_issue_status`: of an issue that exists but may not be seen. `captcha_after`: so many
    wrong passwords in a row lock the user; 0 is never. `auto_grant`: the person at the browser
    grants without being shown the page. `always_validates`: a search that names what is missing is
    rejected even when told not to validate. `language`: of error texts, the account's.
    `basic_disabled`: an administrator turned passwords off. `login_charset`: in which names and
    passwords are read. `encoded_names`: the header that names the user encodes it as a form does.
    """

    page_cap: PositiveInt = 1000
    version: str = "9.12.0"
    rate_limit: bool = False
    bad_bearer: Literal["401", "anonymous"] = "401"
    hidden_issue_status: Literal[403, 404] = 404
    captcha_after: NonNegativeInt = 0
    time_zone: str = "UTC"
    auto_grant: bool = False
    always_validates: bool = False
    language: Language = "en"
    basic_disabled: bool = False
    login_charset: Literal["utf-8", "iso-8859-1"] = "utf-8"
    encoded_names: bool = False


class DataCenterLogins(JiraSite[DataCenterOptions]):
    """The accounts of a site, and the headers that tell who was taken to ask."""

    def __init__(self, name: str, clock: Clock, context_path: str) -> None:
        super().__init__(name, clock, DataCenterOptions(), self.new_account(USERNAME), context_path)
        self.username = USERNAME
        self.password = PASSWORD
        self.pat = PAT
        self.links = ApplicationLinks(clock, self.options)
        self.oauth1 = OAuth1(clock, self.options)
        self._locked: set[str] = set()
        self._wrong_passwords: dict[str, int] = {}
        self.add_password(USERNAME, PASSWORD)
        self.add_pat(PAT)

    def version(self) -> tuple[int, ...]:
        """The version as numbers."""
        return tuple(int(part) for part in self.options.version.split("."))

    def new_account(self, name: str) -> Account:
        """An account of that user name."""
        return Account(f"JIRAUSER-{name}", name, name.title())

    def add_password(self, username: str, secret: str) -> None:
        """Add a user with a password."""
        self.add_key("password", secret, username)

    def add_pat(self, secret: str, *, username: str | None = None, expires_at: datetime | None = None) -> None:
        """Add a personal access token."""
        self.add_key("pat", secret, username, None, expires_at)

    def register_consumer(self, consumer_key: str, public_key: str) -> None:
        """Know an OAuth 1.0a consumer by its public key (PEM)."""
        self.oauth1.register(consumer_key, public_key)

    def add_application_link(
        self, client_id: str, client_secret: str, redirect_uri: str | None = None, *, service_account: bool = False
    ) -> App:
        """Make an OAuth 2.0 link; without `redirect_uri` it may have codes sent anywhere."""
        return self.links.add(client_id, client_secret, redirect_uri, service_account=service_account)

    def rename_account(self, name: str) -> None:
        """Our account gets another user name in the directory; its key and its tokens stay."""
        self.account = replace(self.account, name=name)
        self.keyring.rename_holder(self.account)

    def revoke_grants(self) -> None:
        """The person revokes all that was granted by OAuth, 1.0a and 2.0."""
        self.oauth1.revoke()
        self.links.grants.revoke()

    def lock_user(self, username: str) -> None:
        """Lock the user until a person solves the CAPTCHA."""
        self._locked.add(username)

    def unlock_user(self, username: str) -> None:
        """Undo `lock_user`."""
        self._locked.discard(username)
        self._wrong_passwords.pop(username, None)

    def authenticate(self, request: Request) -> Viewer | Answer:
        """Wrong passwords are refused, wrong tokens as the options say."""
        match presented(request.headers.get("authorization"), self.options.login_charset):
            case Nothing():
                return NOBODY
            case Basic() if self.options.basic_disabled:
                return self.finish(json_answer({"message": BASIC_DISABLED}, 403), NOBODY)
            case Basic(user, secret):
                return self._by_password(user, secret)
            case Bearer(token):
                return self._by_token(token)
            case Signed():
                return self._by_signature(request)
            case Unreadable():
                return self._login_failed()

    def _by_password(self, user: str, secret: str) -> Viewer | Answer:
        if user in self._locked:
            return self._captcha()
        key = self.key(["password"], secret, user)
        if key is not None:
            self._wrong_passwords.pop(user, None)
            return Viewer(key.account, "OK")
        self._wrong_passwords[user] = self._wrong_passwords.get(user, 0) + 1
        if self._wrong_passwords[user] == self.options.captcha_after:
            self.lock_user(user)
        return self._login_failed()

    def _by_token(self, token: str) -> Viewer | Answer:
        if self.version() < FIRST_WITH_PAT:
            return NOBODY
        key = self.key(["pat"], token)
        if key is not None:
            return Viewer(key.account, "OK")
        if self.links.grants.access(token) and not self.options.reject_credentials:
            return Viewer(self.account, "OK")
        if self.options.bad_bearer == "anonymous":
            return NOBODY
        answer = json_answer({"message": LOGIN_FIRST, "status-code": 401}, 401)
        return self.finish(answer, NOBODY)

    def _by_signature(self, request: Request) -> Viewer | Answer:
        if self.options.reject_credentials:
            return problem_answer(OAuth1ProblemError("token_rejected"))
        try:
            self.oauth1.prove(request)
        except OAuth1ProblemError as problem:
            return problem_answer(problem)
        return Viewer(self.account, "OK")

    def _login_failed(self) -> Answer:
        page = f"Basic Authentication Failure - Reason : {FAILED}"
        answer = html_answer("Unauthorized (401)", page, 401, WWW_Authenticate='OAuth realm="jira"')
        return self.finish(answer, Viewer(login_reason=FAILED))

    def _captcha(self) -> Answer:
        reason = f"CAPTCHA_CHALLENGE; login-url={self.url}/login.jsp"
        answer = html_answer("Forbidden (403)", "CAPTCHA", 403, X_Authentication_Denied_Reason=reason)
        return self.finish(answer, Viewer(login_reason="AUTHENTICATION_DENIED"))

    def finish(self, answer: Answer, viewer: Viewer) -> Answer:
        """Say who asked, how the login went, and how much may still be asked."""
        name = viewer.account.name if viewer.account else "anonymous"
        headers = {"X-AUSERNAME": quote_plus(name) if self.options.encoded_names else name}
        if viewer.login_reason:
            headers["X-Seraph-LoginReason"] = viewer.login_reason
        if self.options.rate_limit:
            headers |= RATE_HEADERS
        return answer.with_headers(headers)
