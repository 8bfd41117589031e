"""``python -m bench [--full]``: measure, and print one table."""

import argparse
import os
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import api, cold, hints, judging, missing, others, stored, views
from bench.cost import PRICES_OF
from bench.day import simulate
from bench.full_run import Measured, fill, measure
from bench.rows import (
    CALL_SECONDS,
    Line,
    api_lines,
    cold_lines,
    cost_lines,
    day_lines,
    first_sync_lines,
    growth_lines,
    hint_lines,
    judging_lines,
    kept_lines,
    other_lines,
    run_lines,
    slow_lines,
    small_line,
    unchanged_line,
    verdict_lines,
    view_lines,
)
from bench.sample import Sample, sample_jira
from bench.wire import Wire
from bench.world import World
from local.emulator import Emulator
from ticket_status.core.model import InstallationType

CLOUD, SERVER = InstallationType.CLOUD, InstallationType.SERVER
MANY = 100_000
FIRST_SYNC = 5_000
HIDDEN_CALL_SECONDS = 0.25
PARTS = ("runs", "verdicts", "api", "views", "hints", "cold", "day")


def main() -> None:
    """Measure in the short form, or with ``--full`` in the long one."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="up to a million tickets")
    parser.add_argument("--only", choices=PARTS, action="append", help="one part; several are allowed")
    arguments = parser.parse_args()
    parts = arguments.only or PARTS
    table = Table("measure", "measured", "target", "floor or peer", "ratio")
    with Emulator("bench") as aws, Wire(aws.url).running() as wire:
        for part in parts:
            for line in _lines(part, wire, full=arguments.full):
                table.add_row(line.measure, line.measured, line.target, line.beside, line.ratio)
            table.add_section()
    console = Console(width=None if os.isatty(1) else 180)
    console.print(table)
    console.print(_about())


def _lines(part: str, wire: Wire, *, full: bool) -> Iterable[Line]:
    match part:
        case "runs":
            return _runs(wire, full=full)
        case "verdicts":
            return _verdicts(wire, full=full)
        case "api" | "views" | "hints":
            with sample_jira() as sample:
                return _requests(part, World.make(wire), sample)
        case "cold":
            size = cold.build()
            return cold_lines(cold.starts(World.make(wire)), size)
        case _:
            days = [
                ("10 m tickets, 1,000 integrations, 10 workers", simulate(1_000, 10_000_000, 10)),
                ("1 bn tickets, 10,000 integrations, 10 workers", simulate(10_000, 1_000_000_000, 10)),
                ("the same without the large one", simulate(10_000, 1_000_000_000, 10, large=False)),
                ("the same with it, 50 workers", simulate(10_000, 1_000_000_000, 50)),
            ]
            return day_lines(days)


def _requests(part: str, world: World, sample: Sample) -> Iterable[Line]:
    """What callers of the API, people and Jira itself bring about."""
    match part:
        case "api":
            return api_lines(api.measure(world, sample))
        case "views":
            return [
                *view_lines(views.measure(world, sample)),
                *kept_lines(stored.measure(World.make(world.wire), sample)),
            ]
        case _:
            return hint_lines(hints.measure(world, sample))


def _runs(wire: Wire, *, full: bool) -> list[Line]:
    """Full runs, their growth, the peers, and what it all costs."""
    world = World.make(wire)
    with sample_jira() as alone:
        peers = others.measure(alone)
    with sample_jira() as sample:

        def run(tickets: int, changed: int = 100, *, seconds: float = 0, workers: int = 1) -> Measured:
            return measure(fill(world, sample, tickets, CLOUD, changed), seconds, workers)

        fixed, small = run(1), run(200)
        growing = [run(tickets) for tickets in (1_000, 10_000)]
        many = run(MANY)
        slow, shared = (run(MANY, seconds=CALL_SECONDS, workers=workers) for workers in (1, 2))
        same = run(MANY, MANY + 1)
        first = run(FIRST_SYNC, 1)
        server = measure(fill(world, sample, MANY, SERVER))
        growing += [many, *([run(1_000_000)] if full else [])]
    return [
        *run_lines(many),
        unchanged_line(same),
        *first_sync_lines(first),
        *run_lines(server),
        small_line(small),
        *slow_lines(slow, shared),
        *growth_lines(fixed, growing),
        *other_lines(peers, many, slow),
        *cost_lines(many),
    ]


def _verdicts(wire: Wire, *, full: bool) -> Iterable[Line]:
    """Runs of whose tickets Jira does not show some."""
    world = World.make(wire)
    with sample_jira() as sample:
        tickets, deleted = (10_000, 4_000) if full else (2_000, 500)
        proven = missing.measure(missing.with_deleted(world, sample, tickets, deleted))
        hidden = missing.with_hidden(world, sample, 5_000, 2_000)
        twice = [missing.measure(hidden, HIDDEN_CALL_SECONDS) for _ in range(2)]
    simulated = [
        judging.simulate(MANY, 10_000, CALL_SECONDS),
        judging.simulate(MANY, 20_000, CALL_SECONDS),
        judging.simulate(MANY, 50_000, CALL_SECONDS),
        judging.simulate(1_000, 100, CALL_SECONDS, calls_a_minute=10),
    ]
    return [*verdict_lines(proven, twice), *judging_lines(simulated)]


def _about() -> str:
    """The machine, its load, and versions."""
    cpu = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    model = next((line.partition(":")[2].strip() for line in cpu.splitlines() if line.startswith("model name")), "")
    ours = ", ".join(f"{name} {version(name)}" for name in ("botocore", "pynamodb", "requests"))
    peers = ", ".join(f"{name} {others.version(name)}" for name in ("jira", "tap-jira", "dlt"))
    return (
        f"{model or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f};"
        f" Python {platform.python_version()}, {ours}; peers: {peers}; prices: {PRICES_OF}"
    )


if __name__ == "__main__":
    main()
