"""``python -m tools.deploy``, or ``make deploy``: ``sam build`` and ``sam deploy``, with the same parameters.

``--config-env NAME`` chooses one of the environments of ``samconfig.toml`` (``ENV=`` of make), ``--stack-name`` another
stack (``STACK=``), ``--yes`` does not ask (``YES=yes``), ``--build-only`` stops before anything is deployed.
"""

import argparse
import re
import shlex
import shutil
import subprocess  # nosec B404 # starts the project's own tools only
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.template import load

ROOT = Path(__file__).parents[1]
SAM = ROOT / ".venv" / "bin" / "sam"
LAYER = ROOT / ".aws-sam" / "build" / "CommonLayer"
LONGEST_NAME = 52
"""A function's name has 64 characters at most; the longest is the stack's with ``-sync-worker`` behind it."""

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]*")
_LONG_FORM = re.compile(r"ParameterKey=(?P<name>[^,]+),ParameterValue=(?P<value>.*)", re.DOTALL)


class DeployError(Exception):
    """Raised when something is invalid, before anything is built; the text says what is expected."""


@dataclass(frozen=True)
class Deployment:
    """What is deployed where."""

    environment: str
    stack_name: str
    parameters: Mapping[str, str]
    """The template's, as far as ``samconfig.toml`` names them."""
    asks: bool = True

    @classmethod
    def read(cls, text: str, environment: str, stack_name: str | None = None, *, asks: bool = True) -> "Deployment":
        """From the text of ``samconfig.toml``, in any form that SAM reads. Raises ``DeployError``."""
        config = tomllib.loads(text)
        config.pop("version", None)
        if environment not in config:
            known = ", ".join(sorted(config))
            raise DeployError(f"samconfig.toml has no environment {environment!r}; it has {known}")
        settings: dict[str, Any] = {}
        for command in ("global", "deploy"):
            settings |= config[environment].get(command, {}).get("parameters", {})
        name = stack_name or settings.get("stack_name", "")
        _check_name(name)
        return cls(environment, name, dict(_overrides(settings.get("parameter_overrides", ""))), asks)

    def runtime(self, template: Mapping[str, Any]) -> str:
        """The Python that the functions run on, such as ``python3.13``."""
        return self.parameters.get("Runtime") or str(template["Parameters"]["Runtime"]["Default"])

    def build(self) -> list[str]:
        """``sam build``, with the parameters of ``sam deploy``: the functions are built for what they will run on."""
        return ["build", "--config-env", self.environment, *self._overriding()]

    def deploy(self) -> list[str]:
        """``sam deploy``; all else is in ``samconfig.toml``."""
        unasked = [] if self.asks else ["--no-confirm-changeset"]
        return ["deploy", "--config-env", self.environment, "--stack-name", self.stack_name, *unasked]

    def _overriding(self) -> list[str]:
        pairs = [f"{name}={value}" for name, value in self.parameters.items() if value]
        return ["--parameter-overrides", *pairs] if pairs else []


def _check_name(name: str) -> None:
    if not name:
        raise DeployError("no stack name: set stack_name in samconfig.toml, or give STACK=...")
    if not _NAME.fullmatch(name):
        raise DeployError(
            f"{name!r} is not a valid stack name: use letters, digits and hyphens, beginning with a letter"
        )
    if len(name) > LONGEST_NAME:
        raise DeployError(
            f"the stack name has {len(name)} characters, and may have {LONGEST_NAME}: names of functions begin with it"
        )


def _overrides(given: object) -> Iterator[tuple[str, str]]:
    """Names and values, from one text or a list, plain or quoted as ``sam deploy --guided`` writes them."""
    for text in given if isinstance(given, list) else [given]:
        for one in shlex.split(str(text)):
            long_form = _LONG_FORM.fullmatch(one)
            if long_form:
                yield long_form["name"], long_form["value"]
                continue
            name, equals, value = one.partition("=")
            if not equals:
                raise DeployError(f"parameter_overrides of samconfig.toml: {one!r} is not of the form Name=value")
            yield name, value


def compile_layer(layer: Path, interpreter: str) -> None:
    """Compile it by the Python that will run it: otherwise every cold start does. Raises ``DeployError``."""
    if shutil.which(interpreter) is None:
        raise DeployError(f"{interpreter} is not installed: it is needed to build and compile the functions")
    _run([interpreter, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash", str(layer)])


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, check=False)  # nosec B603 # an argument list written here, no shell
    if done.returncode:
        sys.exit(done.returncode)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.deploy", description="Build and deploy the stack.")
    parser.add_argument("--config-env", default="default", help="environment of samconfig.toml")
    parser.add_argument("--stack-name", help="stack name, if not the one in the environment")
    parser.add_argument("--yes", action="store_true", help="deploy without showing the changes first")
    parser.add_argument("--build-only", action="store_true", help="build only")
    options = parser.parse_args(arguments)
    try:
        text = (ROOT / "samconfig.toml").read_text()
        deployment = Deployment.read(text, options.config_env, options.stack_name, asks=not options.yes)
        _run([str(SAM), *deployment.build()])
        compile_layer(LAYER, deployment.runtime(load()))
    except DeployError as error:
        sys.exit(f"deploy: {error}")
    if not options.build_only:
        _run([str(SAM), *deployment.deploy()])


if __name__ == "__main__":
    main()
