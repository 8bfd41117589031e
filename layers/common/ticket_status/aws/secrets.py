"""R17: credentials in Secrets Manager, one secret per integration, encrypted with the stack's own key."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ticket_status.ports.webhooks import HookKeys

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_GONE = frozenset({"ResourceNotFoundException", "InvalidRequestException"})
"""No such secret, or one that is being deleted."""

_WAITS_FOR_NAME = (1.0, 2.0, 3.0, 3.0, 3.0)
"""Seconds. A secret is deleted in the background, and its name is free only some seconds later."""


class SecretsManagerSecretStore:
    """The ``SecretStore``. Secrets are named ``{prefix}/{connection_name}/{last part of the integration_ref}``.

    Secrets Manager accepts letters, digits and ``/_+=.@-`` in a name, which must not end with a hyphen and six
    characters.
    """

    def __init__(
        self,
        client: "SecretsManagerClient",
        prefix: str,
        key_id: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """``sleep`` waits for a number of seconds."""
        self._client = client
        self._sleep = sleep
        self._prefix = prefix
        self._key_id = key_id

    def read(self, integration_ref: str) -> Mapping[str, str] | None:
        """One call; nothing stays in memory afterwards."""
        try:
            answer = self._client.get_secret_value(SecretId=self._name(integration_ref))
        except ClientError as error:
            if _code(error) not in _GONE:
                raise
            return None
        secrets: dict[str, str] = json.loads(answer["SecretString"])
        return secrets

    def write(self, integration_ref: str, secrets: Mapping[str, str]) -> None:
        """One call for an existing secret, two for a new one; waits if it was just destroyed."""
        name, text = self._name(integration_ref), json.dumps(dict(secrets))
        for wait in _WAITS_FOR_NAME:
            try:
                return self._put(name, text)
            except ClientError as error:
                if _code(error) != "InvalidRequestException":
                    raise
            self._sleep(wait)
        return self._put(name, text)

    def _put(self, name: str, text: str) -> None:
        try:
            self._client.put_secret_value(SecretId=name, SecretString=text)
        except ClientError as error:
            if _code(error) != "ResourceNotFoundException":
                raise
            self._client.create_secret(Name=name, KmsKeyId=self._key_id, SecretString=text)

    def destroy(self, integration_ref: str) -> None:
        """One call; it is fine if the secret does not exist."""
        try:
            self._client.delete_secret(SecretId=self._name(integration_ref), ForceDeleteWithoutRecovery=True)
        except ClientError as error:
            if _code(error) not in _GONE:
                raise

    def _name(self, integration_ref: str) -> str:
        return f"{self._prefix}/{integration_ref.replace('~', '/')}"


class SecretsManagerHookKeyStore:
    """The ``HookKeyStore``: one secret per webhook, so that the function for deliveries can read no others."""

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
        """One call for an existing secret, two for a new one."""
        members = {"current": keys.current}
        if keys.previous is not None and keys.previous_until is not None:
            members |= {"previous": keys.previous, "previous_until": keys.previous_until.isoformat()}
        self._secrets.write(hook_id, members)

    def destroy(self, hook_id: str) -> None:
        """One call."""
        self._secrets.destroy(hook_id)


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
