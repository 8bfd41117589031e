"""Each function's configuration, read from its environment at cold start, which fails on an invalid value."""

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Self

from msgspec import Struct, field
from msgspec.structs import FieldInfo, fields


class ConfigurationError(Exception):
    """Raised when an environment variable is missing or invalid; names the variable."""


def _text(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        message = f"{name} must be set"
        raise ConfigurationError(message)
    return value


def _switch(environment: Mapping[str, str], name: str) -> bool:
    value = _text(environment, name)
    if value not in {"true", "false"}:
        message = f"{name} must be true or false, not {value!r}"
        raise ConfigurationError(message)
    return value == "true"


def _days(environment: Mapping[str, str], name: str) -> timedelta:
    value = _text(environment, name)
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        message = f"{name} must be a whole number of days, not {value!r}"
        raise ConfigurationError(message)
    return timedelta(days=int(value))


_READ: Mapping[type, Callable[[Mapping[str, str], str], object]] = {str: _text, bool: _switch, timedelta: _days}


class Config(Struct, frozen=True, rename="upper"):
    """A group of environment variables: each member is a variable of the same name, or another group.

    A member with a default may be missing or empty.
    """

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read it; raises ``ConfigurationError``."""
        return cls(*(_member(environment, one) for one in fields(cls)))


def _member(environment: Mapping[str, str], member: FieldInfo) -> object:
    name, kind = member.encode_name, member.type
    if issubclass(kind, Config):
        return kind.from_env(environment)
    if member.default == "" and not environment.get(name):
        return ""
    return _READ[kind](environment, name)


class TelemetryConfig(Config, frozen=True):
    """Telemetry settings of every function; the logger and the metrics read their own variables."""

    detailed_metrics: bool
    """Whether every number of a log line is a metric too, or only what alarms watch."""


class StoreConfig(Config, frozen=True):
    """The tables and the queue: all that ``SyncFunction`` reads, and a part of what the others read."""

    region: str = field(name="AWS_REGION")
    integrations_table: str
    tickets_table: str
    violations_table: str
    sync_runs_table: str
    sync_queue_url: str
    retention: timedelta = field(name="RETENTION_DAYS")
    """How long tickets are kept after their creation."""


class JiraConfig(Config, frozen=True):
    """Settings for calls to Jira: secrets, Atlassian's addresses, and which addresses are allowed (R18)."""

    secret_prefix: str
    secret_key_id: str
    atlassian_api_url: str
    atlassian_auth_url: str
    allow_private_addresses: bool
    allow_loopback_addresses: bool
    ca_certificates: str = ""
    """Name of a parameter or secret with additional certificate authorities; empty: none."""
    https_proxy: str = field(default="", name="JIRA_HTTPS_PROXY")
    """Address of the proxy for calls to Jira; empty: none. AWS services are always called directly."""


class WebhookConfig(Config, frozen=True):
    """Where webhooks and their keys are, for the functions that set them up and maintain them."""

    webhooks_table: str
    hook_secret_prefix: str


class ProbeConfig(Config, frozen=True):
    """What ``ProbeFunction`` reads."""

    stores: StoreConfig
    jira: JiraConfig
    webhooks: WebhookConfig
    event_bus_name: str


class WorkerConfig(Config, frozen=True):
    """What ``SyncWorkerFunction`` reads."""

    stores: StoreConfig
    jira: JiraConfig
    dead_letter_queue_url: str = field(name="SYNC_DEAD_LETTER_QUEUE_URL")
    webhooks_table: str


class ApiConfig(Config, frozen=True):
    """What ``RefreshFunction`` and ``SettingsFunction`` read."""

    stores: StoreConfig
    jira: JiraConfig
    allowed_origin: str = ""
    """The origin that browsers may call from (CORS); empty: none."""
    public_api_url: str = ""
    """Where people reach the API, up to its stage; empty: derived from each request."""


class AuthorizerConfig(Config, frozen=True):
    """What ``AuthorizerFunction`` reads."""

    issuer: str = field(name="TOKEN_ISSUER")
    """The OpenID Connect issuer, as in the ``iss`` claim of its tokens."""
    audience: str = field(name="TOKEN_AUDIENCE")
    """The ``aud`` claim of tokens for this API."""


class EventsConfig(Config, frozen=True):
    """What ``EventsFunction`` reads."""

    region: str = field(name="AWS_REGION")
    integrations_table: str
    tickets_table: str
    violations_table: str
    retention: timedelta = field(name="RETENTION_DAYS")
    event_bus_name: str


class HooksConfig(Config, frozen=True):
    """What ``HooksFunction`` reads."""

    region: str = field(name="AWS_REGION")
    tickets_table: str
    sync_queue_url: str
    webhooks: WebhookConfig
