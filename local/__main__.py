"""``python -m local stack | run | demo | redeploy``: the commands behind the Makefile targets of the same names."""

import argparse
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from local import ROOT, STATE
from local.client import CallError
from local.console import API_PAGE, ConsoleServer
from local.deploy import DeployError
from local.emulator import REGION, EmulatorError
from local.stack import Stack, StackError, attach, redeploy, running_stack, write_description

if TYPE_CHECKING:
    from sample_jira import SampleJira

DESCRIPTION = STATE / "stack.json"
SAMPLE_JIRA = STATE / "jira.json"
LOG_NAME = "emulator"
FAILED = 1
# Width of what is printed into a file.
NARROWEST = 114
HOW_TO_END = "\nPress Ctrl-C to end everything.\n"
# How often a running stack looks after itself.
WATCH_SECONDS = 0.5


class StoppedError(BaseException):
    """Raised when a signal stops the run; not caught by ``except Exception``."""


def main() -> int:
    """Run one command until it ends or is stopped; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("command", choices=["stack", "run", "demo", "redeploy"])
    command = parser.parse_args().command
    console = Console() if sys.stdout.isatty() else Console(width=NARROWEST)
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, _stop)
    commands: dict[str, Callable[[Console], int]] = {
        "stack": _stack,
        "run": _run,
        "demo": _demo,
        "redeploy": _redeploy,
    }
    try:
        return commands[command](console)
    except (DeployError, EmulatorError, StackError, AlreadyRunningError, CallError) as error:
        console.print(f"[red]{command} failed:[/] ", end="")
        console.print(str(error), markup=False)
        return FAILED
    except StoppedError:
        console.print("stopped")
        return 0


class AlreadyRunningError(Exception):
    """Raised when this clone already has a local run."""


def _stop(number: int, _frame: object) -> None:
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)  # once is enough; what follows is the ending
    raise StoppedError(number)


def _stack(console: Console) -> int:
    with _described_stack(console, _parameters()) as stack:
        _print(console, commands_to_try(stack) + HOW_TO_END)
        _stay(stack)
    return 0


def _run(console: Console) -> int:
    return _with_jira(console, stay=True)


def _demo(console: Console) -> int:
    return _with_jira(console, stay=False)


def _with_jira(console: Console, *, stay: bool) -> int:
    from local.demo import play  # noqa: PLC0415 - only these two commands need a Jira
    from sample_jira import SampleJira  # noqa: PLC0415
    from sample_jira.control import PREFIX  # noqa: PLC0415

    with SampleJira() as jira:
        atlassian = {"AtlassianApiUrl": jira.atlassian_url, "AtlassianAuthUrl": jira.atlassian_url}
        with _described_stack(console, {**atlassian, **_parameters()}) as stack:
            control = f"{jira.atlassian_url}{PREFIX}"
            SAMPLE_JIRA.write_text(json.dumps({"control": control}) + "\n")
            seen = play(console, stack, jira)
            if stay:
                with ConsoleServer(stack.api_url, lambda: stack.token("admin")) as page:
                    _print(console, commands_to_try(stack) + jira_to_try(jira, control))
                    _print(console, f"To see everything, open the console in a browser:     {page.url}")
                    _print(
                        console,
                        f"To search and try API calls, open the API page:       {page.url}/{API_PAGE}\n{HOW_TO_END}",
                    )
                    _stay(stack)
    return 0 if seen else FAILED


def _redeploy(console: Console) -> int:
    with console.status("building and deploying what changed"):
        redeploy(attach(DESCRIPTION))
    console.print("deployed")
    return 0


def _parameters() -> dict[str, str]:
    """Template parameters from the environment."""
    asked = {"AtlassianApiUrl": "ATLASSIAN_API_URL", "AtlassianAuthUrl": "ATLASSIAN_AUTH_URL"}
    return {parameter: os.environ[name] for parameter, name in asked.items() if os.environ.get(name)}


def _port() -> int | None:
    text = os.environ.get("PORT", "")
    if text and not text.isdecimal():
        raise EmulatorError(f"PORT must be a number, not {text!r}")
    return int(text) if text else None


@contextmanager
def _described_stack(console: Console, parameters: dict[str, str]) -> Iterator[Stack]:
    """A running stack; ``.local/stack.json`` describes it as long as it answers."""
    with _alone():
        DESCRIPTION.unlink(missing_ok=True)  # of a run that was killed
        status = console.status("building, starting the embedded AWS, deploying (a minute or two the first time)")
        status.start()
        try:
            with running_stack(LOG_NAME, _port(), parameters, owned=(DESCRIPTION, SAMPLE_JIRA)) as stack:
                write_description(stack, DESCRIPTION)
                status.stop()
                try:
                    yield stack
                finally:
                    DESCRIPTION.unlink(missing_ok=True)  # before the stack stops answering
        finally:
            status.stop()
            SAMPLE_JIRA.unlink(missing_ok=True)


@contextmanager
def _alone() -> Iterator[None]:
    """Allow only one local run per clone."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunningError("a local run of this clone is already up; stop it first") from error
        yield


def _stay(stack: Stack) -> None:
    """Wait until stopped, or until the parent process has ended. Raises ``EmulatorError`` if the stack dies."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
        if not stack.alive():
            raise EmulatorError(f"the embedded AWS ended by itself; see {_relative(STATE / f'{LOG_NAME}.log')}")
        if stack.renew_tokens():
            write_description(stack, DESCRIPTION)
    raise StoppedError


def _relative(path: Path) -> Path:
    return path.relative_to(ROOT)


def commands_to_try(stack: Stack) -> str:
    """Commands to paste into another terminal, in this folder."""
    return f"""
API address           {stack.api_url}/api/v1/ticketing
Tokens                {_relative(DESCRIPTION)} (renewed while this runs)
Log of the AWS        {_relative(STATE / f"{LOG_NAME}.log")}

In another terminal, in this folder:

  export AWS_ENDPOINT_URL={stack.endpoint_url} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
  export AWS_DEFAULT_REGION={REGION} SAM_CLI_TELEMETRY=0 PATH="$PWD/.venv/bin:$PATH"

  sam remote invoke SyncFunction --stack-name {stack.name} --event '{{"dry_run": true}}'
  sam remote invoke SyncFunction --stack-name {stack.name} --event '{{}}'
  sam logs --stack-name {stack.name} --name SyncWorkerFunction

  API={stack.api_url}/api/v1/ticketing
  TOKEN=$(python -c 'import json; print(json.load(open(".local/stack.json"))["tokens"]["admin"])')
  curl -s -H "Authorization: Bearer $TOKEN" "$API/jira-integrations"

  ticket-status status

"""


def jira_to_try(jira: "SampleJira", control: str) -> str:
    """Commands that change things in the sample Jira and show them in the service."""
    sites = "\n".join(f"  {name:<20}{url}" for name, url in jira.sites().items())
    return f"""
The sample Jira sites (on Cloud, the account is {jira.cloud.email} with the API token {jira.cloud.api_token}):

{sites}

  JIRA={control}
  curl -s -d '{{"issue": "SEC-2", "status": "In Progress"}}' "$JIRA/cloud/move"
  ticket-status violations refresh V-102
  ticket-status why V-302

docs/first-day.md continues from here.
"""


def _print(console: Console, text: str) -> None:
    """Print as it is, so that long commands can be pasted."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
