"""The ``SecretStore`` in memory."""

from collections.abc import Mapping


class InMemorySecretStore:
    """Secrets by integration."""

    def __init__(self) -> None:
        self.stored: dict[str, dict[str, str]] = {}

    def read(self, integration_ref: str) -> Mapping[str, str] | None:
        return self.stored.get(integration_ref)

    def write(self, integration_ref: str, secrets: Mapping[str, str]) -> None:
        self.stored[integration_ref] = dict(secrets)

    def destroy(self, integration_ref: str) -> None:
        self.stored.pop(integration_ref, None)
