"""A Jira Cloud site: REST API version 3."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pydantic import PositiveInt

from sample_jira import scopes
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
from sample_jira.cloud_search import CloudSearches, UnknownIds
from sample_jira.encoding import CHEAP_FIELDS
from sample_jira.messages import (
    Answer,
    Request,
    errors_answer,
    html_answer,
    json_answer,
)
from sample_jira.operations import Call, Operation, Router, get, post
from sample_jira.schemas import (
    Anything,
    BulkFetch,
    CloudIssueQuery,
    CloudPermissionsQuery,
    CloudSearch,
    CloudSearchQuery,
    MyselfQuery,
    NoBody,
    NoParameters,
    PageQuery,
    ProjectQuery,
)
from sample_jira.search import LARGEST_ID
from sample_jira.site import JiraSite, SiteOptions
from sample_jira.throttling import ThrottleForm, throttle_headers

EMAIL = "bot@sample.example"
API_TOKEN = "sample-api-token"  # noqa: S105 - opens nothing but this sample  # nosec B105
DEAR_CAP = 100  # issues of one bulkfetch when fields or expansions are costly
CHEAP_EXPANSIONS = frozenset({"names", "schema"})
ANONYMOUS_ISSUE = "Issue does not exist or you do not have permission to see it."
LOGIN_FIRST = "Client must be authenticated to access this resource."
JWS_PARTS = 3  # a complete JWS has two dots


class CloudOptions(SiteOptions):
    """How a Cloud site behaves.

    `bulk_cap`: ids of one bulkfetch of cheap fields; 1000 as now, 100 as before August 2026.
    `account_header`: whether answers name the account. `unknown_ids`: what a search does when it
    is given ids that do not exist, which Atlassian does not say. `time_zone`: the account's.
    """

    bulk_cap: PositiveInt = 1000
    account_header: bool = True
    unknown_ids: UnknownIds = "omit"
    time_zone: str = "UTC"


class CloudSite(JiraSite[CloudOptions]):
    """A Cloud site. `email` and `api_token` are ready to be used."""

    api_version = 3

    def __init__(self, name: str, clock: Clock) -> None:
        super().__init__(name, clock, CloudOptions(), self.new_account(EMAIL))
        self.cloud_id = str(uuid5(NAMESPACE_URL, f"sample-jira/{name}"))
        self.custom_domain: str | None = None
        self.email = EMAIL
        self.api_token = API_TOKEN
        self._searches = CloudSearches(self, self.options, self.encoder)
        self.add_api_token(API_TOKEN)
        self.router = Router(self._operations())

    def _operations(self) -> Sequence[Operation[Any, Any]]:
        api = "/rest/api/3"
        return (
            post(f"{api}/issue/bulkfetch", self._bulk_fetch, BulkFetch, scopes=scopes.ISSUES),
            get(f"{api}/issue/{{issue}}", self.get_issue, CloudIssueQuery, scopes=scopes.ISSUES),
            get(f"{api}/project/search", self._search_projects, PageQuery, scopes=scopes.PROJECT),
            get(f"{api}/project/{{project}}", self.get_project, ProjectQuery, scopes=scopes.PROJECT),
            get(f"{api}/myself", self._myself, MyselfQuery, scopes=scopes.MYSELF),
            get(
                f"{api}/mypermissions",
                self._permissions,
                CloudPermissionsQuery,
                scopes=scopes.PERMISSIONS,
            ),
            post(f"{api}/search/jql", self._searches.by_body, CloudSearch, scopes=scopes.SEARCH_BY_POST),
            get(
                f"{api}/search/jql",
                self._searches.by_query,
                CloudSearchQuery,
                scopes=scopes.SEARCH_BY_GET,
            ),
            post(f"{api}/search", self._removed, Anything),
            get(f"{api}/search", self._removed, Anything),
            get(f"{api}/serverInfo", self._server_info, NoParameters),
            get("/rest/api/2/serverInfo", self._server_info, NoParameters),
            get("/_edge/tenant_info", self._tenant_info, NoParameters),
            *self.webhooks.administrators_operations(),
            *self.webhooks.app_operations(),
        )

    def _search_projects(self, call: Call[PageQuery, NoBody]) -> Answer:
        """GET project/search: the projects that can be browsed, a page of them."""
        with self.lock:
            mine = [one for one in self.projects.values() if self.browsable(one, anonymous=call.viewer.anonymous)]
        start = call.query.start_at
        shown = mine[start : start + call.query.max_results]
        page = {"startAt": start, "maxResults": call.query.max_results, "total": len(mine)}
        is_last = start + len(shown) >= len(mine)
        return json_answer({**page, "isLast": is_last, "values": [self.project_json(one) for one in shown]})

    # Who asks

    def new_account(self, name: str) -> Account:
        """An account of that e-mail address; its id is always the same."""
        return Account(f"5b10{uuid5(NAMESPACE_URL, name).hex[:20]}", name, name.partition("@")[0])

    def pass_address_on(self) -> str:
        """Another site has this address from now on, with issues of its own; its cloud id is returned."""
        with self.lock:
            self.cloud_id = str(uuid5(NAMESPACE_URL, f"sample-jira/{self.cloud_id}"))
            issues = list(self.issues.values())
            self.forget_issues()
        for issue in issues:
            self.create("HR", 1, status="Done", created=issue.created, first_id=issue.id)
        return self.cloud_id

    def add_api_token(
        self,
        secret: str,
        *,
        email: str | None = None,
        scopes: Sequence[str] | None = None,
        expires_at: datetime | None = None,
    ) -> None:
        """Add an API token; with scopes it works only through the gateway."""
        self.add_key("api_token", secret, email, scopes, expires_at)

    def authenticate(self, request: Request) -> Viewer | Answer:
        """A wrong credential gives the anonymous view, a bearer token is turned away."""
        match presented(request.headers.get("authorization")):
            case Nothing():
                return NOBODY
            case Basic(user, secret):
                key = self.key(["api_token"], secret, user)
                if key is None or key.scopes is not None:
                    return Viewer(login_reason="AUTHENTICATED_FAILED")
                return Viewer(key.account)
            case Bearer(token):
                return _bearer_refused(token)
            case Signed() | Unreadable():
                return Viewer(login_reason="AUTHENTICATED_FAILED")

    def gateway_viewer(self, user: str, secret: str) -> Viewer | None:
        """The viewer of a scoped API token at the gateway, None when it opens nothing."""
        key = self.key(["api_token"], secret, user)
        return Viewer(key.account, scopes=key.scopes) if key and key.scopes is not None else None

    def permit(self, operation: Operation[Any, Any], viewer: Viewer) -> Answer | None:
        """A token with too few scopes is told so, though not which."""
        if viewer.scopes is None or operation.scopes.satisfied_by(viewer.scopes):
            return None
        return json_answer({"code": 401, "message": "Unauthorized; scope does not match"}, 401)

    def finish(self, answer: Answer, viewer: Viewer) -> Answer:
        """Say who asked, or why nobody did."""
        if viewer.login_reason:
            return answer.with_headers({"x-seraph-loginreason": viewer.login_reason})
        if viewer.account and self.options.account_header:
            return answer.with_headers({"X-AACCOUNTID": viewer.account.id})
        return answer

    def refusal(self, status: int, what: str) -> Answer:
        """What Cloud says to requests that it does not understand."""
        if status == 400:  # noqa: PLR2004 - an HTTP status is its own name
            return errors_answer(400, "Invalid request payload. Refer to the REST API documentation.")
        return json_answer({"status": status, "message": what}, status)

    def throttle(
        self,
        seconds: int,
        *,
        path: str = "*",
        times: int | None = 1,
        form: ThrottleForm = "seconds",
        reason: str = "jira-burst-based",
    ) -> None:
        """Answer 429 with a wait of so many seconds, told in that form.

        `reset` has no Retry-After but X-RateLimit-Reset; `reset_minutes` gives that without
        seconds, rounded up.
        """
        headers = throttle_headers(self.clock.now(), seconds, form)
        headers |= {"X-RateLimit-Limit": "350", "X-RateLimit-Remaining": "0"}
        headers |= {"RateLimit-Reason": reason} if form in ("seconds", "http_date") else {}
        self.fault("status", path=path, times=times, status=429, headers=headers)

    # Operations

    def _bulk_fetch(self, call: Call[NoParameters, BulkFetch]) -> Answer:
        asked = call.body.issue_ids_or_keys
        if len(asked) > self._cap(call.body):
            return errors_answer(400, f"The number of issues requested exceeds the limit of {self._cap(call.body)}.")
        if any(name.isdecimal() and int(name) > LARGEST_ID for name in asked):
            return errors_answer(400, "Invalid request payload. Refer to the REST API documentation and try again.")
        with self.lock:
            found = {issue.id: issue for issue in map(self.find, asked) if issue}
            issues = self.listed((found[number] for number in sorted(found)), anonymous=call.viewer.anonymous)
            encoded = self.encoder(call.body.fields).encode_all(issues)
        return Answer(200, f'{{"expand":"schema,names","issues":{encoded},"issueErrors":[]}}'.encode())

    def _cap(self, body: BulkFetch) -> int:
        cheap = body.fields and CHEAP_FIELDS.issuperset(body.fields) and not body.properties
        if cheap and CHEAP_EXPANSIONS.issuperset(body.expand):
            return self.options.bulk_cap
        return min(DEAR_CAP, self.options.bulk_cap)

    def issue_refused(self, _name: str, _viewer: Viewer) -> Answer:
        """One answer for deleted, hidden and anonymous."""
        return errors_answer(404, ANONYMOUS_ISSUE)

    def _myself(self, call: Call[MyselfQuery, NoBody]) -> Answer:
        account = call.viewer.account
        if account is None:
            return errors_answer(401, LOGIN_FIRST)
        return json_answer(
            {
                "self": f"{self.url}/rest/api/3/user?accountId={account.id}",
                "accountId": account.id,
                "accountType": "atlassian",
                "emailAddress": account.name,
                "displayName": account.display_name,
                "active": True,
                "timeZone": self.options.time_zone,
            }
        )

    def _permissions(self, call: Call[CloudPermissionsQuery, NoBody]) -> Answer:
        if not call.query.permissions:
            return errors_answer(400, "The 'permissions' query parameter is required.")
        return self.get_permissions(call, call.query.permissions)

    def _server_info(self, _call: Call[NoParameters, NoBody]) -> Answer:
        display_url = self.custom_domain or self.url
        return self.server_info("1001.0.0-SNAPSHOT", (1001, 0, 0), "Cloud", displayUrl=display_url)

    def _tenant_info(self, _call: Call[NoParameters, NoBody]) -> Answer:
        return json_answer({"cloudId": self.cloud_id})

    def _removed(self, call: Call[Any, Any]) -> Answer:
        self.traffic.violated(call.request, "removed from Jira Cloud")
        return errors_answer(
            410,
            "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
            "A full migration guideline is available at "
            "https://developer.atlassian.com/changelog/#CHANGE-2046",
        )


def _bearer_refused(token: str) -> Answer:
    if token.count(".") == JWS_PARTS - 1:
        return html_answer("Unauthorized", LOGIN_FIRST, 401)
    return json_answer({"error": "Failed to parse Connect Session Auth Token"}, 403)
