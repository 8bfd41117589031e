"""The embedded AWS (MiniStack behind the gate) as a process on a free port, which ends with all it started."""

import contextlib
import os
import socket
import subprocess  # nosec B404 # starts the project's own tools only
import sys
import tempfile
import time
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from local import STATE
from local.gate.settings import SETTINGS_VARIABLE, GateSettings

REGION = "us-east-1"
# The embedded AWS takes these from anyone; they are no secret.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}  # nosec B105 # taken from anyone

PYTHON = STATE / "emulator-venv" / "bin" / "python"
GUARD = Path(__file__).parent / "guard.py"
# Its folder in STATE begins so, its port follows: the processes of one stack can be told from those of another.
FOLDER = "emulator-"
GATE = Path(__file__).parent / "gate"
READY_SECONDS = 30
STOP_SECONDS = 60
# One process of 50 to 70 MB per concurrent invocation.
CONCURRENT_INVOCATIONS = 40


class EmulatorError(Exception):
    """Raised when the embedded AWS does not start, or ended by itself; the text names its log."""


class Emulator:
    """A running embedded AWS, empty at the start. A context manager; leaving it ends everything."""

    def __init__(
        self,
        name: str,
        port: int | None = None,
        owned: Sequence[Path] = (),
        gate: GateSettings = GateSettings(),  # noqa: B008 - immutable
    ) -> None:
        """Prepare one; its log is ``.local/{name}.log``. Without a ``port`` a free one is chosen.

        The files ``owned`` are removed when it ends, even when this process is killed.
        """
        self._owned = owned
        self._gate = gate
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = STATE / f"{name}.log"
        self._guard: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it, and wait until it answers."""
        STATE.mkdir(exist_ok=True)
        for name in ("NO_PROXY", "no_proxy"):  # a proxy would look for 127.0.0.1 on its own machine
            os.environ[name] = ",".join(filter(None, ["127.0.0.1,localhost", os.environ.get(name)]))
        if not is_free(self.port):
            raise EmulatorError(f"port {self.port} is in use; choose another with PORT=...")
        directory = tempfile.mkdtemp(prefix=f"{FOLDER}{self.port}-", dir=STATE)
        with self.log.open("wb") as log:
            self._guard = subprocess.Popen(  # nosec B603 # an argument list written here, no shell
                [
                    sys.executable,
                    str(GUARD),
                    *map(str, [directory, *self._owned]),
                    "--",
                    str(PYTHON),
                    str(GATE),
                ],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**environment(self.port, directory), SETTINGS_VARIABLE: self._gate.write()},
                start_new_session=True,  # Ctrl-C in the terminal reaches us, not the guard
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it."""
        self.stop()

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._guard is not None and self._guard.poll() is None

    def stop(self) -> None:
        """Stop the guard, and wait until it has ended everything (or only removes files)."""
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._guard.wait(STOP_SECONDS)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if not self.alive():
                raise EmulatorError(f"the embedded AWS ended at once; see {self.log}")
            try:
                if requests.get(f"{self.url}/_ministack/health", timeout=2).status_code == HTTPStatus.OK:
                    return
            except requests.RequestException:
                time.sleep(0.1)
        raise EmulatorError(f"the embedded AWS did not answer within {READY_SECONDS} s; see {self.log}")


def environment(port: int, directory: str) -> dict[str, str]:
    """The environment of the embedded AWS, and so of every local Lambda: nothing from the caller's own."""
    return {
        "PATH": os.defpath,
        "HOME": directory,
        "TMPDIR": directory,
        "STATE_DIR": directory,
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        # Handlers may do only what their execution role allows, as on AWS.
        "AUTH": "true",
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_ACCOUNT_CONCURRENCY": str(CONCURRENT_INVOCATIONS),
        "POWERTOOLS_TRACE_DISABLED": "true",
    }


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether nothing listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
