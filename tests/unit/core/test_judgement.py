"""R7 and R8: every combination of evidence, what has to be asked for it, and the implausible share."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes.samples import DONE, NOW, a_ticket, seen
from ticket_status.core.judgement import (
    Evidence,
    Found,
    Inquiry,
    Lookup,
    Verdict,
    asks_for_issue,
    implausible,
    inquiry,
    judge,
    project_of,
)
from ticket_status.core.model import Absence, Ticket, TicketKey

FOUND = Found("10412", seen("JAS-1", DONE))
SHOWN_BEFORE = a_ticket()
NEVER_SHOWN = replace(a_ticket(), status=None)


@pytest.mark.parametrize(
    ("browsable", "issue", "expected"),
    [
        (True, Lookup.NOT_FOUND, Verdict.DELETED),
        (True, Lookup.HIDDEN, Verdict.INACCESSIBLE),
        (True, Lookup.NOT_ASKED, Verdict.VANISHED),
        (True, Lookup.FAILED, Verdict.UNDECIDED),
        (True, FOUND, FOUND),
        (False, Lookup.NOT_FOUND, Verdict.INACCESSIBLE),
        (False, Lookup.HIDDEN, Verdict.INACCESSIBLE),
        (False, Lookup.NOT_ASKED, Verdict.INACCESSIBLE),
        (False, Lookup.FAILED, Verdict.INACCESSIBLE),
        (False, FOUND, FOUND),
        (None, Lookup.NOT_FOUND, Verdict.UNDECIDED),
        (None, Lookup.HIDDEN, Verdict.INACCESSIBLE),
        (None, Lookup.NOT_ASKED, Verdict.UNDECIDED),
        (None, Lookup.FAILED, Verdict.UNDECIDED),
        (None, FOUND, FOUND),
    ],
)
def test_the_verdict_on_every_combination_of_evidence(
    *, browsable: bool | None, issue: Found | Lookup, expected: Verdict | Found
) -> None:
    assert judge(SHOWN_BEFORE, Evidence(browsable, issue), NOW) == expected


@pytest.mark.parametrize(
    ("ticket", "minutes", "expected"),
    [
        pytest.param(NEVER_SHOWN, 59, Verdict.INACCESSIBLE, id="never shown, registered less than an hour ago"),
        pytest.param(NEVER_SHOWN, 60, Verdict.DELETED, id="never shown, registered an hour ago"),
        pytest.param(SHOWN_BEFORE, 1, Verdict.DELETED, id="shown before, however new"),
    ],
)
def test_what_jira_never_showed_is_not_called_deleted_within_its_first_hour(
    ticket: Ticket, minutes: int, expected: Verdict
) -> None:
    registered = replace(ticket, registered_at=NOW - timedelta(minutes=minutes))
    assert judge(registered, Evidence(project_browsable=True, issue=Lookup.NOT_FOUND), NOW) is expected


def test_a_ticket_from_before_registrations_were_dated_is_an_old_one() -> None:
    undated = replace(NEVER_SHOWN, registered_at=None)
    assert judge(undated, Evidence(project_browsable=True, issue=Lookup.NOT_FOUND), NOW) is Verdict.DELETED


BY_ID, BY_KEY = TicketKey("cloud-abc~k3f9x2", "10001"), TicketKey("cloud-abc~k3f9x2", "key#JAS-1")


@pytest.mark.parametrize("recheck", [False, True])
@pytest.mark.parametrize("mass", [False, True])
@pytest.mark.parametrize(
    ("key", "absence", "expected"),
    [
        (BY_ID, None, Inquiry.PROJECT_THEN_ISSUE),
        (BY_KEY, None, Inquiry.PROJECT_AND_ISSUE),
        (BY_ID, Absence.INACCESSIBLE, Inquiry.PROJECT_THEN_ISSUE),
        (BY_KEY, Absence.INACCESSIBLE, Inquiry.PROJECT_AND_ISSUE),
        (BY_ID, Absence.VANISHED, Verdict.VANISHED),
        (BY_ID, Absence.DELETED, Verdict.DELETED),
    ],
)
def test_what_has_to_be_asked_for_a_missing_ticket(
    *, key: TicketKey, absence: Absence | None, expected: Verdict | Inquiry, mass: bool, recheck: bool
) -> None:
    asked = inquiry(replace(a_ticket(), key=key, absence=absence), mass=mass, recheck=recheck)
    if mass and absence is None:
        assert asked is Inquiry.PROJECT
    elif recheck and absence is Absence.VANISHED:
        assert asked is Inquiry.PROJECT_THEN_ISSUE
    else:
        assert asked is expected


@pytest.mark.parametrize(
    ("asked", "browsable", "expected"),
    [
        (Inquiry.PROJECT, True, False),
        (Inquiry.PROJECT_THEN_ISSUE, True, True),
        (Inquiry.PROJECT_THEN_ISSUE, False, False),
        (Inquiry.PROJECT_THEN_ISSUE, None, False),
        (Inquiry.PROJECT_AND_ISSUE, True, True),
        (Inquiry.PROJECT_AND_ISSUE, False, True),
        (Inquiry.PROJECT_AND_ISSUE, None, True),
    ],
)
def test_whether_the_issue_is_asked_for_by_itself(*, asked: Inquiry, browsable: bool | None, expected: bool) -> None:
    assert asks_for_issue(asked, project_browsable=browsable) is expected


@given(
    absence=st.sampled_from([None, *Absence]),
    mass=st.booleans(),
    recheck=st.booleans(),
    browsable=st.sampled_from([True, False, None]),
    issue=st.sampled_from([FOUND, *Lookup]),
    minutes=st.integers(0, 120),
)
def test_deleted_takes_a_404_for_the_issue_in_a_project_that_can_be_browsed(  # noqa: PLR0913 - all there is
    *,
    absence: Absence | None,
    mass: bool,
    recheck: bool,
    browsable: bool | None,
    issue: Found | Lookup,
    minutes: int,
) -> None:
    ticket = replace(a_ticket(), absence=absence, registered_at=NOW - timedelta(minutes=minutes))
    asked = inquiry(ticket, mass=mass, recheck=recheck)
    if asked is Verdict.DELETED:
        assert absence is Absence.DELETED
    if isinstance(asked, Verdict):
        return
    looked_at = asks_for_issue(asked, project_browsable=browsable)
    verdict = judge(ticket, Evidence(browsable, issue if looked_at else Lookup.NOT_ASKED), NOW)
    if verdict is Verdict.DELETED:
        assert (browsable, issue, looked_at) == (True, Lookup.NOT_FOUND, True)
        assert not mass or absence is not None


@pytest.mark.parametrize(
    ("vanished", "asked", "expected"),
    [
        pytest.param(20, 20, False, id="twenty, though all"),
        pytest.param(21, 21, True, id="twenty-one of as many"),
        pytest.param(21, 42, True, id="exactly half"),
        pytest.param(21, 43, False, id="less than half"),
        pytest.param(500, 1000, True, id="half of a thousand"),
        pytest.param(499, 1000, False, id="less than half of a thousand"),
        pytest.param(1, 1, False, id="a single ticket"),
        pytest.param(0, 0, False, id="nothing"),
    ],
)
def test_half_or_more_and_more_than_twenty_are_implausible(*, vanished: int, asked: int, expected: bool) -> None:
    assert implausible(vanished, asked) is expected


@given(st.integers(0, 20), st.integers(0, 1000))
def test_up_to_twenty_are_always_plausible(vanished: int, others: int) -> None:
    assert not implausible(vanished, vanished + others)


@pytest.mark.parametrize(("issue_key", "project"), [("JAS-26363", "JAS"), ("A_B2-1", "A_B2")])
def test_the_project_is_what_stands_before_the_number(issue_key: str, project: str) -> None:
    assert project_of(issue_key) == project
