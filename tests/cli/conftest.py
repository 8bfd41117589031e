"""The command line, run in this process against a service in memory."""

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.fakes.service import TOKEN, Service, serving
from ticket_status_cli import options
from ticket_status_cli.client import Client
from ticket_status_cli.connection import CLIENT
from ticket_status_cli.main import main


@dataclass(frozen=True)
class Result:
    """What became of a command."""

    status: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def url(service: Service) -> Iterator[str]:
    with serving(service) as address:
        yield address


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the command line would have waited; it does not wait in tests."""
    waited: list[float] = []
    monkeypatch.setattr(options, "Client", partial(Client, sleep=waited.append))
    return waited


@pytest.fixture
def run(
    url: str, waits: list[float], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Run:
    """Run a command in an empty folder; ``stdin`` is what is piped in."""
    del waits
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TICKET_STATUS_API_URL", url)
    monkeypatch.setenv("TICKET_STATUS_TOKEN", TOKEN)
    for name in CLIENT:
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str, stdin: str = "") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        status = 0
        try:
            main(arguments)
        except SystemExit as end:
            status = int(end.code or 0)
        written = capsys.readouterr()
        return Result(status, written.out, written.err)

    return run
