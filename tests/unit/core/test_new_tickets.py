"""R14: what becomes of new tickets that wait."""

import pytest
from msgspec.structs import replace

from tests.fakes.samples import BROKEN, HOUR, MINUTE, NOW, REF, SECOND, a_run, an_integration
from ticket_status.core.model import NEW_TICKETS, Due, Integration, Slice, SliceProgress, SyncRun, Trigger
from ticket_status.core.new_tickets import Leave, LookAgain, Postpone, Retrieve, how_to_take_up
from ticket_status.core.window import END
from ticket_status.core.work import NewTicketsWork

WORK = NewTicketsWork("cloud-abc", REF)
RUN = a_run()
ALL_RETRIEVED = a_run(slices={"0": SliceProgress(Slice("", END, ("2026-11",)), done=True)})
WITH_NEW_TICKETS = a_run(slices={**RUN.slices, NEW_TICKETS: SliceProgress(Slice("", END, ("2026-11",)))})
LOST = replace(RUN, updated_at=NOW - HOUR)

WORK = NewTicketsWork("cloud-abc", REF)


@pytest.mark.parametrize(
    ("integration", "active", "kind"),
    [
        (an_integration(retrieve_jira_tickets=False), None, Leave),
        (an_integration(health=BROKEN), None, Leave),
        (an_integration(paused_until=NOW + MINUTE), None, Postpone),
        (an_integration(), None, Retrieve),
        (an_integration(), LOST, Retrieve),
        (an_integration(new_tickets_at=NOW - MINUTE), RUN, Retrieve),
    ],
)
def test_new_tickets_are_retrieved_unless_somebody_else_is_on_the_way_to_them(
    integration: Integration, active: SyncRun | None, kind: type
) -> None:
    assert isinstance(how_to_take_up(integration, active, WORK, NOW), kind)


@pytest.mark.parametrize(
    ("integration", "active", "note_again"),
    [
        (an_integration(due=Due(Trigger.SCHEDULE, NOW)), None, True),
        (an_integration(), ALL_RETRIEVED, True),
        (an_integration(), WITH_NEW_TICKETS, False),
        (an_integration(new_tickets_at=NOW - SECOND), RUN, False),
    ],
)
def test_they_are_looked_for_again_while_a_run_may_come_by_them(
    integration: Integration, active: SyncRun | None, *, note_again: bool
) -> None:
    decided = how_to_take_up(integration, active, WORK, NOW)
    assert isinstance(decided, LookAgain)
    assert decided.note_again is note_again
