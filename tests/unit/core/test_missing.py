"""What a judgement on a missing ticket counts as, when something newer is known of the ticket."""

import pytest

from tests.fakes.samples import NOW, SECOND, a_ticket
from ticket_status.core.judgement import Verdict
from ticket_status.core.missing import Judgement, consequence
from ticket_status.core.model import Absence, Counts


@pytest.mark.parametrize(
    ("absence", "counts"),
    [
        (None, Counts(unchanged=1)),
        (Absence.DELETED, Counts(deleted=1)),
        (Absence.INACCESSIBLE, Counts(inaccessible=1)),
        (Absence.VANISHED, Counts(inaccessible=1)),
    ],
)
def test_a_ticket_that_something_newer_is_known_of_counts_as_what_it_is_and_is_left_alone(
    absence: Absence | None, counts: Counts
) -> None:
    """As when a worker recorded its verdict, and ended before it could count it."""
    judged = Judgement(a_ticket(absence=absence), Verdict.DELETED, NOW)
    assert consequence(judged, NOW + SECOND) == (None, counts)
