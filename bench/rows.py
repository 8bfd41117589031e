"""Lines of the table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.api import Api
from bench.cold import Size, Start
from bench.cost import TICKET_BYTES, Counted, month, secrets
from bench.day import Day
from bench.full_run import CHANGED, Measured
from bench.hints import Hints
from bench.judging import Simulated
from bench.missing import Verdicts
from bench.others import Other
from bench.stored import Kept
from bench.views import View
from ticket_status.core.judgement import implausible
from ticket_status.service.retrieval.asking import CALLS_IN_FLIGHT

CALL_SECONDS = 0.1
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Line:
    """One measure."""

    measure: str
    measured: str
    target: str = ""
    beside: str = ""
    ratio: str = ""


def run_lines(got: Measured) -> list[Line]:
    """What a full run took."""
    floor, changed = -(-got.tickets // 1000), -(-got.tickets // CHANGED)
    what = f"{got.kind}, {got.tickets:,} tickets: "
    cpu, bare = (one.cpu / got.tickets * 1e6 for one in (got.ours, got.bare))
    writes = f"{got.calls.ticket_writes:,} / {got.calls.writes:,}"
    units = Line(
        what + "read units of the index",
        f"{got.read_units:,.0f}",
        f"≤ {max(got.tickets / 50, 100):,.0f}",
        "",
        f"{got.row_bytes:.0f} B a row",
    )
    others = f"{got.calls.reads} / {got.calls.read_units:,.0f}"
    return [
        Line(
            what + "Jira requests",
            f"{got.jira_requests}",
            f"≤ {floor * 11 // 10}",
            f"{floor}",
            _x(got.jira_requests, floor),
        ),
        Line(what + "writes, tickets / all", writes, f"{changed:,} / ≤ {changed + 100:,}"),
        Line(what + "write units of the tables", f"{got.calls.write_units:,}", f"≤ {changed + 300:,}", f"{changed:,}"),
        Line(what + "writes whose condition failed", f"{got.calls.refused}", "0", "0"),
        units,
        Line(what + "other reads, calls / units", others, f"≤ {floor * 5 + 100} / ≤ {floor * 5 + 100}"),
        Line(what + "CPU µs a ticket", f"{cpu:.1f}", "≤ 60; ≤ 8 x", f"bare loop {bare:.1f}", _x(cpu, bare)),
        Line(what + "wall s, Jira without latency", f"{got.ours.wall:.2f}"),
    ]


def unchanged_line(got: Measured) -> Line:
    """A run in which nothing changed: what an unchanged ticket takes."""
    cpu, bare = (one.cpu / got.tickets * 1e6 for one in (got.ours, got.bare))
    return Line(
        "the same, nothing changed: CPU µs a ticket",
        f"{cpu:.1f}",
        "≤ 12",
        f"bare loop {bare:.1f}",
        _x(cpu, bare),
    )


def first_sync_lines(got: Measured) -> list[Line]:
    """A run in which every ticket changed, as in a first one."""
    each, bare = (one.cpu / got.tickets * 1e3 for one in (got.ours, got.bare))
    what = f"{got.tickets:,} tickets, all changed: "
    return [
        Line(
            what + "CPU ms a ticket",
            f"{each:.2f}",
            "≤ 0.8",
            f"bare loop, a plain update each {bare:.2f}",
            _x(each, bare),
        ),
        Line(
            what + "tickets written / failed conditions",
            f"{got.calls.ticket_writes:,} / {got.calls.refused:,}",
            f"{got.tickets:,} / 0",
        ),
    ]


def view_lines(views: Sequence[View]) -> Iterator[Line]:
    """Pages that people look at, and large refreshes."""
    for one in views:
        least = f"≤ {one.most_calls}" if one.most_calls else ""
        units = f" / ≤ {one.most_read_units:,.0f}" if one.most_read_units else ""
        read = f"{len(one.calls.exchanges)} / {one.calls.read_units:,.1f}"
        yield Line(f"{one.what}: DynamoDB calls / read units", read, least + units, one.floor)
        if one.jira_requests is not None:
            written = f"{one.calls.writes:,} / {one.calls.write_units:,} / {one.calls.refused:,}"
            yield Line(f"{one.what}: writes / write units / failed conditions", written, "1,000 / / 0")
            yield Line(f"{one.what}: Jira requests", f"{one.jira_requests}", "1", "1")


def kept_lines(kept: Kept) -> Iterator[Line]:
    """What a ticket takes."""
    parts = ", ".join(f"{name} {size:.0f} ({kept.rows[name]:.1f})" for name, size in kept.parts.items())
    size = f"{sum(kept.parts.values()):,.0f}"
    yield Line("bytes kept of a ticket with a violation of its own", size, f"{TICKET_BYTES:,} in the costs", parts)
    units, writes = (one / kept.tickets for one in (kept.registered.write_units, kept.registered.writes))
    yield Line("registration of a ticket: items / write units of tables", f"{writes:.1f} / {units:.1f}", "", "6 / 12")


def small_line(got: Measured) -> Line:
    """An integration with few tickets, spread over a year."""
    return Line(f"{got.tickets} tickets over twelve months: Jira requests", f"{got.jira_requests}", "1", "1")


def slow_lines(one: Measured, two: Measured) -> Iterator[Line]:
    """A run against a slow Jira, by one worker, and by two as a deployment has them; beside the calls of one."""
    floor = one.jira_requests * CALL_SECONDS / CALLS_IN_FLIGHT
    for got, who, target in ((one, "one worker", "≤ 1.5 x"), (two, "two workers", "≤ 1.1 x")):
        what = f"{got.tickets:,} tickets at 100 ms a call, {CALLS_IN_FLIGHT} in flight, {who}: wall s"
        yield Line(what, f"{got.ours.wall:.2f}", target, f"{floor:.2f}", _x(got.ours.wall, floor))


def judging_lines(several: Sequence[Simulated]) -> Iterator[Line]:
    """Simulated verdicts on deleted tickets."""
    for got in several:
        pace = f"at {got.call_seconds * 1e3:.0f} ms a call"
        if got.calls_a_minute is not None:
            pace = f"{got.calls_a_minute} calls a minute allowed"
        what = f"{got.deleted:,} of {got.tickets:,} deleted, {pace}: "
        least = 0 if implausible(got.deleted, got.tickets) else got.deleted
        floor = got.tickets / 1000 + least
        yield Line(what + "Jira calls", f"{got.calls:,}", "≤ 1.02 x", f"{floor:,.0f}", _x(got.calls, floor))
        took = f"{got.messages}, {got.minutes:.1f} min"
        yield Line(what + "messages of the verdict, minutes of the run", took, "", f"{got.judged:,} judged in it")


def verdict_lines(deleted: Verdicts, hidden: Sequence[Verdicts]) -> Iterator[Line]:
    """What it takes to judge tickets that Jira does not show."""
    looks = deleted.missing
    what = f"{looks:,} of {deleted.tickets:,} deleted: "
    yield Line(what + "proven within the run", f"{deleted.judged:,}", f"{looks:,}")
    yield Line(what + "Jira requests", f"{deleted.jira_requests:,}", "", f"{looks:,} looks", f"{deleted.wall:.0f} s")
    writes = f"{deleted.calls.ticket_writes:,} / {len(deleted.calls.exchanges):,}"
    yield Line(what + "writes of tickets / DynamoDB calls", writes, f"{2 * looks:,}", "missed, then deleted")
    for got, which in zip(hidden, ("first run", "later run"), strict=True):
        what = f"{got.missing:,} of {got.tickets:,} hidden with their project, {which}: "
        beside = f"{got.wall:.1f} s at {got.call_seconds * 1e3:.0f} ms a call"
        yield Line(what + "Jira requests", f"{got.jira_requests}", "8 to 12", "8", beside)
        yield Line(what + "messages of the verdict", f"{got.messages}", "1")


def growth_lines(fixed: Measured, several: Sequence[Measured]) -> Iterator[Line]:
    """The cost of a ticket, and memory, as tickets become more; less what a run of one ticket takes."""
    first = several[0]
    for got in several:
        each, begin = (one.ours.cpu - fixed.ours.cpu for one in (got, first))
        cost, beginning = each / got.tickets * 1e6, begin / first.tickets * 1e6
        yield Line(
            f"{got.tickets:,} tickets: CPU µs each beyond the first's",
            f"{cost:.1f}",
            "± 10 %",
            f"{beginning:.1f}",
            _x(cost, beginning),
        )
        memory = f"{got.ours.peak:.0f}, of that {got.ours.peak - got.ours.base:.0f} grown"
        yield Line(f"{got.tickets:,} tickets: worker's MB resident", memory, "≤ 160", f"imports {got.ours.base:.0f}")


def other_lines(others: Sequence[Other], quick: Measured, slow: Measured) -> Iterator[Line]:
    """Those who do the same work, for as many tickets."""
    for one in others:
        plain, late = one.seconds_of(quick.tickets, 0), one.seconds_of(slow.tickets, CALL_SECONDS)
        asked = f"{one.requests_of(quick.tickets):,} requests"
        yield Line(
            f"{one.name}: s", f"{plain:,.1f}", "", f"ours {quick.ours.wall:.1f}; {asked}", _x(plain, quick.ours.wall)
        )
        yield Line(
            f"{one.name}: s at 100 ms a call",
            f"{late:,.0f}",
            "",
            f"ours {slow.ours.wall:.1f}",
            _x(late, slow.ours.wall),
        )


def api_lines(got: Api) -> list[Line]:
    """Calls of the API's operations."""
    read, refresh, register = got.read, got.refresh, got.register
    switches = (
        ("break", got.broken, "1"),
        ("recover", got.recovered, "1"),
        ("off", got.off, "1"),
        ("on", got.on, "1 and its run"),
    )
    return [
        Line(
            "GET tickets of a violation: DynamoDB calls, one after another",
            f"{len(read.exchanges)}, {read.one_after_another}",
            "≤ 3",
        ),
        Line(
            "the same, warm: ms",
            f"{got.read_seconds * 1e3:.2f}",
            "≤ 2 x",
            f"bare reads {got.bare_seconds * 1e3:.2f}",
            _x(got.read_seconds, got.bare_seconds),
        ),
        Line("refresh of 10 tickets: Jira requests", f"{got.refresh_jira}", "1"),
        Line(
            "refresh of 10 tickets: DynamoDB, one after another",
            f"{refresh.one_after_another}",
            "≤ 6",
            f"{len(refresh.exchanges)} in all",
        ),
        Line("registration of 100: DynamoDB calls", f"{len(register.exchanges)}", "≤ 16"),
        Line("registration of 100: SQS calls", f"{got.register_sqs}", "≤ 2"),
        *(Line(f"{name}, 1,000,000 tickets: writes", f"{calls.writes}", target) for name, calls, target in switches),
    ]


