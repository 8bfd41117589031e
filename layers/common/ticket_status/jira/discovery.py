"""Finds a site: where its API is, what it is, and which account is ours. Each question is one call."""

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from ticket_status.core.model import AuthType, InstallationType, Integration, ReasonCode, Site
from ticket_status.core.observations import Account
from ticket_status.core.scopes import jira_scopes
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.jira.answers import MalformedAnswerError, Reply, malformed, mapping, sequence, text
from ticket_status.jira.dialect import CloudDialect, DataCenterDialect
from ticket_status.jira.settings import JiraSettings
from ticket_status.jira.signed_client import CallFailure, SignedClient
from ticket_status.jira.site import JiraSite, Proofs, denied

_MOST_SITES = 1000
"""Entries of the list of sites that are read."""


class ServerInfo(Struct, frozen=True):
    """What a site says of itself."""

    base_url: str | None
    display_url: str | None
    version: str
    cloud: bool


class Grant(Struct, frozen=True):
    """A site that an OAuth 2.0 grant is for."""

    cloud_id: str
    scopes: frozenset[str]


class Discovery:
    """Asks about the site of one integration."""

    def __init__(
        self,
        integration: Integration,
        client: SignedClient,
        settings: JiraSettings,
        now: Callable[[], datetime],
        granted_scopes: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        """``granted_scopes``: those of a service account, whose token names them."""
        self._integration = integration
        self._client = client
        self._settings = settings
        self._now = now
        self._granted_scopes = granted_scopes
        self._cloud = integration.installation_type is InstallationType.CLOUD
        self._url = integration.site_url
        self._tenant: str | Throttled | Unavailable | None = None
        self._asked_for_tenant = False

    @property
    def behind_gateway(self) -> bool:
        """Whether its tokens work only at Atlassian's gateway."""
        return self._cloud and self._integration.auth_type in {AuthType.OAUTH2, AuthType.CLIENT_CREDENTIALS}

    def jira(self, site: Site) -> JiraSite:
        """The site as a Jira to ask."""
        if not self._cloud:
            return JiraSite(self._client, site, DataCenterDialect(), self._now)
        proofs = {AuthType.OAUTH2: self._granted_account, AuthType.CLIENT_CREDENTIALS: self._service_account}
        prove = proofs.get(self._integration.auth_type)
        grant = None if prove is None else lambda: prove(site)
        return JiraSite(self._client, site, CloudDialect(), self._now, Proofs(self.tenant, grant))

    # --- What answers at the address --------------------------------------------------------------------------------

    def server_info(self) -> ServerInfo | JiraTrouble:
        """What answers at the address, Cloud or not.

        Asked without credentials; if the response is not ``serverInfo``, asked again with them, because many Data
        Centers show a login page to unsigned calls.
        """
        paths = [f"rest/api/{version}/serverInfo" for version in ((3, 2) if self._cloud else (2,))]
        first: JiraTrouble | None = None
        for path in paths:
            info = self._server_info(self._client.get_unsigned(f"{self._url}/{path}"))
            if isinstance(info, ServerInfo) or _is_nobody_there(info):
                return info
            first = first or info
        info = self._signed_server_info(paths[0])
        return first or info if isinstance(info, Unavailable) or _says_nothing_new(info) else info

    def _signed_server_info(self, path: str) -> ServerInfo | JiraTrouble:
        base = self._url
        if self.behind_gateway:
            tenant = self.tenant()
            if not isinstance(tenant, str):
                return tenant or Refused(ReasonCode.NOT_JIRA, "No Jira Cloud site answers at this address: check it")
            base = self._settings.gateway(tenant)
        return self._server_info(self._client.get(f"{base}/{path}"))

    def _server_info(self, reply: Reply | CallFailure) -> ServerInfo | JiraTrouble:
        if isinstance(reply, CallFailure):
            return reply.trouble
        if not reply.ok:
            return denied(reply)
        try:
            return _server_info(mapping(reply.data, "serverInfo"))
        except MalformedAnswerError:
            return Refused(ReasonCode.NOT_JIRA, "What answers at this address is not Jira: check it")

    # --- Where the API answers, and as whom -------------------------------------------------------------------------

    def find(self) -> tuple[Site | None, Account | JiraTrouble]:
        """Where the API answers us, and as which account.

        A scoped API token works only behind the gateway, but administrators are not asked which kind they have: the
        site's own address is tried first, then the gateway's. The site can be known even if the account is not.
        """
        match self._cloud, self._integration.auth_type:
            case True, AuthType.OAUTH2:
                return self._granted_site()
            case True, AuthType.CLIENT_CREDENTIALS:
                return self._service_account_site()
            case True, _:
                return self._own_or_gateway()
            case _:
                return self._proved(Site(self._url))

    def grant(self, cloud_id: str | None = None) -> Grant | JiraTrouble:
        """The entry of this site in the list of sites that the grant is for."""
        reply = self._client.get(self._settings.accessible_resources_url)
        if isinstance(reply, CallFailure):
            return reply.trouble
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
        """The site's cloud id, asked for once and without credentials; ``None`` if the site has none."""
        if not self._asked_for_tenant:
            self._tenant, self._asked_for_tenant = self._told_tenant(), True
        return self._tenant

    def _told_tenant(self) -> str | Throttled | Unavailable | None:
        reply = self._client.get_unsigned(f"{_origin(self._url)}/_edge/tenant_info")
        if isinstance(reply, CallFailure):
            return reply.trouble if isinstance(reply.trouble, Throttled | Unavailable) else None
        told = reply.data if reply.ok else None
        cloud_id = told.get("cloudId") if isinstance(told, Mapping) else None
        return cloud_id if isinstance(cloud_id, str) and _is_cloud_id(cloud_id) else None

    def _own_or_gateway(self) -> tuple[Site, Account | JiraTrouble]:
        tenant = self.tenant()
        site = Site(api_url=self._url, cloud_id=tenant if isinstance(tenant, str) else None)
        found = self._proved(site)
        if tenant is None or not _not_taken(found[1]):
            return found
        if not isinstance(tenant, str):
            return site, tenant
        behind = self._proved(replace(site, api_url=self._settings.gateway(tenant)))
        return found if _not_taken(behind[1]) else behind

    def _granted_site(self) -> tuple[Site | None, Account | JiraTrouble]:
        known = self._integration.site.cloud_id if self._integration.site is not None else None
        if known is None:
            tenant = self.tenant()
            if isinstance(tenant, Throttled):
                return None, tenant
            known = tenant if isinstance(tenant, str) else None
        grant = self.grant(known)
        if not isinstance(grant, Grant):
            return None, grant
        return self._proved(
            Site(self._settings.gateway(grant.cloud_id), cloud_id=grant.cloud_id, granted_scopes=grant.scopes)
        )

    def _service_account_site(self) -> tuple[Site | None, Account | JiraTrouble]:
        """A service account has no list of sites; its token names its scopes."""
        tenant = self.tenant()
        if not isinstance(tenant, str):
            return None, tenant or Refused(
                ReasonCode.NOT_JIRA, f"No Jira Cloud site answers at {self._url}: check the address"
            )
        site, account = self._proved(Site(self._settings.gateway(tenant), cloud_id=tenant))
        return replace(site, granted_scopes=jira_scopes(self._granted_scopes())), account

    def _granted_account(self, site: Site) -> Account | JiraTrouble:
        """Replaces ``myself`` if its scopes are not granted: proves that the grant is valid and for this site."""
        grant = self.grant(site.cloud_id)
        return Account(site.account_id or f"grant:{grant.cloud_id}") if isinstance(grant, Grant) else grant

    def _service_account(self, site: Site) -> Account:
        """Replaces ``myself`` if a service account lacks its scopes.

        The gateway accepted the token, because it reported a missing scope; it has no anonymous view.
        """
        return Account(site.account_id or f"client:{self._integration.client_id}")

    def _proved(self, site: Site) -> tuple[Site, Account | JiraTrouble]:
        jira = self.jira(site)
        account = jira.whoami()
        return jira.site, account

    def _matching(self, reply: Reply, cloud_id: str | None) -> Grant | None:
        """By the site's id if known, because its address may differ; else by its address.

        Ids are shared with Confluence, so a site can have two entries. An entry that cannot be read is left out.
        """
        wanted: Grant | None = None
        for one in sequence(reply.data, "list of sites")[:_MOST_SITES]:
            try:
                grant, url = _granted(one)
            except MalformedAnswerError:
                continue
            same = grant.cloud_id == cloud_id if cloud_id is not None else url == _origin(self._url)
            if same:
                held = wanted.scopes if wanted is not None else frozenset()
                wanted = Grant(grant.cloud_id, grant.scopes | held)
        return wanted


def _granted(entry: object) -> tuple[Grant, str]:
    """An entry of the list of sites, and its address, which is empty when it has none."""
    resource = mapping(entry, "site")
    cloud_id, url, scopes = text(resource, "id"), resource.get("url"), resource.get("scopes")
    if not _is_cloud_id(cloud_id):
        raise MalformedAnswerError("`id` is not a cloud id")
    held = jira_scopes(str(scope) for scope in (scopes if isinstance(scopes, list) else ()))
    return Grant(cloud_id, held), _origin(url) if isinstance(url, str) else ""


def _server_info(data: Mapping[str, object]) -> ServerInfo:
    return ServerInfo(
        _address(data.get("baseUrl")),
        _address(data.get("displayUrl")),
        text(data, "version")[:50],
        data.get("deploymentType") == "Cloud",
    )


def _address(told: object) -> str | None:
    """The address that a site gives as its own: on some Data Centers with a path, but nothing after it."""
    if not isinstance(told, str) or len(told) > 2000 or not _origin(told):  # noqa: PLR2004 - as `core.addresses`
        return None
    return f"{_origin(told)}{urlsplit(told.strip()).path.rstrip('/')}"


def _says_nothing_new(info: ServerInfo | JiraTrouble) -> bool:
    """Whether credentials made no difference."""
    return isinstance(info, Refused) and info.reason_code in {ReasonCode.NOT_JIRA, ReasonCode.AUTHORIZATION_EXPIRED}


def _is_nobody_there(trouble: JiraTrouble) -> bool:
    """Whether asking again with credentials would give the same result."""
    unreachable = isinstance(trouble, Unavailable) and trouble.reason_code is ReasonCode.UNREACHABLE
    return unreachable or isinstance(trouble, Throttled)


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
    """Checked because it becomes part of a path."""
    return 0 < len(told) <= 100 and all(one.isascii() and (one.isalnum() or one == "-") for one in told)  # noqa: PLR2004 - a UUID has 36
