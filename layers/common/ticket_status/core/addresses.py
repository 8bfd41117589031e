"""R18: which addresses a Jira site may have. Pure: names are resolved elsewhere.

Both the address as written and each network address that its name resolves to are checked, at registration and again
when connecting.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

IPAddress: TypeAlias = IPv4Address | IPv6Address

PLAIN_HTTP = "http is allowed only for loopback addresses; use https"
"""Why ``http`` is refused for any other address, and for a name that resolves to none."""

_LONGEST = 2000
"""Characters of an address; longer ones are refused unread."""

_PRINTABLE_ASCII = re.compile(r"[!-~]+")
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_PATH = re.compile(r"(/(?!\.{1,2}(/|\Z))[A-Za-z0-9._~-]+)*/?")
_ADDRESS = re.compile(
    r"(?P<origin>[A-Za-z]+://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?)(?P<path>/[!-\"$->@-\[\]-~]*)?"
    r"(?P<more>[?#][!-~]*)?"
)
_CLOUD_HOSTS = (".atlassian.net", ".jira-dev.com", ".jira.com")
_CLOUD_PAGE = re.compile(
    r"/jira/(your-work|for-you|software|core|servicedesk|servicemanagement|discovery|polaris|dashboards|people|filters"
    r"|plans|settings|apps|marketplace|goals|teams)(/|\Z)"
)
"""Pages of Jira Cloud, which a custom domain has as well. ``/jira`` alone is a path that Data Centers run under."""
_PAGE = re.compile(
    r"/(browse(/[^/]+)?|secure|projects/[^/]+|issues|plugins/servlet|servicedesk/\w+|rest(/\w+)?|login\.jsp|startup\.jsp"
    r"|[\w.-]+\.jspa?|login|si/jira[\w.:-]+|sr/jira[\w.:-]+)(/|\Z)"
)
"""Pages of a Data Center, and the beginnings of their addresses."""
_LOOKS_NUMERIC = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")
"""Its last label is a number: ``inet_aton`` reads it as IPv4, in decimal, octal or hex, in one to four parts."""

_NAT64 = IPv6Network("64:ff9b::/96")
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
_IPV4_COMPATIBLE = IPv6Network("::/96")

_METADATA = frozenset(
    map(
        ip_address,
        (
            "169.254.169.254",  # AWS, Azure, Google and most others
            "fd00:ec2::254",  # AWS by IPv6, a unique local address
            "fd00:ec2::23",  # AWS credentials of pods
            "fd20:ce::254",  # Google by IPv6
            "168.63.129.16",  # Azure, a public address
            "100.100.100.200",  # Alibaba, within shared address space
            "192.0.0.192",  # Oracle
        ),
    )
)
_THIS_HOST = IPv4Network("0.0.0.0/8")
"""Connecting to these reaches the machine itself."""


class AddressRules(Struct, frozen=True):
    """What the stack's two parameters allow in addition to public addresses."""

    allow_private: bool = False
    """Allow sites inside the network."""
    allow_loopback: bool = False
    """The local run; also allows ``http`` there."""


class SiteAddress(Struct, frozen=True):
    """A valid address: ``url`` has a lower-case host, no default port and no trailing slash."""

    url: str
    scheme: str
    host: str
    """A name, or an IP address without brackets."""
    port: int

    @property
    def ip(self) -> IPAddress | None:
        """The IP address, if it is written instead of a name."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None


class Unfit(Struct, frozen=True):
    """An address that is not accepted; ``problem`` is a sentence for the person who gave it."""

    problem: str


class _Reach(Enum):
    PUBLIC = auto()
    PRIVATE = auto()
    LOOPBACK = auto()
    NEVER = auto()


def read_address(url: str, rules: AddressRules) -> SiteAddress | Unfit:
    """Check the address as written, without resolving its name."""
    page = base_of_page(url)
    if page is not None:
        base = read_address(page, rules)
        use = f"use {base.url}" if isinstance(base, SiteAddress) else "use the address of the site itself"
        return Unfit(f"This is the address of a Jira page: {use}")
    parts = _split(url)
    if isinstance(parts, Unfit):
        return parts
    problem = _misfit(parts, rules)
    if problem is not None:
        return Unfit(problem)
    address = _site_address(parts)
    if isinstance(address, Unfit):
        return address
    return _as_written(address, rules)


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a valid address."""
    parts = urlsplit(url)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").removesuffix("."), parts.port or default


def base_of_page(url: str) -> str | None:
    """The site's base address, if this is the address of a Jira page as people copy it; else ``None``."""
    written = _ADDRESS.fullmatch(url) if len(url) <= _LONGEST else None
    if written is None:
        return None
    origin, host, path, more = written["origin"], written["host"].lower(), written["path"] or "", written["more"] or ""
    if host.endswith(_CLOUD_HOSTS):  # a Cloud site has no path: whatever stands there is a page
        return origin if path.strip("/") or more else None
    if _CLOUD_PAGE.match(path):
        return origin
    page = _PAGE.search(path)
    if page is not None:
        return f"{origin}{path[: page.start()]}"
    return f"{origin}{path.rstrip('/')}" if len(more) > 1 else None


