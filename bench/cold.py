"""Cold starts: built functions under the Runtime Interface Emulator, beside one that makes a client and a logger.

What is compared is the processor time of a new process up to its first answer, which other work on the machine
disturbs least; the time that passed is told too.
"""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import requests

from bench.world import World
from local import ROOT, STATE
from local.deploy import local_parameters, sam_environment
from local.emulator import free_port
from tests.fakes.gateway import request

BUILD = STATE / "bench-build"
PYTHON = STATE / "bench-venv" / "bin" / "python"
STARTS = 7
_PROCESSOR = "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"
_RAPID = Path("lib") / f"python3.{sys.version_info.minor}" / "site-packages" / "samcli" / "local" / "rapid"
EMULATOR = STATE / "sam-venv" / _RAPID / f"aws-lambda-rie-{_PROCESSOR}"

BARE = """
import boto3
from aws_lambda_powertools import Logger

client = boto3.client("dynamodb")
logger = Logger()


def handler(event, context):
    logger.info("called")
    return {}
"""


@dataclass(frozen=True)
class Start:
    """Seconds up to the first answer of a new process, in the middle of several starts."""

    name: str
    cpu: float
    wall: float


@dataclass(frozen=True)
class Size:
    """Bytes of what is deployed."""

    layer: int
    compiled: int
    functions: int
    parts: Mapping[str, int]


def build() -> Size:
    """Build as a deployment does, compiled; answers what came out."""
    parameters = [f"{name}={value}" for name, value in local_parameters().items()]
    sam = [str(ROOT / ".venv" / "bin" / "sam"), "build", "--template", str(ROOT / "template.yaml"), "--cached"]
    folders = ["--build-dir", str(BUILD), "--cache-dir", str(STATE / "bench-build-cache")]
    run = [*sam, *folders, "--parallel", "--parameter-overrides", *parameters]
    environment = sam_environment("http://127.0.0.1:1")
    subprocess.run(run, cwd=STATE, env=environment, check=True, capture_output=True)
    layer = BUILD / "CommonLayer"
    command = [sys.executable, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash", str(layer)]
    subprocess.run(command, check=True)
    bare = BUILD / "bare"
    bare.mkdir(exist_ok=True)
    (bare / "app.py").write_text(BARE)
    compiled = sum(file.stat().st_size for file in layer.rglob("*.pyc"))
    parts = {part.name: _bytes(part) for part in (layer / "python").iterdir()}
    largest = dict(sorted(parts.items(), key=lambda part: -part[1])[:5])
    functions = sum(_bytes(part) for part in BUILD.glob("*Function"))
    return Size(_bytes(layer) - compiled, compiled, functions, largest)


def starts(world: World) -> list[Start]:
    """The bare handler's, then those of each function; taken in turn, so that the machine's load meets all alike."""
    plans = _plans(world)
    taken: dict[str, list[tuple[float, float]]] = {plan.name: [] for plan in plans}
    for _ in range(STARTS):
        for plan in plans:
            taken[plan.name].append(_start(plan))
    return [
        Start(name, median(cpu for cpu, _ in some), median(wall for _, wall in some)) for name, some in taken.items()
    ]


@dataclass(frozen=True)
class _Plan:
    name: str
    folder: Path
    handler: str
    event: object
    environment: Mapping[str, str]


def _plans(world: World) -> list[_Plan]:
    environment = {**_minimal(), **world.environment}
    message = {"version": 1, "kind": "new_tickets", "integration_name": "gone", "integration_ref": "gone~ref"}
    record = {"messageId": "1", "receiptHandle": "r", "body": json.dumps(message), "attributes": {}}
    record |= {"messageAttributes": {}, "eventSource": "aws:sqs"}
    get = request("GET", "/violations/none/tickets")
    listing = request("GET", "/jira-integrations")
    plans = [
        ("SyncFunction", "scheduler.handler", {"dry_run": True}),
        ("SyncWorkerFunction", "worker.handler", {"Records": [record]}),
        ("ProbeFunction", "probe.handler", {}),
        ("RefreshFunction", "app.handler", get),
        ("SettingsFunction", "app.handler", listing),
        ("EventsFunction", "app.handler", {"Records": []}),
    ]
    bare = _Plan("bare handler", BUILD / "bare", "app.handler", {}, environment)
    return [bare, *(_Plan(name, BUILD / name, handler, event, environment) for name, handler, event in plans)]


def _minimal() -> dict[str, str]:
    """As Lambda's own environment; nothing may be written beside the code."""
    return {
        "PATH": f"{PYTHON.parent}{os.pathsep}{os.defpath}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(BUILD / "CommonLayer" / "python"),
    }


def _start(plan: _Plan) -> tuple[float, float]:
    """Processor seconds of the runtime's process, and seconds that passed, up to its first answer."""
    with _serving(plan) as (pid, url):
        begun = time.perf_counter()
        answer = requests.post(url, json=plan.event, timeout=30).json()
        wall = time.perf_counter() - begun
        if isinstance(answer, dict) and "errorMessage" in answer:
            raise AssertionError(f"{plan.name}: {answer}")
        children = Path(f"/proc/{pid}/task").glob("*/children")
        return sum(_cpu(int(child)) for file in children for child in file.read_text().split()), wall


def _cpu(pid: int) -> float:
    """Processor seconds of a process, all its threads together."""
    return sum(int(file.read_text().split()[0]) for file in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


@contextmanager
def _serving(plan: _Plan) -> Iterator[tuple[int, str]]:
    port = free_port()
    addresses = ["--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
    addresses += ["--runtime-api-address", f"127.0.0.1:{free_port()}"]
    environment = {**plan.environment, "LAMBDA_TASK_ROOT": str(plan.folder), "AWS_LAMBDA_FUNCTION_NAME": plan.name}
    with subprocess.Popen(
        [str(EMULATOR), *addresses, str(PYTHON), "-m", "awslambdaric", plan.handler],
        cwd=plan.folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_for(port)
            yield process.pid, f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    url = f"http://127.0.0.1:{port}/"
    for _ in range(200):
        try:
            requests.get(url, timeout=1)
        except requests.ConnectionError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("the Runtime Interface Emulator does not listen")


def _bytes(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
