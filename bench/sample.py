"""The sample Jira in a process of its own, so that its work is not counted as ours."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from local import ROOT

MAX_SECONDS = 3600


@dataclass(frozen=True)
class Sample:
    """Its addresses, and its control interface."""

    cloud: str
    data_center: str
    control: str
    _ids: list[int] = field(default_factory=lambda: [10_000_000])

    def ids(self, count: int) -> int:
        """The first of so many issue ids that nobody else has."""
        self._ids[0] += count
        return self._ids[0] - count

    def call(self, target: str, call: str, **arguments: object) -> Any:  # noqa: ANN401 - whatever the call answers
        """One call of the control interface."""
        answer = requests.post(f"{self.control}/{target}/{call}", json=arguments, timeout=120)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def sample_jira() -> Iterator[Sample]:
    """Start it, and stop it in the end."""
    with tempfile.TemporaryDirectory() as folder:
        port_file = Path(folder) / "ports.json"
        command = [sys.executable, "-m", "sample_jira", "--port-file", str(port_file)]
        with subprocess.Popen([*command, "--max-seconds", str(MAX_SECONDS)], cwd=ROOT) as process:
            try:
                while not port_file.exists():
                    if process.poll() is not None:
                        raise AssertionError(f"the sample Jira ended with {process.returncode}")
                    time.sleep(0.05)
                known = json.loads(port_file.read_text())
                yield Sample(known["cloud"], known["data_center"], known["control"].rstrip("/"))
            finally:
                process.terminate()
