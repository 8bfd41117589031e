"""The keys of webhooks: secrets of their own, so that the function that takes deliveries can read no others (R17)."""

from datetime import datetime

from ticket_status.aws.secrets import SecretsManagerSecretStore
from ticket_status.ports.webhooks import HookKeys


class SecretsManagerHookKeyStore:
    """The ``HookKeyStore``, one secret per webhook."""

    def __init__(self, secrets: SecretsManagerSecretStore) -> None:
        self._secrets = secrets

    def read(self, hook_id: str) -> HookKeys | None:
        """One call."""
        stored = self._secrets.read(hook_id)
        if stored is None:
            return None
        until = stored.get("previous_until")
        return HookKeys(
            stored["current"], stored.get("previous"), None if until is None else datetime.fromisoformat(until)
        )

    def write(self, hook_id: str, keys: HookKeys) -> None:
        """One call for a secret that exists, two for a new one."""
        members = {"current": keys.current}
        if keys.previous is not None and keys.previous_until is not None:
            members |= {"previous": keys.previous, "previous_until": keys.previous_until.isoformat()}
        self._secrets.write(hook_id, members)

    def destroy(self, hook_id: str) -> None:
        """One call."""
        self._secrets.destroy(hook_id)
