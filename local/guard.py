"""Runs a program, and sees to it that nothing of it is left when the one who started it is gone.

``python guard.py PATH ... -- PROGRAM ...`` runs until its standard input ends: its owner holds the other end, which
closes when the owner lets go, or dies in any way. Then the program and all that it started are ended, within seconds,
and the files and folders PATH are removed. Standard library only: it starts before anything else.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess  # nosec B404 # starts the project's own tools only
import sys
from pathlib import Path

# Nothing is kept, so nothing has to be saved.
GRACE_SECONDS = 2
POLL_SECONDS = 0.5


def guard(paths: list[str], command: list[str]) -> int:
    """Run ``command`` in a process group of its own until it ends or standard input does, then remove ``paths``."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _not_me)
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # nosec B603 # an argument list written here, no shell
    while program.poll() is None and not _owner_let_go():
        pass
    _end(program)
    for path in map(Path, paths):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return program.returncode


def _not_me(_number: int, _frame: object) -> None:
    """Do nothing: our parent decides, by closing our input. Unlike ``SIG_IGN``, this is not inherited."""


def _owner_let_go() -> bool:
    readable, _, _ = select.select([sys.stdin.fileno()], [], [], POLL_SECONDS)
    return bool(readable) and os.read(sys.stdin.fileno(), 1) == b""


def _end(program: subprocess.Popen[bytes]) -> None:
    """Ask the program to end, then end its whole group: workers that outlived it too."""
    if program.poll() is None:
        program.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(GRACE_SECONDS)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(program.pid, signal.SIGKILL)
    program.wait()


if __name__ == "__main__":
    separator = sys.argv.index("--")
    sys.exit(guard(sys.argv[1:separator], sys.argv[separator + 1 :]))
