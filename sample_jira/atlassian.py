"""api.atlassian.com and auth.atlassian.com on one address."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Protocol

from sample_jira.auth import (
    Basic,
    Bearer,
    Nothing,
    Signed,
    Unreadable,
    Viewer,
    presented,
)
from sample_jira.authorization import Authorization
from sample_jira.clock import Clock
from sample_jira.cloud import CloudSite
from sample_jira.grants import OFFLINE, App, Grant, Grants, Lifetimes
from sample_jira.messages import Answer, Request, json_answer
from sample_jira.operations import FORM_ONLY, JSON_ONLY, Call, Operation, Router, get, page, post
from sample_jira.schemas import Authorize, NoBody, NoParameters, TokenRequest
from sample_jira.scopes import EVERY_SCOPE
from sample_jira.service import Authenticate, Send, Service, ServiceOptions
from sample_jira.striking import spoilt, stand_in

CLIENT_ID = "sample-client"
CLIENT_SECRET = "sample-client-secret-of-an-oauth-2-app"  # noqa: S105 - opens nothing but this sample  # nosec B105
SERVICE_CLIENT = "sample-service-account"
SERVICE_SECRET = "sample-service-secret"  # noqa: S105 - opens nothing but this sample  # nosec B105
LIFETIMES = Lifetimes(access=timedelta(hours=1), refresh_unused=timedelta(days=90), leeway=timedelta(minutes=10))
WRONG_CLIENT = {"error": "access_denied", "error_description": "Unauthorized"}
UNAUTHORIZED = {"code": 401, "message": "Unauthorized"}
_GATEWAY = re.compile(r"/ex/jira/([^/]+)(?=/)")


class CloudSites(Protocol):
    """Where the Cloud sites are found."""

    def cloud_sites(self) -> list[CloudSite]:
        """All of them."""


class AtlassianOptions(ServiceOptions):
    """What the person at the browser does, assign to change it.

    `auto_grant`: grants without being shown the page. `grant_scopes`: of what is asked, only
    these. `grant_sites`: only the sites of these names; None is all.
    """

    auto_grant: bool = False
    grant_scopes: list[str] | None = None
    grant_sites: list[str] | None = None


class Atlassian(Service[AtlassianOptions]):
    """The server that is common to all Cloud sites. `client_id` and `client_secret` are ready."""

    def __init__(self, clock: Clock, sites: CloudSites) -> None:
        super().__init__("atlassian", clock, AtlassianOptions())
        self.grants = Grants(clock, LIFETIMES)
        self.client_id = CLIENT_ID
        self.client_secret = CLIENT_SECRET
        self._sites = sites
        self.add_app(CLIENT_ID, CLIENT_SECRET)
        self.router = Router(self._operations())

    def _operations(self) -> Sequence[Operation[Any, Any]]:
        authorization = Authorization(
            self.grants, 403, WRONG_CLIENT, lambda: self.options.auto_grant, self._grantable, _fixed_scopes
        )
        return (
            *page("/authorize", authorization.decided, Authorize),
            post(
                "/oauth/token",
                lambda call: authorization.token(call.body),
                TokenRequest,
                content_types=(*JSON_ONLY, *FORM_ONLY),
            ),
            get("/oauth/token/accessible-resources", self._resources, NoParameters),
        )

    # Control

    def add_app(
        self,
        client_id: str,
        client_secret: str,
        redirect_uris: Sequence[str] = (),
        scopes: Sequence[str] | None = None,
    ) -> App:
        """Register an app; without `redirect_uris` it may have codes sent anywhere."""
        allowed = None if scopes is None else frozenset(scopes)
        self.grants.apps[client_id] = App(client_id, client_secret, redirect_uris, allowed)
        return self.grants.apps[client_id]

    def add_service_account(
        self, client_id: str = SERVICE_CLIENT, client_secret: str = SERVICE_SECRET, scopes: Sequence[str] | None = None
    ) -> App:
        """Make the credentials of a service account; their scopes are fixed here, by default all there are."""
        fixed = EVERY_SCOPE - {OFFLINE} if scopes is None else frozenset(scopes)
        self.grants.apps[client_id] = App(client_id, client_secret, (), fixed, service_account=True)
        return self.grants.apps[client_id]

    def revoke_grants(self) -> None:
        """The person revokes every grant."""
        self.grants.revoke()

    def expire_access_tokens(self) -> None:
        """End all access tokens; refresh tokens go on."""
        self.grants.expire_access()

    def refusal(self, status: int, what: str) -> Answer:
        """What the gateway says to requests that it does not understand."""
        return json_answer({"code": status, "message": what}, status)

    # The gateway

    def serve(self, request: Request, send: Send, authenticate: Authenticate | None = None) -> None:
        """Leave what is for a site to that site; both servers log it and both can spoil it."""
        found = _GATEWAY.match(request.path)
        if found is None:
            super().serve(request, send, authenticate)
            return
        with self.traffic.watch(request) as exchange:
            faults = self.faults.striking(request)

            def finish(answer: Answer) -> None:
                exchange.status = answer.status
                send(spoilt(faults, answer))

            site = self._site(found[1])
            answer = stand_in(faults, request)
            if answer is None and site is None:
                answer = self.refusal(404, "Not Found")
            if answer or site is None:
                finish(answer or self.refusal(404, "Not Found"))
            else:
                site.serve(request.below(found[0]), finish, lambda one: self._viewer(site, one))

    def _site(self, cloud_id: str) -> CloudSite | None:
        sites = self._sites.cloud_sites()
        return next((site for site in sites if site.cloud_id == cloud_id), None)

    def _viewer(self, site: CloudSite, request: Request) -> Viewer | Answer:
        """The gateway has no anonymous view."""
        viewer: Viewer | None
        match presented(request.headers.get("authorization")):
            case Basic(user, secret):
                viewer = site.gateway_viewer(user, secret)
            case Bearer(token):
                viewer = self._bearer(site, token)
            case Nothing() | Signed() | Unreadable():
                viewer = None
        return viewer or json_answer(UNAUTHORIZED, 401)

    def _bearer(self, site: CloudSite, token: str) -> Viewer | None:
        grant = self.grants.access(token)
        if grant is None or site.options.reject_credentials or site not in self._granted_sites():
            return None
        return Viewer(site.account, scopes=grant.scopes, app_secret=grant.app.client_secret)

    # OAuth 2.0

    def _grantable(self, asked: frozenset[str]) -> frozenset[str]:
        limit = self.options.grant_scopes
        return asked if limit is None else asked & frozenset(limit)

    def _granted_sites(self) -> list[CloudSite]:
        names = self.options.grant_sites
        return [one for one in self._sites.cloud_sites() if names is None or one.name in names]

    def _resources(self, call: Call[NoParameters, NoBody]) -> Answer:
        shown = presented(call.request.headers.get("authorization"))
        grant = self.grants.access(shown.token) if isinstance(shown, Bearer) else None
        if grant is None:
            return json_answer(UNAUTHORIZED, 401)
        return json_answer([_resource(site, grant) for site in self._granted_sites()])


def _fixed_scopes(app: App, _asked: str | None) -> frozenset[str]:
    """Scopes of a service account are chosen when its credentials are made; what a request asks for changes nothing."""
    return app.scopes or frozenset()


def _resource(site: CloudSite, grant: Grant) -> dict[str, object]:
    return {
        "id": site.cloud_id,
        "name": site.name,
        "url": site.url,
        "scopes": sorted(grant.scopes - {OFFLINE}),
        "avatarUrl": f"{site.url}/avatar.png",
    }
