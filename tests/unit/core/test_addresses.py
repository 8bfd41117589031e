"""R18, as far as an address can be judged without resolving its name."""

from ipaddress import ip_address

import pytest

from ticket_status.core.addresses import AddressRules, SiteAddress, Unfit, read_address, refusal

STRICT = AddressRules()
PRIVATE = AddressRules(allow_private=True)
LOOPBACK = AddressRules(allow_loopback=True)
ALL = AddressRules(allow_private=True, allow_loopback=True)


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://abc.atlassian.net", "https://abc.atlassian.net"),
        ("https://ABC.Atlassian.net/", "https://abc.atlassian.net"),
        ("HTTPS://abc.atlassian.net:443/", "https://abc.atlassian.net"),
        ("https://jira.example.com:8443/jira/", "https://jira.example.com:8443/jira"),
        ("https://jira.example.com./a/b-c_d.e~f", "https://jira.example.com/a/b-c_d.e~f"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://1password.example", "https://1password.example"),
        ("https://8.8.8.8", "https://8.8.8.8"),
        ("https://[2606:4700::1111]:8443", "https://[2606:4700::1111]:8443"),
    ],
)
def test_a_public_https_address_is_accepted_and_put_into_its_normal_form(url: str, normal: str) -> None:
    address = read_address(url, STRICT)
    assert isinstance(address, SiteAddress)
    assert address.url == normal


@pytest.mark.parametrize(
    "url",
    [
        "http://abc.atlassian.net",
        "ftp://abc.atlassian.net",
        "abc.atlassian.net",
        "",
        "https://",
        "https:///path",
        "https://user@abc.example",
        "https://user:secret@abc.example",  # pragma: allowlist secret (what must be refused)
        "https://@abc.example",
        "https://abc.example?x=1",
        "https://abc.example/?",
        "https://abc.example#part",
        "https://abc.example/#",
        "https://abc.example/a//b",
        "https://abc.example/../etc",
        "https://abc.example/a/./b",
        "https://abc.example/%2e%2e/",
        "https://abc.example/a;b",
        "https://abc.example\\@evil.example",
        "https://abc.example:0",
        "https://abc.example:65536",
        "https://abc.example:port",
        "https://abc .example",
        "https://abc.example\n",
        "\thttps://abc.example",
        "https://bücher.example",
        "https://\N{FULLWIDTH DIGIT ONE}27.0.0.1",
        "https://abc。example",
        "https://-abc.example",
        "https://a..example",
        "https://" + "a" * 64 + ".example",
        "https://abc.example/" + "a" * 2000,
        "https://[fe80::1%25eth0]",
        "https://[::1",
        "https://[v1.x]",
    ],
)
def test_an_address_that_is_not_well_written_is_refused(url: str) -> None:
    assert isinstance(read_address(url, STRICT), Unfit)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "0x7f.1",
        "010.0.0.1",
        "1.2.3.4.5",
        "256.1.1.1",
        "a.1",
    ],
)
def test_ipv4_in_any_other_notation_is_refused_whatever_it_means(host: str) -> None:
    assert isinstance(read_address(f"https://{host}", ALL), Unfit)


@pytest.mark.parametrize("host", ["localhost", "jira.localhost", "LOCALHOST.", "127.0.0.1", "127.8.8.8", "[::1]"])
def test_loopback_is_accepted_with_http_too_only_where_the_stack_allows_it(host: str) -> None:
    assert isinstance(read_address(f"https://{host}", PRIVATE), Unfit)
    assert isinstance(read_address(f"http://{host}:8080", LOOPBACK), SiteAddress)
    assert isinstance(read_address(f"https://{host}", LOOPBACK), SiteAddress)


def test_http_is_refused_for_an_address_that_is_not_loopback() -> None:
    assert isinstance(read_address("http://10.0.0.1", ALL), Unfit)
    assert isinstance(read_address("http://8.8.8.8", ALL), Unfit)


