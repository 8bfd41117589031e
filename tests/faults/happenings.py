"""What happens to a world: to its issues, to what Jira answers, and to when."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Unpack

from sample_jira.cloud import CloudSite
from sample_jira.data_center import DataCenterSite
from sample_jira.faults import FaultKind, FaultParameters
from tests.faults.world import NAME, PERIOD, PROJECT, World

Happens = Callable[[World], object]

SECOND_SITE = "cloud-b"


def nothing(_: World) -> None:
    """Nothing happens."""


# --- What happens to issues ------------------------------------------------------------------------------------------


def moves(status: str = "In Progress") -> Happens:
    """The first issue gets another status."""
    return lambda w: w.site.move(w.issue, status)


def gets_new_status(name: str) -> Happens:
    """The first issue gets a status without a category."""

    def happens(w: World) -> None:
        w.site.add_status(name, "undefined")
        w.site.move(w.issue, name)

    return happens


def vanish(count: int) -> Happens:
    """The first issues are deleted."""

    def happens(w: World) -> None:
        for number in range(1, count + 1):
            w.site.delete(f"{PROJECT}-{number}")

    return happens


def registered_too_early(w: World) -> None:
    """A ticket is registered, the first of all, whose issue Jira does not show yet."""
    (issue,) = w.site.create(PROJECT, 1)
    w.site.hide(issue.key)
    w.register(NAME, [issue])
    w.keys.insert(0, w.keys.pop())


def all_of(*parts: Happens) -> Happens:
    """One after the other."""

    def happens(w: World) -> None:
        for part in parts:
            part(w)

    return happens


def has_large_ids(w: World) -> None:
    """Ids that a reader of JSON in doubles would take for one another."""
    w.issues = w.site.create("BIG", 3, created=w.issues[0].created, spread_seconds=3, first_id=2**53 + 1)


def joined_by_second_site(w: World) -> None:
    """Another site, whose issues have the same ids and another status."""
    other = w.jira.add_cloud(SECOND_SITE)
    issues = other.create("OTHER", len(w.issues), status="Done", created=w.issues[0].created, spread_seconds=3)
    assert {one.id for one in issues} == {one.id for one in w.issues}
    w.integrate(SECOND_SITE, other)
    w.register(SECOND_SITE, issues)
    w.sync()
    w.pass_(PERIOD)
    moves()(w)


# --- What Jira answers -----------------------------------------------------------------------------------------------


def reading(kind: FaultKind, **parameters: Unpack[FaultParameters]) -> Happens:
    """The call that reads many issues meets this."""
    return lambda w: w.site.fault(kind, **at(w.reading_path, parameters))


def at(path: str, parameters: FaultParameters) -> FaultParameters:
    """The same, met by calls to this path."""
    return {**parameters, "path": path}


def anything(kind: FaultKind, **parameters: Unpack[FaultParameters]) -> Happens:
    """Every call meets this."""
    return lambda w: w.site.fault(kind, **parameters)


def missing_and(kind: FaultKind, **parameters: Unpack[FaultParameters]) -> Happens:
    """The first issue is deleted, and a call of the proof meets this."""
    return all_of(vanish(1), anything(kind, **parameters))


def too_many(status: int = 429, times: int | None = 1, **headers: str) -> Happens:
    """Jira asks to slow down; ``header_name=value`` is the header ``header-name``."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return reading("status", status=status, headers=told, times=times)


def until(write: Callable[[datetime], dict[str, str]], seconds: float = 60) -> Happens:
    """Jira asks to hold off up to a moment, as ``write`` has it."""

    def happens(w: World) -> None:
        headers = write(w.clock.now() + timedelta(seconds=seconds))
        w.site.fault("status", path=w.reading_path, status=429, headers=headers, times=1)

    return happens


def clocks_differ(w: World) -> None:
    """Jira's clock is an hour ahead, and it names a moment on it."""
    w.site.configure(clock_skew_seconds=3600.0)
    until = w.clock.now() + timedelta(hours=1, seconds=45)
    headers = {"Retry-After": format_datetime(until, usegmt=True)}
    w.site.fault("status", path=w.reading_path, status=429, headers=headers, times=1)


def hundreds(w: World) -> None:
    """The site answers for a hundred issues at a time."""
    w.site.configure(**({"bulk_cap": 100} if w.cloud else {"page_cap": 100}))


def in_chunk_37(w: World) -> None:
    """One issue has moved, and the 37th call of the run meets a 429."""
    moves()(w)
    w.site.fault("status", path=w.reading_path, status=429, headers={"Retry-After": "45"}, skip=36, times=1)


def was_throttled(w: World) -> None:
    """A run met a 429 just now, and waits."""
    w.site.throttle(120, path=w.reading_path)
    w.schedule()
    w.here.deliver(w.queue.take()[0])


# --- At the same time ------------------------------------------------------------------------------------------------


def overtaken(w: World) -> None:
    """An answer is on its way while a newer one is asked for and recorded."""
    w.site.move(w.issue, "In Progress")

    def newer() -> None:
        w.site.move(w.issue, "Done")
        w.pass_(timedelta(seconds=30))
        w.elsewhere.press()

    w.here.interrupting.interrupt("after", "ask", newer)


def overtaken_by_a_run(w: World) -> None:
    """The same, by a run that finds the issue as it was known, so that only the time of its range moves."""
    w.site.move(w.issue, "In Progress")

    def newer() -> None:
        w.site.move(w.issue, "To Do")
        w.pass_(timedelta(seconds=30))
        w.sync()

    w.here.interrupting.interrupt("after", "ask", newer)


def switched_off(w: World) -> None:
    """Somebody switches retrieval off."""
    after = w.integrations.switch(w.integration, on=False, now=w.clock.now())
    assert after is not None
    w.runs.cancel(after, w.clock.now())


def switched_off_in_mid_run(w: World) -> None:
    """Somebody switches retrieval off when the first call is being made."""
    w.here.interrupting.interrupt("before", "ask", lambda: switched_off(w))


def another_site(w: World) -> None:
    """The address passes to another company's site, whose ids are the same."""
    cloud(w).pass_address_on()


def impossible_id(w: World) -> None:
    """Somebody registers an issue id that no Jira can have."""
    impossible = replace(w.issues[-1], id=9_999_999_999_999_999_999, key=f"{PROJECT}-99")
    w.register(NAME, [impossible])


def cloud(w: World) -> CloudSite:
    """The site, which is a Cloud site."""
    assert isinstance(w.site, CloudSite)
    return w.site


def dc(w: World) -> DataCenterSite:
    """The site, which is a Data Center site."""
    assert isinstance(w.site, DataCenterSite)
    return w.site
