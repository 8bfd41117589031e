"""R7 and R8: every combination of evidence, and the implausible share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.examples import DONE, seen
from ticket_status.core.judgement import Evidence, Found, Lookup, Verdict, implausible, judge, project_of

FOUND = Found("10412", seen("JAS-1", DONE))


@pytest.mark.parametrize(
    ("browsable", "issue", "expected"),
    [
        (True, Lookup.NOT_FOUND, Verdict.DELETED),
        (True, Lookup.HIDDEN, Verdict.INACCESSIBLE),
        (True, Lookup.NOT_ASKED, Verdict.UNDECIDED),
        (True, FOUND, FOUND),
        (False, Lookup.NOT_FOUND, Verdict.INACCESSIBLE),
        (False, Lookup.HIDDEN, Verdict.INACCESSIBLE),
        (False, Lookup.NOT_ASKED, Verdict.INACCESSIBLE),
        (False, FOUND, FOUND),
        (None, Lookup.NOT_FOUND, Verdict.UNDECIDED),
        (None, Lookup.HIDDEN, Verdict.INACCESSIBLE),
        (None, Lookup.NOT_ASKED, Verdict.UNDECIDED),
        (None, FOUND, FOUND),
    ],
)
def test_the_verdict_on_every_combination_of_evidence(
    *, browsable: bool | None, issue: Found | Lookup, expected: Verdict | Found
) -> None:
    assert judge(Evidence(browsable, issue)) == expected


def test_without_a_look_at_the_issue_itself_nothing_is_called_deleted() -> None:
    assert judge(Evidence(project_browsable=True)) is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("missing", "asked", "expected"),
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
def test_half_or_more_and_more_than_twenty_are_implausible(*, missing: int, asked: int, expected: bool) -> None:
    assert implausible(missing, asked) is expected


@given(st.integers(0, 20), st.integers(0, 1000))
def test_up_to_twenty_are_always_plausible(missing: int, others: int) -> None:
    assert not implausible(missing, missing + others)


@pytest.mark.parametrize(("issue_key", "project"), [("JAS-26363", "JAS"), ("A_B2-1", "A_B2")])
def test_the_project_is_what_stands_before_the_number(issue_key: str, project: str) -> None:
    assert project_of(issue_key) == project
