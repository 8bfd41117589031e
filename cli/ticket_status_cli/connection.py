"""Where the service is, and with which token to call it: options, the environment, or the local stack."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

import click
import requests

from ticket_status_cli.errors import CommandError

API_URL = "TICKET_STATUS_API_URL"
TOKEN = "TICKET_STATUS_TOKEN"  # noqa: S105 - the name of a variable  # nosec B105
CLIENT = ("TICKET_STATUS_CLIENT_ID", "TICKET_STATUS_CLIENT_SECRET", "TICKET_STATUS_TOKEN_URL")

BASE_PATH = "/api/v1/ticketing"
DESCRIPTION = Path(".local") / "stack.json"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
TOKEN_SECONDS = 20
RENEW_BEFORE_SECONDS = 60


class Credentials(Protocol):
    """Where tokens come from."""

    def token(self) -> str:
        """A token that should be valid now."""

    def renewed(self) -> str | None:
        """Another token after one was refused, if there is one."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach the service."""

    url: str
    """The part of an address before ``/jira-integrations`` and so on."""
    credentials: Credentials


@dataclass(slots=True)
class GivenToken:
    """A token from the environment."""

    text: str = field(repr=False)

    def token(self) -> str:
        """The token."""
        return self.text

    def renewed(self) -> str | None:
        """It cannot be renewed."""
        return None


@dataclass(slots=True)
class LocalToken:
    """The administrator's token of the local stack, which renews it in its description file."""

    path: Path
    text: str = field(repr=False)

    def token(self) -> str:
        """The token as it was when it was last read."""
        return self.text

    def renewed(self) -> str | None:
        """The file's token, if it has changed."""
        description = read_description(self.path)
        before, self.text = self.text, description["token"] if description else self.text
        return self.text if self.text != before else None


@dataclass(slots=True)
class ClientCredentials:
    """Tokens by the OAuth 2.0 client credentials grant, kept in memory until they expire."""

    client_id: str
    client_secret: str = field(repr=False)
    token_url: str
    _text: str | None = field(default=None, repr=False)
    _expires: float = 0

    def token(self) -> str:
        """A token that is valid for at least another minute."""
        if self._text is None or time.monotonic() > self._expires - RENEW_BEFORE_SECONDS:
            return self._fetch()
        return self._text

    def renewed(self) -> str | None:
        """A new one."""
        return self._fetch()

    def _fetch(self) -> str:
        try:
            answer = requests.post(
                self.token_url,
                data={"grant_type": "client_credentials"},
                auth=(self.client_id, self.client_secret),
                timeout=TOKEN_SECONDS,
                allow_redirects=False,
            )
            body = answer.json()
            self._text, self._expires = str(body["access_token"]), time.monotonic() + float(body["expires_in"])
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            # The body of an answer can hold a token, the text of an exception an address: neither secret is in either.
            kind = type(error).__name__
            raise CommandError(f"No token from {self.token_url}: check {', '.join(CLIENT)} ({kind}).") from None
        return self._text


def connect(api_url: str | None, environment: Mapping[str, str], folder: Path) -> Connection:
    """How to reach the service; raises ``click.UsageError`` that says what is missing or invalid."""
    given = api_url or environment.get(API_URL)
    local = None if given and _credentials(environment) else find_local(folder)
    if not given and local is None:
        raise click.UsageError(
            f"Which service? Give --api-url or {API_URL}, or start the local stack (make run): "
            f"there is no {DESCRIPTION} in this folder, above it, or in the project this command is installed from."
        )
    base = _base(given) if given else str(local and local["api_url"])
    credentials = _credentials(environment) or _local_credentials(base, local)
    return Connection(f"{base}{BASE_PATH}", credentials)


def _credentials(environment: Mapping[str, str]) -> Credentials | None:
    if token := environment.get(TOKEN):
        return GivenToken(token)
    values = [environment.get(name) for name in CLIENT]
    missing = [name for name, value in zip(CLIENT, values, strict=True) if not value]
    match values:
        case [str(client_id), str(secret), str(token_url)] if not missing:
            return ClientCredentials(client_id, secret, _safe(token_url, CLIENT[2]))
        case _ if len(missing) < len(CLIENT):
            raise click.UsageError(f"{', '.join(CLIENT)} belong together; missing: {', '.join(missing)}.")
        case _:
            return None


def _local_credentials(base: str, local: Mapping[str, str] | None) -> Credentials:
    """The local stack's token is sent only to the local stack."""
    if local is None or local["api_url"] != base:
        raise click.UsageError(f"No token for {base}: set {TOKEN}, or {', '.join(CLIENT)}.")
    return LocalToken(Path(local["path"]), local["token"])


def _base(url: str) -> str:
    return _safe(url, f"--api-url or {API_URL}").rstrip("/").removesuffix(BASE_PATH)


def _safe(url: str, what: str) -> str:
    """A token is sent only over https, or over http to this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise click.UsageError(f"{what} must be an address such as https://api.example.com, not {url!r}.") from error
    if not host or parts.scheme not in ("http", "https") or parts.username is not None:
        raise click.UsageError(f"{what} must be an address such as https://api.example.com, not {url!r}.")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise click.UsageError(f"{what} must begin with https://: a token is not sent unencrypted to {host}.")
    return url


def find_local(folder: Path) -> dict[str, str] | None:
    """The local stack of a folder, its parents, or the project that this command is installed from."""
    for place in _places(folder):
        if description := read_description(place / DESCRIPTION):
            return description
    return None


def _places(folder: Path) -> Iterator[Path]:
    yield from (folder, *folder.parents)
    yield from _project()


def _project() -> Iterable[Path]:
    """The folder that pip or pipx installed us from (PEP 610), if it was one."""
    try:
        text = distribution("ticket-status").read_text("direct_url.json")
    except PackageNotFoundError:
        return []
    url = urlsplit(json.loads(text)["url"]) if text else None
    return [Path(url2pathname(url.path))] if url and url.scheme == "file" else []


def read_description(path: Path) -> dict[str, str] | None:
    """``api_url``, administrator's ``token`` and own ``path`` of a stack's description; ``None`` when there is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {"api_url": document["api_url"], "token": document["tokens"]["admin"], "path": str(path)}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{path} cannot be read as the description of a local stack: {error!r}") from error
