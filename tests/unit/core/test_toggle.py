"""R4: the default of "Retrieve Jira Tickets", its full matrix."""

import pytest

from ticket_status.core.model import AuthType, InstallationType
from ticket_status.core.toggle import MalformedVersionError, parse_version, retrieves_by_default

BEFORE = ["3.111.9", "3.111", "3.9", "3", "2.200", "3.9.999", "0"]
NOT_BEFORE = [None, "3.112", "3.112.0", "3.112.3", "3.113", "4", "10.1", "03.112"]
MALFORMED = [
    "",
    " ",
    "3.",
    ".3",
    "3..112",
    "v3.112",
    "3.112-rc1",
    "3,112",
    "3.112 ",
    "3.112\n",
    "-3",
    "٣.١١٢",
    "1.2.3.4.5.6.7",
]
OTHERS = [
    (installation, auth)
    for installation in InstallationType
    for auth in AuthType
    if (installation, auth) != (InstallationType.CLOUD, AuthType.OAUTH2)
]


@pytest.mark.parametrize("version", [*BEFORE, *NOT_BEFORE])
@pytest.mark.parametrize(("installation", "auth"), OTHERS)
def test_every_other_integration_retrieves_by_default_whatever_its_version(
    installation: InstallationType, auth: AuthType, version: str | None
) -> None:
    assert retrieves_by_default(installation, auth, version)


@pytest.mark.parametrize("version", BEFORE)
def test_an_existing_cloud_integration_with_oauth2_does_not(version: str) -> None:
    assert not retrieves_by_default(InstallationType.CLOUD, AuthType.OAUTH2, version)


@pytest.mark.parametrize("version", NOT_BEFORE)
def test_a_new_cloud_integration_with_oauth2_does(version: str | None) -> None:
    assert retrieves_by_default(InstallationType.CLOUD, AuthType.OAUTH2, version)


@pytest.mark.parametrize("version", MALFORMED)
@pytest.mark.parametrize("installation", InstallationType)
@pytest.mark.parametrize("auth", AuthType)
def test_a_malformed_version_is_refused_for_every_type(
    installation: InstallationType, auth: AuthType, version: str
) -> None:
    with pytest.raises(MalformedVersionError, match="is not a version"):
        retrieves_by_default(installation, auth, version)


def test_versions_are_compared_as_numbers_not_as_text() -> None:
    assert parse_version("3.9") < parse_version("3.112")
