"""The sample Jira as a whole: sites, the Atlassian server, one clock."""

from types import TracebackType
from typing import Self

from sample_jira.atlassian import Atlassian
from sample_jira.clock import Clock
from sample_jira.cloud import CloudSite
from sample_jira.control import ATLASSIAN_CALLS, SITE_CALLS, WHOLE_CALLS, Controlled
from sample_jira.custom_domain import CustomDomain
from sample_jira.data_center import DataCenterSite
from sample_jira.listener import Listener
from sample_jira.model import UnknownNameError
from sample_jira.moved import MovedSite
from sample_jira.traffic import Violation

Site = CloudSite | DataCenterSite

CLOUD = "cloud"
DATA_CENTER = "data-center"


class SampleJira:
    """A Cloud site, a Data Center site, the Atlassian server, and as many more sites as wanted.

    Ports are free ones unless given. Use it as a context manager, or call `start` and `stop`.
    """

    def __init__(self, *, cloud_port: int = 0, data_center_port: int = 0, atlassian_port: int = 0) -> None:
        self.clock = Clock()
        self.atlassian = Atlassian(self.clock, self)
        self.cloud = CloudSite(CLOUD, self.clock)
        self.data_center = DataCenterSite(DATA_CENTER, self.clock)
        self._sites: dict[str, Site] = {CLOUD: self.cloud, DATA_CENTER: self.data_center}
        self._ports = {CLOUD: cloud_port, DATA_CENTER: data_center_port}
        self._atlassian_port = atlassian_port
        self._listeners: list[Listener] = []

    def start(self) -> Self:
        """Listen on all addresses."""
        for name, site in self._sites.items():
            site.listen(self._ports.get(name, 0))
        listener = Listener(Controlled(self.atlassian, self), self._atlassian_port)
        self.atlassian.url = listener.url
        self._listeners.append(listener)
        return self

    def stop(self) -> None:
        """Refuse connections and wake every wait."""
        for site in self._sites.values():
            site.down()
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def atlassian_url(self) -> str:
        """The address of both https://api.atlassian.com and https://auth.atlassian.com."""
        return self.atlassian.url

    @property
    def violations(self) -> list[Violation]:
        """What was wrong in any request to any server."""
        servers = (*self._sites.values(), self.atlassian)
        return [violation for server in servers for violation in server.traffic.violations]

    def add_cloud(self, name: str) -> CloudSite:
        """Add a Cloud site; it listens at once."""
        site = CloudSite(name, self.clock)
        self._add(site)
        return site

    def add_data_center(self, name: str, *, context_path: str = "") -> DataCenterSite:
        """Add a Data Center site, below a path such as `/jira` if given; it listens at once."""
        site = DataCenterSite(name, self.clock, context_path)
        self._add(site)
        return site

    def _add(self, site: Site) -> None:
        self._sites[site.name] = site
        site.listen()

    def site(self, name: str) -> Site:
        """The site of that name; UnknownNameError otherwise."""
        if name not in self._sites:
            raise UnknownNameError(f"there is no site {name!r}")
        return self._sites[name]

    def sites(self) -> dict[str, str]:
        """The addresses of all sites by name."""
        return {name: site.url for name, site in self._sites.items()}

    def cloud_sites(self) -> list[CloudSite]:
        """All Cloud sites."""
        return [site for site in self._sites.values() if isinstance(site, CloudSite)]

    def target(self, name: str) -> tuple[object, frozenset[str]]:
        """What the control interface calls by that name, and which calls it takes."""
        match name:
            case "jira":
                return self, WHOLE_CALLS
            case "atlassian":
                return self.atlassian, ATLASSIAN_CALLS
            case _:
                return self.site(name), SITE_CALLS

    def rename(self, name: str) -> str:
        """Give the site a new address, which is returned; the old one redirects there."""
        site = self.site(name)
        left = site.leave()
        if left:
            left.serve(MovedSite(site))
            self._listeners.append(left)
        return site.url

    def add_custom_domain(self, name: str) -> str:
        """Let people open the Cloud site at another address, which is returned; the API stays where it is."""
        site = self.site(name)
        if not isinstance(site, CloudSite):
            raise UnknownNameError(f"{name} is no Cloud site")
        listener = Listener(CustomDomain(site))
        self._listeners.append(listener)
        site.custom_domain = listener.url
        return listener.url

    def advance(self, seconds: float) -> str:
        """Move the clock of all servers; the new time is returned."""
        self.clock.advance(seconds)
        return self.clock.now().isoformat()

    def forget_requests(self) -> None:
        """Forget requests and violations of all servers."""
        for server in (*self._sites.values(), self.atlassian):
            server.forget_requests()