def hint_lines(got: Hints) -> Iterator[Line]:
    """Deliveries of webhooks, and what they have retrieved."""
    one, many = got.one, got.many
    yield Line(
        "delivery that is accepted: writes", f"{one.taken.writes}", "≤ 2", f"{many.hints} at once: {many.taken.writes}"
    )
    others = (got.duplicate, got.unknown, got.forged)
    yield Line(
        "delivery: duplicate, no ticket, forged: writes", ", ".join(f"{calls.writes}" for calls in others), "1, 1, 0"
    )
    for hints in (one, many):
        what = f"{hints.hints} changed at once, with a webhook: "
        yield Line(what + "Jira requests", f"{hints.jira_requests}", "≤ 12", "1")
        writes = f"{hints.each(lambda calls: calls.writes):.1f}"
        calls = f"{hints.each(lambda calls: len(calls.exchanges)):.1f} calls, {hints.messages} messages in all"
        yield Line(what + "DynamoDB writes each", writes, "", calls)


def cold_lines(starts: Sequence[Start], size: Size) -> Iterator[Line]:
    """Cold starts, and what is deployed."""
    bare = starts[0]
    yield Line(f"cold start, {bare.name}: CPU ms (wall)", f"{bare.cpu * 1e3:.0f} ({bare.wall * 1e3:.0f})")
    for one in starts[1:]:
        yield Line(
            f"cold start, {one.name}: CPU ms (wall)",
            f"{one.cpu * 1e3:.0f} ({one.wall * 1e3:.0f})",
            "≤ 1.25 x",
            f"{bare.cpu * 1e3:.0f} ({bare.wall * 1e3:.0f})",
            _x(one.cpu, bare.cpu),
        )
    largest = ", ".join(f"{name} {part / MEGABYTE:.0f}" for name, part in size.parts.items())
    yield Line(
        "layer MB, and compiled files", f"{size.layer / MEGABYTE:.0f} + {size.compiled / MEGABYTE:.0f}", "", largest
    )
    yield Line("all functions KB", f"{size.functions / 1024:.0f}")


