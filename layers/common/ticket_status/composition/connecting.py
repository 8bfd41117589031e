"""The adapters for connecting to Jira and authorising integrations."""

from collections.abc import Callable
from typing import Self

from msgspec import Struct

from ticket_status.composition.parts import now
from ticket_status.composition.sites import jira_settings
from ticket_status.config import JiraConfig
from ticket_status.jira.connector import Connector
from ticket_status.jira.oauth1 import OAuth1, new_key_pair
from ticket_status.jira.oauth2 import OAuth2
from ticket_status.jira.pinning import address_problem
from ticket_status.ports.connecting import KeyPair
from ticket_status.ports.integrations import RefreshLease
from ticket_status.ports.secrets import SecretStore


class Connecting(Struct, frozen=True):
    """The adapters."""

    connections: Connector
    oauth1: OAuth1
    oauth2: OAuth2
    address_problem: Callable[[str], str | None]
    new_key_pair: Callable[[], KeyPair] = new_key_pair

    @classmethod
    def of(cls, config: JiraConfig, region: str, secrets: SecretStore, lease: RefreshLease) -> Self:
        """For a function with this configuration."""
        jira = jira_settings(config, region)
        return cls(
            connections=Connector(secrets, lease, jira, now),
            oauth1=OAuth1(jira, now),
            oauth2=OAuth2(jira, now),
            address_problem=lambda url: address_problem(url, jira.addresses),
        )
