"""Pages are fetched while the caller works, and calls side by side keep their order."""

from collections.abc import Iterator
from threading import Event

import pytest

from ticket_status.aws.dynamo import read_ahead, side_by_side


def test_the_next_page_is_fetched_while_the_caller_works_on_this_one() -> None:
    fetched = [Event(), Event()]

    def pages() -> Iterator[int]:
        for number, event in enumerate(fetched):
            event.set()
            yield number

    ahead = read_ahead(pages())
    assert next(ahead) == 0
    assert fetched[1].wait(5)
    assert list(ahead) == [1]


def test_an_error_in_fetching_reaches_the_caller_in_its_place() -> None:
    def pages() -> Iterator[int]:
        yield 1
        raise OSError("no page")

    ahead = read_ahead(pages())
    assert next(ahead) == 1
    with pytest.raises(OSError, match="no page"):
        next(ahead)


def test_a_caller_may_stop_in_the_middle() -> None:
    ahead = read_ahead(iter(range(100)))
    assert next(ahead) == 0
    ahead.close()  # type: ignore[attr-defined]
    assert list(ahead) == []


@pytest.mark.parametrize("number", [0, 1, 2, 50])
def test_results_come_in_the_order_of_the_arguments(number: int) -> None:
    assert side_by_side(str, range(number)) == [str(one) for one in range(number)]
