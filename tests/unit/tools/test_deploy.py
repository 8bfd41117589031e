"""``make deploy``: what it takes from samconfig.toml, and what it refuses before anything is built."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local import ROOT
from local.template import load
from tools import deploy
from tools.deploy import LONGEST_NAME, DeployError, Deployment, compile_layer

PLAIN = 'parameter_overrides = "Runtime=python3.12 ConsoleAccess=viewer"'
GUIDED = 'parameter_overrides = "Runtime=\\"python3.12\\" ConsoleAccess=\\"viewer\\""'
LISTED = 'parameter_overrides = ["Runtime=python3.12", "ConsoleAccess=viewer"]'
LONG = (
    'parameter_overrides = "ParameterKey=Runtime,ParameterValue=python3.12'
    ' ParameterKey=ConsoleAccess,ParameterValue=viewer"'
)
COMMAS = 'parameter_overrides = "SubnetIds=\\"subnet-1,subnet-2\\""'


def config(line: str, environment: str = "default") -> str:
    named = f'version = 0.1\n[{environment}.global.parameters]\nstack_name = "ours"\n'
    return f"{named}[{environment}.deploy.parameters]\n{line}\n"


@pytest.mark.parametrize("line", [PLAIN, GUIDED, LISTED, LONG])
def test_the_functions_are_built_for_what_they_are_deployed_for(line: str) -> None:
    read = Deployment.read(config(line), "default")
    assert read.parameters == {"Runtime": "python3.12", "ConsoleAccess": "viewer"}
    assert read.runtime(load()) == "python3.12"
    assert read.build()[-3:] == ["--parameter-overrides", "Runtime=python3.12", "ConsoleAccess=viewer"]


def test_a_list_of_subnets_stays_one_value() -> None:
    assert Deployment.read(config(COMMAS), "default").parameters == {"SubnetIds": "subnet-1,subnet-2"}


def test_where_no_runtime_is_named_it_is_the_template_s() -> None:
    read = Deployment.read(config(""), "default")
    assert read.runtime(load()) == load()["Parameters"]["Runtime"]["Default"]
    assert read.build() == ["build", "--config-env", "default"]


def test_another_environment_and_another_name_are_deployed_without_being_asked() -> None:
    read = Deployment.read(config(PLAIN, "staging"), "staging", "theirs", asks=False)
    assert read.deploy() == ["deploy", "--config-env", "staging", "--stack-name", "theirs", "--no-confirm-changeset"]
    assert Deployment.read(config(PLAIN), "default").deploy()[-2:] == ["--stack-name", "ours"]


@pytest.mark.parametrize(
    ("environment", "name", "says"),
    [
        ("stage", None, "it has default"),
        ("default", "a" * (LONGEST_NAME + 1), "53 characters, and may have 52"),
        ("default", "my_stack", "letters, digits and hyphens"),
        ("default", "1st", "beginning with a letter"),
    ],
)
def test_what_would_fail_late_fails_before_anything_is_built(environment: str, name: str | None, says: str) -> None:
    with pytest.raises(DeployError, match=says):
        Deployment.read(config(PLAIN), environment, name)


def test_an_override_without_a_value_is_named() -> None:
    with pytest.raises(DeployError, match="'Runtime' is not of the form"):
        Deployment.read(config('parameter_overrides = "Runtime"'), "default")


def test_the_project_s_own_file_has_staging_beside_production() -> None:
    text = (ROOT / "samconfig.toml").read_text()
    names = {one: Deployment.read(text, one).stack_name for one in ("default", "staging")}
    assert names == {"default": "ticket-status", "staging": "ticket-status-staging"}


def test_the_layer_is_compiled_by_the_interpreter_it_will_run_on(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("ANSWER = 42\n")
    compile_layer(tmp_path, f"python3.{sys.version_info.minor}")
    assert list(tmp_path.rglob("*.pyc"))
    with pytest.raises(DeployError, match=r"python3\.99 is not installed"):
        compile_layer(tmp_path, "python3.99")


def test_make_hands_on_what_it_is_told(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(shutil.which("make")), "--dry-run", "deploy", "ENV=staging", "STACK=mine", "YES=yes"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "-m tools.deploy --config-env staging --stack-name mine --yes" in done.stdout


def test_a_name_that_is_too_long_ends_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(deploy, "_run", lambda _: pytest.fail("something was built"))
    with pytest.raises(SystemExit) as ended:
        deploy.main(["--stack-name", "a" * 60])
    assert "60 characters" in str(ended.value)
    assert capsys.readouterr().out == ""
