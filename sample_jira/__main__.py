"""The sample Jira as a process: `python -m sample_jira`.

It prints its addresses when it answers; with `--port-file FILE` it writes them to FILE, which it removes when it
stops. It stops when interrupted or terminated, after `--max-seconds`, or when the process that started it is gone.
"""

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from threading import Event
from time import monotonic

from sample_jira.control import PREFIX
from sample_jira.sample import SampleJira

LOOK_EVERY = 1.0  # seconds between looks at the time and the parent
MAX_SECONDS = 8 * 3600.0


def main() -> None:
    """Run until told to stop."""
    arguments = _arguments()
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    jira = SampleJira(
        cloud_port=arguments.cloud_port,
        data_center_port=arguments.data_center_port,
        atlassian_port=arguments.atlassian_port,
    )
    with jira:
        _announce(jira, arguments.port_file)
        try:
            _wait(stop, arguments.max_seconds)
        finally:
            if arguments.port_file is not None:
                arguments.port_file.unlink(missing_ok=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sample_jira", description=__doc__)
    parser.add_argument("--port-file", type=Path, help="where to write addresses; without it they are printed")
    parser.add_argument("--max-seconds", type=float, default=MAX_SECONDS, help="stop after so long")
    for server in ("cloud", "data-center", "atlassian"):
        parser.add_argument(f"--{server}-port", type=int, default=0, help="0 takes a free port")
    return parser.parse_args()


def _announce(jira: SampleJira, port_file: Path | None) -> None:
    """Print the addresses, or write them in one step, so that nobody reads half of them."""
    addresses = {
        "cloud": jira.cloud.url,
        "data_center": jira.data_center.url,
        "atlassian": jira.atlassian_url,
        "control": f"{jira.atlassian_url}{PREFIX}",
        "pid": os.getpid(),
    }
    if port_file is None:
        sys.stdout.write("".join(f"{name:12}{address}\n" for name, address in addresses.items()) + "Ctrl-C ends it.\n")
        sys.stdout.flush()
        return
    unfinished = port_file.with_name(f"{port_file.name}.{os.getpid()}")
    unfinished.write_text(json.dumps(addresses))
    unfinished.replace(port_file)


def _wait(stop: Event, max_seconds: float) -> None:
    parent = os.getppid()
    end = monotonic() + max_seconds
    while monotonic() < end and os.getppid() == parent:
        if stop.wait(min(LOOK_EVERY, max(0.0, end - monotonic()))):
            return


if __name__ == "__main__":
    main()
