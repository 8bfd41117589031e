"""R4: the default of "Retrieve Jira Tickets"."""

import re

from ticket_status.core.model import AuthType, InstallationType

RETRIEVAL_SINCE = (3, 112)
"""The product version that brought the feature; an integration from before it is an existing one."""

VERSION = r"[0-9]{1,9}(\.[0-9]{1,9}){0,5}"
"""The pattern of a product version."""


class MalformedVersionError(ValueError):
    """Raised when a product version is not numbers separated by dots, such as ``3.112.3``."""


def parse_version(text: str) -> tuple[int, ...]:
    """A product version as numbers, so that 3.9 comes before 3.112."""
    if not re.fullmatch(VERSION, text):
        message = f"{text!r} is not a version: numbers separated by dots are, such as 3.112.3"
        raise MalformedVersionError(message)
    return tuple(int(part) for part in text.split("."))


def retrieves_by_default(
    installation_type: InstallationType, auth_type: AuthType, created_in_version: str | None
) -> bool:
    """Whether a new integration retrieves tickets when its creator does not say."""
    existed_before = created_in_version is not None and parse_version(created_in_version) < RETRIEVAL_SINCE
    cloud_oauth2 = installation_type is InstallationType.CLOUD and auth_type is AuthType.OAUTH2
    return not (existed_before and cloud_oauth2)
