"""What each function reads from its environment, once, at cold start. A missing or odd value ends the start."""

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Self

from msgspec import Struct


class ConfigurationError(Exception):
    """Raised when an environment variable is missing or does not fit; it names the variable."""


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


def _days(environment: Mapping[str, str], name: str) -> int:
    value = _text(environment, name)
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        message = f"{name} must be a whole number of days, not {value!r}"
        raise ConfigurationError(message)
    return int(value)


class TelemetryConfig(Struct, frozen=True):
    """What every function reads of how it reports; the logger and the metrics read their own names themselves."""

    detailed_metrics: bool
    """Whether every number of a log line is a metric too, or only what alarms watch."""

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read it; raises ``ConfigurationError``."""
        return cls(_switch(environment, "DETAILED_METRICS"))


class StoreConfig(Struct, frozen=True):
    """The tables and the queue: the whole of what ``SyncFunction`` reads, and a part of what the others do."""

    region: str
    integrations_table: str
    tickets_table: str
    violations_table: str
    sync_runs_table: str
    sync_queue_url: str
    retention: timedelta
    """How long tickets are kept after their creation."""

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read it; raises ``ConfigurationError``."""
        return cls(
            region=_text(environment, "AWS_REGION"),
            integrations_table=_text(environment, "INTEGRATIONS_TABLE"),
            tickets_table=_text(environment, "TICKETS_TABLE"),
            violations_table=_text(environment, "VIOLATIONS_TABLE"),
            sync_runs_table=_text(environment, "SYNC_RUNS_TABLE"),
            sync_queue_url=_text(environment, "SYNC_QUEUE_URL"),
            retention=timedelta(days=_days(environment, "RETENTION_DAYS")),
        )


class JiraConfig(Struct, frozen=True):
    """What talking to Jira needs: where secrets are, Atlassian's addresses, and which addresses are allowed (R18)."""

    secret_prefix: str
    secret_key_id: str
    atlassian_api_url: str
    atlassian_auth_url: str
    allow_private_addresses: bool
    allow_loopback_addresses: bool
    ca_certificates: str
    """Name of a parameter or secret with certificate authorities to trust beside the public ones; empty: none."""
    https_proxy: str
    """Address of the proxy that Jira is reached through; empty: none. AWS's own services never are."""

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read it; raises ``ConfigurationError``."""
        return cls(
            secret_prefix=_text(environment, "SECRET_PREFIX"),
            secret_key_id=_text(environment, "SECRET_KEY_ID"),
            atlassian_api_url=_text(environment, "ATLASSIAN_API_URL"),
            atlassian_auth_url=_text(environment, "ATLASSIAN_AUTH_URL"),
            allow_private_addresses=_switch(environment, "ALLOW_PRIVATE_ADDRESSES"),
            allow_loopback_addresses=_switch(environment, "ALLOW_LOOPBACK_ADDRESSES"),
            ca_certificates=environment.get("CA_CERTIFICATES", ""),
            https_proxy=environment.get("JIRA_HTTPS_PROXY", ""),
        )


class WebhookConfig(Struct, frozen=True):
    """Where webhooks and their keys are, for the functions that set them up and look after them."""

    webhooks_table: str
    hook_secret_prefix: str

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read it; raises ``ConfigurationError``."""
        return cls(_text(environment, "WEBHOOKS_TABLE"), _text(environment, "HOOK_SECRET_PREFIX"))


class ProbeConfig(Struct, frozen=True):
    """What ``ProbeFunction`` reads."""

    stores: StoreConfig
    jira: JiraConfig
    webhooks: WebhookConfig
    event_bus_name: str

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read it; raises ``ConfigurationError``."""
        return cls(
            StoreConfig.from_env(environment),
            JiraConfig.from_env(environment),
            WebhookConfig.from_env(environment),
            _text(environment, "EVENT_BUS_NAME"),
        )


class WorkerConfig(Struct, frozen=True):
    """What ``SyncWorkerFunction`` reads."""

    stores: StoreConfig
    jira: JiraConfig
    dead_letter_queue_url: str
    webhooks_table: str

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read it; raises ``ConfigurationError``."""
        return cls(
            StoreConfig.from_env(environment),
            JiraConfig.from_env(environment),
            _text(environment, "SYNC_DEAD_LETTER_QUEUE_URL"),
            _text(environment, "WEBHOOKS_TABLE"),
        )


class ApiConfig(Struct, frozen=True):
    """What ``RefreshFunction`` and ``SettingsFunction`` read."""

    stores: StoreConfig
    jira: JiraConfig
    allowed_origin: str
    """The origin that browsers may call from (CORS); empty: none."""
    public_api_url: str
    """Where people reach the API, up to its stage; empty: derived from each request."""

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read it; raises ``ConfigurationError``."""
        return cls(
            StoreConfig.from_env(environment),
            JiraConfig.from_env(environment),
            environment.get("ALLOWED_ORIGIN", ""),
            environment.get("PUBLIC_API_URL", ""),
        )


class AuthorizerConfig(Struct, frozen=True):
    """What ``AuthorizerFunction`` reads."""

    issuer: str
    """Of OpenID Connect: the address that its tokens name as ``iss``."""
    audience: str
    """What its tokens name as ``aud`` when they are meant for this API."""

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read it; raises ``ConfigurationError``."""
        return cls(_text(environment, "TOKEN_ISSUER"), _text(environment, "TOKEN_AUDIENCE"))


class EventsConfig(Struct, frozen=True):
    """What ``EventsFunction`` reads."""

    region: str
    integrations_table: str
    tickets_table: str
    violations_table: str
    retention: timedelta
    event_bus_name: str

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read it; raises ``ConfigurationError``."""
        return cls(
            region=_text(environment, "AWS_REGION"),
            integrations_table=_text(environment, "INTEGRATIONS_TABLE"),
            tickets_table=_text(environment, "TICKETS_TABLE"),
            violations_table=_text(environment, "VIOLATIONS_TABLE"),
            retention=timedelta(days=_days(environment, "RETENTION_DAYS")),
            event_bus_name=_text(environment, "EVENT_BUS_NAME"),
        )


class HooksConfig(Struct, frozen=True):
    """What ``HooksFunction`` reads."""

    region: str
    tickets_table: str
    sync_queue_url: str
    webhooks: WebhookConfig

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read it; raises ``ConfigurationError``."""
        return cls(
            region=_text(environment, "AWS_REGION"),
            tickets_table=_text(environment, "TICKETS_TABLE"),
            sync_queue_url=_text(environment, "SYNC_QUEUE_URL"),
            webhooks=WebhookConfig.from_env(environment),
        )
