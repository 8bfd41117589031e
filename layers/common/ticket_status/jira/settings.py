"""The stack's settings for calls to Jira."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct, field

from ticket_status.core.addresses import AddressRules

MEBIBYTE: Final = 1024 * 1024


class Limits(Struct, frozen=True):
    """Limits of one HTTP call. Times in seconds; all of them end at the deadline, if there is one."""

    connect: float = 5
    """Resolving the name and connecting, all addresses together."""
    read: float = 20
    """Silence within a response."""
    total: float = 60
    """From the first byte sent to the last one read; ends a response that comes in slowly."""
    body: int = 32 * MEBIBYTE
    """Bytes of a decompressed response. A thousand issues are about one MiB."""


class MadeCall(Struct, frozen=True):
    """A call that was made, without secrets."""

    method: str
    host: str
    path: str
    status: int | None
    """``None``: there was no complete response."""
    milliseconds: int


def _ignore(_: MadeCall) -> None:
    """Ignore the call."""


class JiraSettings(Struct, frozen=True):
    """Where Atlassian's services are, which addresses are allowed, and the limits of calls."""

    api_url: str = "https://api.atlassian.com"
    auth_url: str = "https://auth.atlassian.com"
    addresses: AddressRules = field(default_factory=AddressRules)
    limits: Limits = field(default_factory=Limits)
    connections: int = 8
    """Connections kept open per site: as many as a worker's concurrent calls."""
    ca_bundle: str | None = None
    """A file of certificate authorities instead of the public ones."""
    https_proxy: str | None = None
    """Proxy for sites and Atlassian's services, unless an integration skips it."""
    tell: Callable[[MadeCall], None] = _ignore
    """Called for every call to a site or a token endpoint."""

    def gateway(self, cloud_id: str) -> str:
        """Prefix of ``/rest/api/…`` of a Cloud site behind Atlassian's gateway."""
        return f"{self.api_url.rstrip('/')}/ex/jira/{cloud_id}"

    @property
    def accessible_resources_url(self) -> str:
        """Lists the sites that an OAuth 2.0 grant is for."""
        return f"{self.api_url.rstrip('/')}/oauth/token/accessible-resources"