def counted(got: Measured) -> Counted:
    """What the cost model starts from."""
    other = got.calls.operations["GetItem"] * 0.5 + got.calls.operations["BatchGetItem"]
    return Counted(
        index_units=got.read_units / got.tickets,
        other_writes=(got.calls.writes - got.calls.ticket_writes) / got.tickets,
        other_read_units=other / got.tickets,
        cpu_seconds=got.ours.cpu / got.tickets,
    )


def cost_lines(got: Measured) -> Iterator[Line]:
    """Dollars a month."""
    for tickets in (10_000, 1_000_000, 100_000_000):
        services = month(tickets, counted(got))
        most = ", ".join(f"{name} {dollars:.2f}" for name, dollars in sorted(services.items(), key=lambda one: -one[1]))
        target = "< 3" if tickets == 1_000_000 else ""  # noqa: PLR2004 - the issue's own
        yield Line(
            f"$ a month, {tickets:,} tickets",
            f"{sum(services.values()):.2f}",
            target,
            most,
            f"secrets {secrets(tickets):.2f}",
        )


def day_lines(days: Sequence[tuple[str, Day]]) -> Iterator[Line]:
    """The simulated days."""
    for name, day in days:
        runs = f"median {day.median_minutes:.0f}, last {day.last_minutes:.0f}"
        beside = (
            f"large {day.large_hours:.1f} h, throttled {day.throttled_minutes:.0f} min, workers {day.busy:.0%} busy"
        )
        yield Line(f"{name}: run minutes", runs, "< 480", beside, f"{day.unfinished} late")
        yield Line(f"{name}: first status of a new ticket, seconds", f"p99 {day.person_seconds:.0f}", "< 60")


def _x(one: float, other: float) -> str:
    return f"{one / other:.2f} x" if other else ""
