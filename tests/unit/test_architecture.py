"""What imports what: the rules know nothing of AWS, HTTP, logs or the environment, and dependencies point inwards."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers" / "common"
PACKAGE = LAYER / "ticket_status"

PURE = {
    "bisect",
    "collections",
    "datetime",
    "enum",
    "ipaddress",
    "itertools",
    "re",
    "typing",
    "urllib.parse",
}
"""What the core may import besides itself: nothing that reads, writes, logs, waits or draws lots."""

VALUES = {"msgspec.Struct", "msgspec.field", "msgspec.structs", "msgspec.to_builtins"}
"""What values are declared with and taken apart. What msgspec reads and writes is for the adapters."""

REACHES_OUT = {"asyncio", "http", "logging", "os", "pathlib", "shutil", "socket", "ssl", "subprocess", "sys", "urllib"}
"""What of the standard library the use cases leave to adapters and to the composition."""


def modules(folder: Path) -> list[Path]:
    """Every module in a folder."""
    found = sorted(folder.rglob("*.py"))
    assert found
    return found


def imports(path: Path) -> Iterator[str]:
    """Dotted names of everything a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def within(name: str, allowed: set[str]) -> bool:
    """Whether a dotted name is, or lies in, one of these."""
    return any(name == one or name.startswith(f"{one}.") for one in allowed)


def foreign(folder: Path, allowed: set[str]) -> set[str]:
    """What the modules of a folder import beyond what is allowed, with who does it."""
    return {
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules(folder)
        for name in imports(path)
        if not within(name, allowed)
    }


def test_the_core_imports_only_itself_and_what_is_pure() -> None:
    assert not foreign(PACKAGE / "core", PURE | VALUES | {"ticket_status.core"})


def test_the_core_reads_no_clock_and_no_environment_and_prints_nothing() -> None:
    impure = {"now", "utcnow", "today", "open", "print", "input", "environ", "getenv"}
    for path in modules(PACKAGE / "core"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", None)
            assert name not in impure, f"{path}: calls {name}"


def test_the_ports_know_only_the_core() -> None:
    assert not foreign(PACKAGE / "ports", PURE | VALUES | {"ticket_status.core", "ticket_status.ports"})


WINGS = ("tickets", "retrieval", "administration")
"""The use cases by feature; each knows itself and those before it."""


@pytest.mark.parametrize("wing", WINGS)
def test_the_use_cases_know_only_the_core_the_ports_and_the_wings_below(wing: str) -> None:
    outside = (set(sys.stdlib_module_names) - REACHES_OUT) | VALUES
    below = {f"ticket_status.service.{name}" for name in WINGS[: WINGS.index(wing) + 1]}
    assert not foreign(PACKAGE / "service" / wing, outside | below | {"ticket_status.core", "ticket_status.ports"})


@pytest.mark.parametrize("part", ["aws", "jira", "api"])
def test_no_adapter_knows_another_nor_how_they_are_put_together(part: str) -> None:
    forbidden = {f"ticket_status.{name}" for name in {"aws", "jira", "api", "composition", "config"} - {part}}
    for path in modules(PACKAGE / part):
        assert not [name for name in imports(path) if within(name, forbidden)], path


def test_the_package_knows_neither_the_functions_nor_the_local_run_nor_the_tests() -> None:
    for path in modules(PACKAGE):
        assert not [name for name in imports(path) if within(name, {"functions", "local", "tests"})], path


def test_a_handler_imports_only_from_the_layer_never_a_sibling() -> None:
    outside = (set(sys.stdlib_module_names) - {"logging", "os"}) | VALUES
    assert not foreign(ROOT / "functions", outside | {"aws_lambda_powertools", "ticket_status"})


def test_only_the_configuration_reads_the_environment() -> None:
    readers = {path.name for path in modules(PACKAGE) if any(within(name, {"os"}) for name in imports(path))}
    assert readers <= {"config.py", "session.py"}


def test_importing_the_handlers_builds_nothing() -> None:
    """In an interpreter of its own, without a region and with clients that cannot be made."""
    import_handlers("import botocore.session as s", "del s.Session.create_client")


def test_importing_the_handlers_loads_nothing_that_asks_jira() -> None:
    """A cold start does not wait for it: it comes with the first site that is opened."""
    said = import_handlers("import sys", then="print(*sys.modules)").split()
    assert "ticket_status.service.retrieval.worker" in said
    assert not {"requests", "ticket_status.jira.connector"} & set(said)
    assert [name for name in said if name.startswith("ticket_status.jira.")] == [
        "ticket_status.jira.delivery_signatures"
    ]


def import_handlers(*first: str, then: str = "") -> str:
    """Import all handlers in an interpreter of its own; what it wrote."""
    handlers = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in modules(ROOT / "functions")]
    lines = [*first, *map("import {}".format, handlers), then]
    command = [sys.executable, "-W", "error", "-c", "\n".join(lines)]
    paths = {"PYTHONPATH": f"{LAYER}:{ROOT}"}
    ended = subprocess.run(command, env=paths, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
