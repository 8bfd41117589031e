"""``sam build`` and ``sam deploy`` of the project's own template, to the embedded AWS."""

import fcntl
import os
import platform
import shutil
import subprocess  # nosec B404 # starts the project's own tools only
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from local import ROOT, STATE
from local.emulator import CREDENTIALS
from local.template import STACK, in_one

SAM = ROOT / ".venv" / "bin" / "sam"
BUILD = STATE / "build"
UNKNOWN_TYPES = {"AWS::WAFv2::WebACLAssociation", STACK}
# The embedded AWS is spoken to without encryption, on loopback, which these forbid.
FORBIDDING_TYPES = {"AWS::SQS::QueuePolicy"}
# Those that the functions have clients for, as botocore names them.
SERVICES = {"dynamodb", "events", "secretsmanager", "sqs", "ssm"}


class DeployError(Exception):
    """Raised when SAM fails; the text ends with what it printed last."""


def local_parameters() -> dict[str, str]:
    """Template parameters of every local run: this machine's interpreter and processor, Jira sites on loopback."""
    arm = platform.machine().lower() in {"arm64", "aarch64"}
    return {
        "Runtime": f"python3.{sys.version_info.minor}",
        "Architecture": "arm64" if arm else "x86_64",
        "AllowLoopbackAddresses": "true",
        "WorkerConcurrency": "4",
        "ApiClients": "all",
        "DetailedMonitoring": "true",
    }


def build_and_deploy(endpoint_url: str, stack_name: str, parameters: Mapping[str, str]) -> None:
    """Build what changed since the last time, and create or update the stack. Raises ``DeployError``."""
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    with _one_at_a_time():
        _sam(
            endpoint_url,
            *("build", "--template", str(ROOT / "template.yaml"), "--cached", "--parallel"),
            *("--build-dir", str(BUILD), "--cache-dir", str(STATE / "build-cache")),
            *("--parameter-overrides", *overrides),
        )
        _prune_layer()
        _prune_template()
        _sam(
            endpoint_url,
            *("deploy", "--template-file", str(BUILD / "template.yaml"), "--stack-name", stack_name),
            *("--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar"),
            "--no-fail-on-empty-changeset",
            *("--parameter-overrides", *overrides),
        )


def _prune_layer() -> None:
    """Remove descriptions of unused AWS services from the local layer.

    The embedded AWS writes the archive of the whole layer for each process that it starts. On AWS the layer is deployed
    as built.
    """
    for service in (BUILD / "CommonLayer" / "python" / "botocore" / "data").iterdir():
        if service.is_dir() and service.name not in SERVICES:
            shutil.rmtree(service)


def _prune_template() -> None:
    """Make it one stack, without what the embedded AWS refuses (even unused), and what forbids it."""
    template = BUILD / "template.yaml"
    built = in_one(_built(template.name), _built)
    built["Resources"] = {name: one for name, one in built["Resources"].items() if is_for_here(one)}
    template.write_text(yaml.safe_dump(built, sort_keys=False))


def _built(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((BUILD / name).read_text())
    return document


def is_for_here(resource: Mapping[str, Any]) -> bool:
    """Whether the embedded AWS supports it: not all types, and no alarms on expressions, which it never evaluates."""
    expression = resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
    return resource["Type"] not in UNKNOWN_TYPES | FORBIDDING_TYPES and not expression


def sam_environment(endpoint_url: str) -> dict[str, str]:
    """Environment in which the SAM CLI talks only to the embedded AWS."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    tools = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {
        **inherited,
        **CREDENTIALS,
        "PATH": tools,  # sam build looks there for an interpreter of the template's runtime
        "AWS_ENDPOINT_URL": endpoint_url,
        "SAM_CLI_TELEMETRY": "0",
    }


def _sam(endpoint_url: str, *arguments: str) -> None:
    done = subprocess.run(  # nosec B603 # an argument list written here, no shell
        [str(SAM), *arguments],
        cwd=STATE,  # SAM keeps what it installed in the folder .aws-sam of where it is
        env=sam_environment(endpoint_url),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    log = STATE / f"sam-{arguments[0]}.log"
    log.write_text(done.stdout)
    if done.returncode:
        last = "\n".join(done.stdout.splitlines()[-15:])
        raise DeployError(f"sam {arguments[0]} failed ({_relative(log)} has all of it):\n{last}")


def _relative(path: Path) -> Path:
    return path.relative_to(ROOT)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Keep two runs in one clone from building into the same folder."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
