"""Takes the worker off its queue for a while, so that a test sees the messages."""

from collections.abc import Iterator
from contextlib import contextmanager

from local.stack import Stack
from tests.e2e.driver import wait_for


@contextmanager
def worker_at_rest(stack: Stack) -> Iterator[None]:
    """While nobody but the test takes messages off the queue."""
    functions = stack.session.client("lambda", endpoint_url=stack.endpoint_url)
    [mapping] = functions.list_event_source_mappings(FunctionName=f"{stack.name}-sync-worker")["EventSourceMappings"]

    def switch(*, on: bool) -> None:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)
        state = "Enabled" if on else "Disabled"
        wait_for(
            lambda: functions.get_event_source_mapping(UUID=mapping["UUID"])["State"] == state, f"the poller {state}"
        )

    switch(on=False)
    try:
        yield
    finally:
        switch(on=True)
