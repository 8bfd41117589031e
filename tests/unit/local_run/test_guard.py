"""Nothing that the local run started outlives it, however it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from local.emulator import GUARD

PATIENCE_SECONDS = 20
# A program with a worker of its own that ignores being asked to end; both write their process ids.
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
with open(sys.argv[1] + (".child" if child == 0 else ".parent"), "w") as file:
    file.write(str(os.getpid()))
if child:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
time.sleep(60)
"""


def guard(tmp_path: Path) -> subprocess.Popen[bytes]:
    """A guard of a stubborn program, with a file and a folder to remove."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    owned = [str(tmp_path / "folder"), str(tmp_path / "file")]
    program = [sys.executable, "-c", STUBBORN, str(tmp_path / "pid")]
    return subprocess.Popen([sys.executable, str(GUARD), *owned, "--", *program], stdin=subprocess.PIPE)


def pids(tmp_path: Path) -> list[int]:
    """The process ids of the program and of its worker, once both run."""
    files = [tmp_path / "pid.parent", tmp_path / "pid.child"]
    wait_until(lambda: all(file.exists() and file.read_text() for file in files))
    return [int(file.read_text()) for file in files]


def wait_until(condition: Callable[[], bool]) -> None:
    """Look again until it is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def runs(pid: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")  # one that ended, and that nobody asked how, is there too
    return not (stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def test_a_guard_whose_owner_lets_go_ends_the_program_and_its_workers_and_removes_its_files(tmp_path: Path) -> None:
    with guard(tmp_path) as process:
        program = pids(tmp_path)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(PATIENCE_SECONDS)
    wait_until(lambda: not any(map(runs, program)))
    assert not (tmp_path / "folder").exists()
    assert not (tmp_path / "file").exists()


def test_a_guard_is_not_ended_by_the_signals_that_end_its_owner(tmp_path: Path) -> None:
    with guard(tmp_path) as process:
        program = pids(tmp_path)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process.send_signal(number)
        time.sleep(0.5)
        assert all(map(runs, program))
        assert process.stdin is not None
        process.stdin.close()


def test_a_guard_whose_program_ends_removes_its_files_and_tells_how_it_ended(tmp_path: Path) -> None:
    with guard(tmp_path) as process:
        os.kill(pids(tmp_path)[0], signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) != 0
    assert not (tmp_path / "folder").exists()
