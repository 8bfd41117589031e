"""Where credentials are kept."""

from collections.abc import Mapping
from typing import Protocol


class SecretStore(Protocol):
    """Credentials of integrations; the only place that has them (R17)."""

    def read(self, integration_ref: str) -> Mapping[str, str] | None:
        """All secrets of an integration; ``None`` when it has none."""

    def write(self, integration_ref: str, secrets: Mapping[str, str]) -> None:
        """Store all secrets of an integration."""

    def destroy(self, integration_ref: str) -> None:
        """Delete them irrecoverably."""
