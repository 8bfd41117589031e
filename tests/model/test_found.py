"""What the model found in the system, each as the story that it shrank to (``docs/reliability.md`` has the list)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.model.machine import NO_LONGER_FRESH, Story

HELD = "is held"


@pytest.fixture
def story() -> Iterator[Story]:
    """A story, which comes to rest in the end."""
    begun = Story()
    yield begun
    begun.teardown()


def with_one_ticket(story: Story) -> None:
    story.begins(ages=[1])
    story.a_minute_passes_without_trouble()
    story.time_passes(NO_LONGER_FRESH)


def with_many_tickets(story: Story) -> None:
    story.begins(ages=[1])
    story.opens_many_tickets(days=1)
    story.a_minute_passes_without_trouble()
    story.time_passes(NO_LONGER_FRESH)


def deliver_slices(story: Story) -> None:
    """All that retrieves is delivered; what judges waits."""
    queue = story.stage.system.queue
    while slices := [message for message in queue.waiting if "slice" in message.name]:
        story.stage.deliver(slices[0], None)


def test_a_new_ticket_that_has_left_the_window_is_not_asked_for(story: Story) -> None:
    with_one_ticket(story)
    story.opens_a_ticket("abc", "P", 365, "id", "V1", None)
    story.a_minute_passes_without_trouble()
    story.comes_to_rest()


def test_a_ticket_that_leaves_the_window_keeps_when_it_was_seen(story: Story) -> None:
    with_one_ticket(story)
    story.opens_a_ticket("abc", "P", 340, "id", "V1", None)
    story.a_minute_passes_without_trouble()
    for _ in range(3):
        story.time_passes(timedelta(days=10))
        story.comes_to_rest()


def test_a_run_has_not_seen_what_was_registered_after_it_had_read_what_to_ask_for(story: Story) -> None:
    with_one_ticket(story)
    story.fires_the_schedule(None)
    story.delivers(0, (HELD, 4))
    assert story.stage.held
    story.opens_a_ticket("abc", "P", 0, "id", "V1", None)
    story.presses_the_button("V1", None)
    story.changes_in_jira("abc", 1, "Done")
    story.goes_on(0, None)
    story.comes_to_rest()


def test_a_refresh_answers_for_what_was_there_when_the_button_was_pressed(story: Story) -> None:
    with_one_ticket(story)
    story.presses_the_button("V1", (HELD, 6))
    assert story.stage.held
    story.opens_a_ticket("abc", "P", 0, "unknown", "V1", None)
    story.goes_on(0, None)
    story.comes_to_rest()


def test_a_run_delayed_for_long_does_not_take_last_updates_back_when_coverage_is_thinned(story: Story) -> None:
    story.begins(ages=[1, 40])
    story.a_minute_passes_without_trouble()
    story.fires_the_schedule(None)
    story.rechecks("abc", 0)
    story.time_passes(timedelta(days=200))
    story.delivers_in_order(5, None)
    story.fires_the_schedule(None)
    story.delivers_in_order(5, None)
    story.time_passes(timedelta(days=200))
    story.opens_a_ticket("abc", "P", 3, "id", "V1", None)
    story.comes_to_rest()


def test_a_mass_that_vanished_is_not_called_inaccessible_when_it_was_seen_again_before_the_verdict(
    story: Story,
) -> None:
    with_many_tickets(story)
    story.all_issues_are_hidden_or_shown("abc")
    story.fires_the_schedule(None)
    deliver_slices(story)
    story.all_issues_are_hidden_or_shown("abc")
    story.time_passes(NO_LONGER_FRESH)
    story.presses_the_button("V2", None)
    assert story.stage.system.queue.waiting
    story.delivers(0, None)
    story.comes_to_rest()


def test_one_press_of_the_button_does_not_call_a_mass_deleted_call_by_call(story: Story) -> None:
    with_many_tickets(story)
    story.all_issues_are_hidden_or_shown("abc")
    story.presses_the_button("V2", None)
    story.comes_to_rest()


def test_what_the_button_found_unchanged_may_have_changed_since_it_looked_at_what_is_stored(story: Story) -> None:
    with_one_ticket(story)
    story.presses_the_button("V1", (HELD, 3))
    assert story.stage.held
    story.changes_in_jira("abc", 0, "Done")
    story.fires_the_schedule(None)
    story.delivers(0, None)
    story.changes_in_jira("abc", 0, "To Do")
    story.goes_on(0, None)
    story.comes_to_rest()


def test_the_verdict_of_the_button_is_as_new_as_its_proof(story: Story) -> None:
    with_one_ticket(story)
    story.changes_in_jira("abc", 0, "hidden")
    story.presses_the_button("V1", (HELD, 6))
    assert story.stage.held
    story.changes_in_jira("abc", 0, "hidden")
    story.fires_the_schedule(None)
    story.delivers(0, None)
    story.changes_in_jira("abc", 0, "deleted")
    story.goes_on(0, None)
    story.comes_to_rest()


def test_a_repeated_message_that_misses_a_ticket_does_not_take_back_when_it_was_seen(story: Story) -> None:
    with_one_ticket(story)
    story.fires_the_schedule(None)
    story.delivers_twice(0, 5, beside=True)
    assert story.stage.held
    story.all_issues_are_hidden_or_shown("abc")
    story.goes_on(0, None)
    story.comes_to_rest()
