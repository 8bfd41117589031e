"""What all commands share: two options that may appear anywhere, and the session."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from ticket_status_cli.client import Client
from ticket_status_cli.connection import connect
from ticket_status_cli.output import FORMATS, Format, Output, errors


@dataclass(slots=True)
class Session:
    """One use of the command line."""

    api_url: str | None = None
    format: Format | None = None
    _client: Client | None = field(default=None, repr=False)

    @property
    def client(self) -> Client:
        """The client of the service, created on first use."""
        if self._client is None:
            self._client = Client(connect(self.api_url, os.environ, Path.cwd()), on_wait=_say_wait)
        return self._client

    @property
    def output(self) -> Output:
        """Where and how results are written."""
        return Output(self.format or "table", sys.stdout)


def _say_wait(seconds: float, why: str) -> None:
    if seconds > 1:
        note(f"Waiting {seconds:.0f} s: {why}")


def note(text: str) -> None:
    """Print a note for people, separate from the result."""
    errors().print(text, markup=False, highlight=False, soft_wrap=True)


def _set_api_url(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.ensure_object(Session).api_url = value


def _set_format(context: click.Context, _parameter: click.Parameter, value: Format | None) -> None:
    if value is not None:
        context.ensure_object(Session).format = value


def _shared() -> list[click.Parameter]:
    return [
        click.Option(
            ["--output", "-o"],
            type=click.Choice(FORMATS),
            callback=_set_format,
            expose_value=False,
            help="Output format (default: table).",
        ),
        click.Option(
            ["--api-url"],
            metavar="URL",
            callback=_set_api_url,
            expose_value=False,
            help="The stack's output ApiUrl (default: TICKET_STATUS_API_URL, or the local stack).",
        ),
    ]


class Command(click.Command):
    """A command with the shared options, so that they can also follow its name."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:  # noqa: ANN401 - click's own parameters, handed on
        super().__init__(*arguments, **settings)
        self.params += _shared()


class Group(click.Group):
    """A group of such commands."""

    command_class = Command
    group_class = type

    def __init__(self, *arguments: Any, **settings: Any) -> None:  # noqa: ANN401 - click's own parameters, handed on
        super().__init__(*arguments, **settings)
        self.params += _shared()


def example(*lines: str) -> str:
    """The end of a command's help: how to use it."""
    return "\n".join(("\b", "Example:", *(f"  {line}" for line in lines)))


pass_session: Callable[..., Any] = click.make_pass_decorator(Session, ensure=True)


def confirm(question: str, *, sure: bool) -> None:
    """Ask for confirmation of something that cannot be undone, if on a terminal."""
    if not sure and sys.stdin.isatty():
        click.confirm(question, abort=True, err=True)


def complete_integration(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names of integrations for the shell's completion; none when the service cannot be asked."""
    session = context.ensure_object(Session)
    try:
        found = session.client.get("jira-integrations", limit="100")["integrations"]
    except Exception:  # noqa: BLE001 - a key press must never print an error into somebody's line
        return []
    return [one["connection_name"] for one in found if one["connection_name"].startswith(incomplete)]