@pytest.mark.parametrize(
    "ip",
    [
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "64:ff9b:1::a00:1",
        "2001:db8::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)
def test_a_private_address_is_connected_to_only_where_the_stack_allows_it(ip: str) -> None:
    assert refusal(ip_address(ip), STRICT) is not None
    assert refusal(ip_address(ip), LOOPBACK) is not None
    assert refusal(ip_address(ip), PRIVATE) is None


@pytest.mark.parametrize("ip", ["127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"])
def test_a_loopback_address_is_connected_to_only_where_the_stack_allows_it(ip: str) -> None:
    assert refusal(ip_address(ip), PRIVATE) is not None
    assert refusal(ip_address(ip), LOOPBACK) is None
    assert refusal(ip_address(ip), LOOPBACK, plain_http=True) is None


@pytest.mark.parametrize(
    "ip",
    [
        "169.254.169.254",
        "169.254.170.2",
        "169.254.0.1",
        "fe80::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "0.0.0.0",  # noqa: S104 - not bound to: refused
        "0.1.2.3",
        "::",
        "224.0.0.1",
        "ff02::1",
        "240.0.0.1",
        "255.255.255.255",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "::169.254.169.254",
        "2001:0:a9fe:a9fe::",
    ],
)
def test_link_local_metadata_and_reserved_addresses_are_never_connected_to(ip: str) -> None:
    assert refusal(ip_address(ip), ALL) is not None


@pytest.mark.parametrize("ip", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_is_connected_to_but_not_without_encryption(ip: str) -> None:
    assert refusal(ip_address(ip), STRICT) is None
    assert refusal(ip_address(ip), ALL, plain_http=True) is not None


@pytest.mark.parametrize(
    ("page", "base"),
    [
        ("https://host.example/jira/browse/ABC-1", "https://host.example/jira"),
        ("https://host.example/browse/ABC-1", "https://host.example"),
        ("https://host.example/browse/ABC-1?focusedCommentId=1#comment-1", "https://host.example"),
        ("https://host.example:8443/jira/secure/Dashboard.jspa", "https://host.example:8443/jira"),
        ("https://host.example/secure/", "https://host.example"),
        ("https://host.example/jira/projects/ABC/issues/ABC-1?filter=all", "https://host.example/jira"),
        ("https://host.example/issues/?jql=project%20%3D%20ABC", "https://host.example"),
        ("https://host.example/login.jsp?os_destination=%2F", "https://host.example"),
        ("https://host.example/plugins/servlet/project-config/ABC", "https://host.example"),
        ("https://host.example/rest/api/2/serverInfo", "https://host.example"),
        ("https://host.example/servicedesk/customer/portal/1", "https://host.example"),
        ("https://abc.atlassian.net/jira/your-work", "https://abc.atlassian.net"),
        ("https://abc.atlassian.net/jira/software/projects/ABC/boards/1", "https://abc.atlassian.net"),
        ("https://abc.atlassian.net/jira", "https://abc.atlassian.net"),
        ("https://abc.atlassian.net/browse/ABC-1", "https://abc.atlassian.net"),
        ("https://abc.atlassian.net/wiki/home", "https://abc.atlassian.net"),
        ("https://jira.company.example/jira/your-work", "https://jira.company.example"),
        ("https://jira.company.example/jira/for-you?tab=1", "https://jira.company.example"),
        ("https://host.example/jira?x=1", "https://host.example/jira"),
    ],
)
def test_the_address_of_a_page_is_refused_naming_the_base_address(page: str, base: str) -> None:
    unfit = read_address(page, STRICT)
    assert unfit == Unfit(f"This is the address of a Jira page: use {base}")
    assert isinstance(read_address(base, STRICT), SiteAddress)


@pytest.mark.parametrize(
    "url", ["https://host.example/jira", "https://host.example/browser", "https://host.example/tools/jira-dc"]
)
def test_a_path_that_a_data_center_runs_under_is_no_page(url: str) -> None:
    assert isinstance(read_address(url, STRICT), SiteAddress)


def test_a_page_of_a_forbidden_address_is_not_recommended() -> None:
    unfit = read_address("https://127.0.0.1/browse/ABC-1", STRICT)
    assert unfit == Unfit("This is the address of a Jira page: use the address of the site itself")
