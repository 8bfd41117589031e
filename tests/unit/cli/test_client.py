"""How long a call waits before it is sent again, and the package's own bounds."""

import ast
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ticket_status_cli.client import MANY_TRIES, MOST_WAITING_SECONDS, retry_after, wait_before

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "cli" / "ticket_status_cli"


def test_waits_double_and_are_spread() -> None:
    assert [wait_before(n, None, 0, 1.0) for n in range(1, 8)] == [0.5, 1, 2, 4, 8, 16, 30]
    assert wait_before(3, None, 0, 0.0) == 1


def test_the_services_own_wait_counts_and_all_waits_are_bounded() -> None:
    assert wait_before(1, 42, 0, 0.5) == 42
    assert wait_before(1, 0, 0, 0.5) == 0.5
    assert wait_before(1, MOST_WAITING_SECONDS + 1, 0, 0.5) is None
    assert wait_before(2, 100, MOST_WAITING_SECONDS - 50, 0.5) is None
    assert wait_before(MANY_TRIES, None, 0, 0.5) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("Sun, 22 Nov 2026 08:00:30 GMT", 30),
        ("Sun, 22 Nov 2026 07:00:00 GMT", 0),
        ("soon", None),
        (None, None),
    ],
)
def test_retry_after_is_a_number_or_a_date(text: str | None, seconds: float | None) -> None:
    assert retry_after(text, datetime(2026, 11, 22, 8, tzinfo=UTC)) == seconds


def test_the_package_knows_neither_the_service_nor_an_aws_library() -> None:
    forbidden = {"boto3", "botocore", "ticket_status", "local", "aws_lambda_powertools"}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not forbidden & {name.split(".")[0] for name in names}, path
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert not [one for one in project["dependencies"] if one.startswith("boto")]
