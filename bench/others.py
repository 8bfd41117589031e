"""The same work by others: each in a process of its own, with few tickets, scaled to many."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

from bench.sample import Sample
from bench.world import EMAIL, SECRET
from local import STATE

PYTHON = STATE / "bench-venv" / "bin" / "python"
SCRIPTS = Path(__file__).parent / "peers"
TICKETS = 2_000
EACH = 500
"""Tickets of the loop that asks for one after another."""

_PASSWORD = "bench-password"  # noqa: S105 - of nobody


@dataclass(frozen=True)
class Other:
    """What a peer took to see the status of every ticket."""

    name: str
    tickets: int
    jira_requests: int
    wall: float
    cpu: float

    def requests_of(self, tickets: int) -> int:
        """Jira requests for so many tickets."""
        return round(self.jira_requests * tickets / self.tickets)

    def seconds_of(self, tickets: int, call_seconds: float) -> float:
        """Seconds for so many tickets when a call takes so long; all of them make one call after another."""
        return (self.wall + self.jira_requests * call_seconds) * tickets / self.tickets


def measure(sample: Sample) -> list[Other]:
    """Let each see the same tickets; the sample is to have no others."""
    first = sample.ids(TICKETS)
    for site in ("cloud", "data-center"):
        sample.call(site, "create", project="PEERS", count=TICKETS, first_id=first, status="To Do")
    sample.call("cloud", "add_api_token", secret=SECRET, email=EMAIL)
    sample.call("data-center", "add_password", username="bench", secret=_PASSWORD)
    cloud, server = [sample.cloud, EMAIL, SECRET], [sample.data_center, "bench", _PASSWORD]
    each = [str(EACH), str(first)]
    return [
        _run(sample, "cloud", "jira, one GET each, one client", "get_each.py", [*cloud, *each, "shared"]),
        _run(sample, "cloud", "jira, one GET each, new clients", "get_each.py", [*cloud, *each, "new"]),
        _run(sample, "data-center", "tap-jira, all issues", "tap.py", server),
        _run(sample, "cloud", "dlt's REST source, all issues", "dlt_rest.py", [*cloud, "project = PEERS"]),
    ]


def _run(sample: Sample, site: str, name: str, script: str, arguments: Sequence[str]) -> Other:
    sample.call(site, "forget_requests")
    done = subprocess.run(
        [str(PYTHON), str(SCRIPTS / script), *arguments], capture_output=True, text=True, check=True, cwd=STATE
    )
    asked = len(requests.get(f"{sample.control}/{site}/requests", timeout=120).json())
    took = json.loads(done.stdout)
    return Other(name, took["seen"], asked, took["wall"], took["cpu"])


def version(package: str) -> str:
    """The version of a peer."""
    command = [
        str(PYTHON),
        "-c",
        "import sys; from importlib.metadata import version; print(version(sys.argv[1]))",
        package,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
