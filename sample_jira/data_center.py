"""A Jira Data Center (or Server) site: REST API version 2."""

from collections.abc import Sequence
from typing import Any

from sample_jira.application_link import FIRST_WITH_LINKS
from sample_jira.application_link import PATH as LINKS
from sample_jira.auth import Viewer
from sample_jira.clock import Clock
from sample_jira.data_center_login import LOGIN_FIRST, DataCenterLogins
from sample_jira.jql import JqlError, parse
from sample_jira.messages import Answer, errors_answer, html_answer, json_answer
from sample_jira.operations import Call, Operation, Router, get, post
from sample_jira.schemas import (
    IssueQuery,
    NoBody,
    NoParameters,
    PermissionsQuery,
    ProjectQuery,
    ServerSearch,
    ServerSearchQuery,
)
from sample_jira.search import Search
from sample_jira.throttling import throttled_headers
from sample_jira.webhooks import FIRST_WITH_PLUGIN

ISSUE_MISSING = "Issue Does Not Exist"
ISSUE_FORBIDDEN = "You do not have the permission to see the specified issue."
PERMISSIONS = ("BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "ADMINISTER")


class DataCenterSite(DataCenterLogins):
    """A Data Center site. `username` with `password`, and `pat`, are ready to be used."""

    api_version = 2

    def __init__(self, name: str, clock: Clock, context_path: str = "") -> None:
        super().__init__(name, clock, context_path)
        self.router = Router(self._operations())

    def _operations(self) -> Sequence[Operation[Any, Any]]:
        api = f"{self.context_path}/rest/api/2"
        return (
            post(f"{api}/search", self._search, ServerSearch),
            get(f"{api}/search", self._search_by_query, ServerSearchQuery),
            get(f"{api}/issue/{{issue}}", self.get_issue, IssueQuery),
            get(f"{api}/project/{{project}}", self.get_project, ProjectQuery),
            get(f"{api}/myself", self._myself, NoParameters),
            get(f"{api}/mypermissions", self._permissions, PermissionsQuery),
            get(f"{api}/serverInfo", self._server_info, NoParameters),
            *self.links.operations(self.context_path),
            *self.oauth1.operations(self.context_path),
            *self.webhooks.administrators_operations(self.context_path),
            *self.webhooks.plugin_operations(self.context_path),
            # Asked by clients that want to know whether this is Cloud.
            get(f"{self.context_path}/_edge/tenant_info", self._unknown_page, NoParameters),
            get(f"{self.context_path}/rest/api/3/serverInfo", self._unknown_page, NoParameters),
        )

    def permit(self, operation: Operation[Any, Any], _viewer: Viewer) -> Answer | None:
        """Application links are not known to old versions."""
        plugin = self.version() >= FIRST_WITH_PLUGIN
        unknown = (
            (LINKS in operation.path and self.version() < FIRST_WITH_LINKS)
            or ("/rest/jira-webhook/" in operation.path and not plugin)
            or ("/rest/webhooks/" in operation.path and plugin)
        )
        return self.refusal(404, "dead link") if unknown else None

    def refusal(self, status: int, what: str) -> Answer:
        """What Data Center says to requests that it does not understand."""
        if status == 400:  # noqa: PLR2004 - an HTTP status is its own name
            return errors_answer(400, what)
        return html_answer("Oops, you've found a dead link.", what, status)

    def throttle(self, seconds: int, *, path: str = "*", times: int | None = 1) -> None:
        """Answer 429 with a wait of so many seconds, as an administrator's limit does."""
        self.fault(
            "status",
            path=path,
            times=times,
            status=429,
            headers=throttled_headers(seconds),
            body={"message": "Rate limit exceeded."},
            json_if_asked=True,
        )

    # Operations

    def issue_refused(self, name: str, viewer: Viewer) -> Answer:
        """Missing, forbidden and anonymous differ here, if the site is set so."""
        exists = self.find(name) is not None
        if exists and viewer.anonymous:
            return errors_answer(401, ISSUE_FORBIDDEN, "Login Required")
        if exists and self.options.hidden_issue_status == 403:  # noqa: PLR2004 - an HTTP status
            return errors_answer(403, ISSUE_FORBIDDEN)
        return errors_answer(404, ISSUE_MISSING)

    def _myself(self, call: Call[NoParameters, NoBody]) -> Answer:
        account = call.viewer.account
        if account is None:
            return json_answer({"message": LOGIN_FIRST, "status-code": 401}, 401)
        return json_answer(
            {
                "self": f"{self.url}/rest/api/2/user?username={account.name}",
                "key": account.id,
                "name": account.name,
                "emailAddress": f"{account.name}@sample.example",
                "displayName": account.display_name,
                "active": True,
                "timeZone": self.options.time_zone,
            }
        )

    def _permissions(self, call: Call[PermissionsQuery, NoBody]) -> Answer:
        return self.get_permissions(call, PERMISSIONS)

    def _server_info(self, _call: Call[NoParameters, NoBody]) -> Answer:
        return self.server_info(self.options.version, self.version(), "Server")

    def _unknown_page(self, _call: Call[NoParameters, NoBody]) -> Answer:
        return self.refusal(404, "dead link")

    def _search_by_query(self, call: Call[ServerSearchQuery, NoBody]) -> Answer:
        query = call.query
        body = ServerSearch.model_validate(
            {
                "jql": query.jql,
                "fields": query.fields,
                "maxResults": query.max_results,
                "startAt": query.start_at,
                "validateQuery": query.validate_query == "true",
            }
        )
        return self._page(body, call.viewer)

    def _search(self, call: Call[NoParameters, ServerSearch]) -> Answer:
        return self._page(call.body, call.viewer)

    def _page(self, body: ServerSearch, viewer: Viewer) -> Answer:
        options = self.options
        search = Search(self, self.clock.now(), options.time_zone, viewer.anonymous, language=options.language)
        with self.lock:
            try:
                found = search.run(parse(body.jql))
            except JqlError as error:
                return _search_refused(str(error).split("\n"))
            if (body.validate_query or self.options.always_validates) and search.missing:
                return _search_refused(search.missing)
            cap = self.options.page_cap
            size = cap if body.max_results < 0 else min(body.max_results, cap)
            page = found[body.start_at : body.start_at + size]
            encoded = self.encoder(body.fields).encode_all(page)
        return Answer(
            200,
            f'{{"expand":"schema,names","startAt":{body.start_at},"maxResults":{size},'
            f'"total":{len(found)},"issues":{encoded}}}'.encode(),
        )


def _search_refused(messages: Sequence[str]) -> Answer:
    return json_answer({"errorMessages": list(messages), "warningMessages": []}, 400)