def refusal(ip: IPAddress, rules: AddressRules, *, plain_http: bool = False) -> str | None:
    """Why this network address is refused, as a sentence; ``None`` when it is allowed.

    ``plain_http``: the connection would not be encrypted, which is allowed with loopback addresses only.
    """
    for meant in _meant(ip):
        problem = _refusal_of_one(meant, rules, plain_http=plain_http)
        if problem is not None:
            return problem
    return None


def _refusal_of_one(ip: IPAddress, rules: AddressRules, *, plain_http: bool) -> str | None:
    reach = _reach(ip)
    if reach is _Reach.NEVER:
        return "link-local, metadata and reserved addresses are never allowed"
    if reach is _Reach.LOOPBACK:
        return None if rules.allow_loopback else "this stack does not allow loopback addresses"
    if plain_http:
        return PLAIN_HTTP
    if reach is _Reach.PRIVATE and not rules.allow_private:
        return "this stack does not allow private addresses"
    return None


def _reach(ip: IPAddress) -> _Reach:
    if ip in _METADATA or ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        return _Reach.NEVER
    if isinstance(ip, IPv4Address) and (ip.is_reserved or ip in _THIS_HOST):
        return _Reach.NEVER
    if ip.is_loopback:
        return _Reach.LOOPBACK
    local = isinstance(ip, IPv6Address) and (ip.is_site_local or ip in _LOCAL_NAT64)
    return _Reach.PUBLIC if ip.is_global and not local else _Reach.PRIVATE


def _meant(ip: IPAddress) -> Iterator[IPAddress]:
    """The addresses that packets to this one may reach: the address itself and any embedded in it."""
    if isinstance(ip, IPv4Address):
        yield ip
        return
    if ip.ipv4_mapped is not None:
        yield ip.ipv4_mapped
        return
    low = IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip in _NAT64:
        yield low
        return
    yield ip
    if ip in _IPV4_COMPATIBLE and int(low) > 1:
        yield low
    if ip.sixtofour is not None:
        yield ip.sixtofour
    if ip.teredo is not None:
        yield from ip.teredo


def _split(url: str) -> SplitResult | Unfit:
    if len(url) > _LONGEST or not _PRINTABLE_ASCII.fullmatch(url) or "\\" in url:
        return Unfit("The address has invalid characters; write an international host name in its xn--… form")
    for mark, part in (("?", "query"), ("#", "fragment")):
        if mark in url:
            return Unfit(f"The address must not have a {part}")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        return Unfit("The address cannot be read; write it like https://jira.example.com")
    return parts


def _misfit(parts: SplitResult, rules: AddressRules) -> str | None:
    if parts.scheme not in ({"https", "http"} if rules.allow_loopback else {"https"}):
        return "The address must start with https://"
    if "@" in parts.netloc:
        return "The address must not have a user name or password; enter credentials in their own fields"
    if not _PATH.fullmatch(parts.path):
        return "The path of the address may have only letters, digits, '.', '_', '~' and '-' between slashes"
    return None


def _site_address(parts: SplitResult) -> SiteAddress | Unfit:
    host = (parts.hostname or "").removesuffix(".")
    port = parts.port if parts.port is not None else {"https": 443, "http": 80}[parts.scheme]
    if not host or port == 0:
        return Unfit("The address has no host name, or port 0")
    bracketed = "[" in parts.netloc
    if bracketed:
        if not _is_ipv6(host):
            return Unfit("The host of the address is not an IPv6 address")
    elif not _NAME.fullmatch(host):
        return Unfit("The host of the address is not a host name")
    shown = f"[{host}]" if bracketed else host
    default = (parts.scheme, port) in {("https", 443), ("http", 80)}
    netloc = shown if default else f"{shown}:{port}"
    return SiteAddress(f"{parts.scheme}://{netloc}{parts.path.rstrip('/')}", parts.scheme, host, port)


def _is_ipv6(host: str) -> bool:
    """Without a zone, which would name an interface of the machine that connects."""
    try:
        return IPv6Address(host).scope_id is None
    except ValueError:
        return False


def _as_written(address: SiteAddress, rules: AddressRules) -> SiteAddress | Unfit:
    ip = address.ip
    if ip is None and _LOOKS_NUMERIC.fullmatch(address.host):
        return Unfit("An IPv4 address must be written as four decimal numbers")
    if ip is None and (address.host == "localhost" or address.host.endswith(".localhost")):
        ip = ip_address("127.0.0.1")
    if ip is None:
        return address
    problem = refusal(ip, rules, plain_http=address.scheme == "http")
    return address if problem is None else Unfit(f"The address is not accepted: {problem}")
