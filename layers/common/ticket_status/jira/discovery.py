"""Finding a site: where its API answers, what it is, who we are there. Each question is one call."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import urlsplit

from ticket_status.core.model import AuthType, InstallationType, Integration, ReasonCode, Site
from ticket_status.core.observations import Account
from ticket_status.core.scopes import jira_scopes
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.jira.answers import MalformedAnswerError, Reply, malformed, mapping, sequence, text
from ticket_status.jira.cloud import CloudJira
from ticket_status.jira.data_center import DataCenterJira
from ticket_status.jira.settings import JiraSettings
from ticket_status.jira.signed_client import SignedClient
from ticket_status.jira.site import JiraSite, denied

_LOGIN_FIRST = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What a site says of itself."""

    base_url: str | None
    version: str
    cloud: bool


@dataclass(frozen=True, slots=True)
class Grant:
    """A site that an OAuth 2.0 grant is for."""

    cloud_id: str
    scopes: frozenset[str]


class Discovery:
    """Asks about the site of one integration."""

    def __init__(self, integration: Integration, line: SignedClient, settings: JiraSettings) -> None:
        self._integration = integration
        self._line = line
        self._settings = settings
        self._cloud = integration.installation_type is InstallationType.CLOUD
        self._url = integration.site_url

    def jira(self, site: Site) -> JiraSite:
        """The site as a Jira to ask."""
        if not self._cloud:
            return DataCenterJira(self._line, site)
        if self._integration.auth_type is not AuthType.OAUTH2:
            return CloudJira(self._line, site)
        return CloudJira(self._line, site, lambda: self._granted_account(site))

    def server_info(self) -> ServerInfo | JiraTrouble:
        """What answers at the address, be it of the other kind; asked without credentials, unless those are refused."""
        info = self._server_info(3 if self._cloud else 2)
        if self._cloud and isinstance(info, Refused):
            other = self._server_info(2)
            return other if isinstance(other, ServerInfo) else info
        return info

    def _server_info(self, version: int) -> ServerInfo | JiraTrouble:
        url = f"{self._url}/rest/api/{version}/serverInfo"
        reply = self._line.get_unsigned(url)
        if isinstance(reply, Reply) and reply.status in _LOGIN_FIRST:
            reply = self._line.get(url)
        if not isinstance(reply, Reply):
            return reply
        if not reply.ok:
            return denied(reply)
        try:
            return _server_info(mapping(reply.data, "serverInfo"))
        except MalformedAnswerError:
            return Refused(ReasonCode.NOT_JIRA, "What answers at this address is not Jira: check it")

    def find(self) -> tuple[Site | None, Account | JiraTrouble]:
        """Where the API answers for us, and as whom.

        A scoped API token is good only behind the gateway, which nobody is asked about: the site's own address is
        tried first, then the gateway's. The site is known also when the account is not.
        """
        if self._cloud and self._integration.auth_type is AuthType.OAUTH2:
            return self._granted_site()
        tenant = self.tenant() if self._cloud else None
        cloud_id = tenant if isinstance(tenant, str) else None
        site = Site(api_url=self._url, cloud_id=cloud_id)
        found = self._proved(site)
        if tenant is None or not _not_taken(found[1]):
            return found
        if not isinstance(tenant, str):
            return site, tenant
        behind = self._proved(replace(site, api_url=self._settings.gateway(tenant)))
        return found if _not_taken(behind[1]) else behind

    def grant(self, cloud_id: str | None = None) -> Grant | JiraTrouble:
        """The entry of this site in the list of sites that the grant is for."""
        reply = self._line.get(self._settings.accessible_resources_url)
        if not isinstance(reply, Reply):
            return reply
        if not reply.ok:
            return denied(reply)
        try:
            return self._matching(reply, cloud_id) or Refused(
                ReasonCode.AUTHENTICATION_FAILED,
                f"The authorisation is not for {self._url}: authorise again and choose this site",
            )
        except MalformedAnswerError as error:
            return malformed(error)

    def tenant(self) -> str | Throttled | Unavailable | None:
        """The site's cloud id, which needs no credentials; ``None`` when the site has none."""
        reply = self._line.get_unsigned(f"{_origin(self._url)}/_edge/tenant_info")
        if isinstance(reply, Throttled | Unavailable):
            return reply
        told = reply.data if isinstance(reply, Reply) and reply.ok else None
        cloud_id = told.get("cloudId") if isinstance(told, Mapping) else None
        return cloud_id if isinstance(cloud_id, str) and _is_cloud_id(cloud_id) else None

    def _granted_site(self) -> tuple[Site | None, Account | JiraTrouble]:
        known = self._integration.site.cloud_id if self._integration.site is not None else None
        grant = self.grant(known)
        if not isinstance(grant, Grant):
            return None, grant
        return self._proved(
            Site(self._settings.gateway(grant.cloud_id), cloud_id=grant.cloud_id, granted_scopes=grant.scopes)
        )

    def _granted_account(self, site: Site) -> Account | JiraTrouble:
        """Stands in for ``myself`` when its scopes are not granted: the grant is alive, and for this site."""
        grant = self.grant(site.cloud_id)
        return Account(site.account_id or f"grant:{grant.cloud_id}") if isinstance(grant, Grant) else grant

    def _proved(self, site: Site) -> tuple[Site, Account | JiraTrouble]:
        jira = self.jira(site)
        account = jira.whoami()
        return jira.site, account

    def _matching(self, reply: Reply, cloud_id: str | None) -> Grant | None:
        """The site may have been renamed, so its id counts before its address; ids are shared with Confluence."""
        wanted: Grant | None = None
        for one in sequence(reply.data, "the list of sites"):
            resource = mapping(one, "a site")
            scopes = jira_scopes(str(scope) for scope in sequence(resource.get("scopes"), "scopes"))
            same = text(resource, "id") == cloud_id or _origin(text(resource, "url")) == _origin(self._url)
            if same and _is_cloud_id(text(resource, "id")):
                held = wanted.scopes if wanted is not None else frozenset()
                wanted = Grant(text(resource, "id"), scopes | held)
        return wanted


def _server_info(data: Mapping[str, object]) -> ServerInfo:
    base_url = data.get("baseUrl")
    return ServerInfo(
        base_url if isinstance(base_url, str) and _origin(base_url) else None,
        text(data, "version")[:50],
        data.get("deploymentType") == "Cloud",
    )


def _not_taken(found: Account | JiraTrouble) -> bool:
    """Whether the credentials were refused as such, not for their scopes."""
    return isinstance(found, Refused) and found.reason_code is ReasonCode.AUTHENTICATION_FAILED


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    known = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    return f"{parts.scheme}://{parts.netloc.lower()}" if known else ""


def _is_cloud_id(told: str) -> bool:
    """It becomes part of a path."""
    return 0 < len(told) <= 100 and all(one.isascii() and (one.isalnum() or one == "-") for one in told)  # noqa: PLR2004 - a UUID has 36
