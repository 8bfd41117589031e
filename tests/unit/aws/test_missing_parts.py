"""Notes of missing tickets fit into an item of DynamoDB, however long their ids and whatever is concluded of them."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.samples import NOW
from ticket_status.aws.runs.item import cut, stored_unproven
from ticket_status.core.judgement import Verdict
from ticket_status.core.missing import Unproven, UnprovenVerdict

ITEM_BYTES = 409_600
"""Of one item, its names included; in UTF-8."""

BESIDE = 4_096
"""More than what an item has beside its tickets and the verdicts on them."""

LONGEST = 255
"""Characters of an issue's key at most, of whatever script."""


def size(part: list[str]) -> int:
    """Bytes of the tickets of an item with a verdict on each."""
    verdicts = tuple(UnprovenVerdict(one, max(Verdict, key=len), NOW) for one in part)
    unproven = stored_unproven(Unproven("a" * 128, 1_000_000, verdicts))
    return len(json.dumps(part).encode()) + len(json.dumps(unproven).encode())


@given(st.text(min_size=1, max_size=LONGEST), st.integers(1, 6_000))
def test_every_part_fits_and_none_is_lost(name: str, count: int) -> None:
    ids = [f"key#{name}-{number}" for number in range(count)]
    parts = list(cut(ids))
    assert [one for part in parts for one in part] == ids
    assert all(size(part) + BESIDE <= ITEM_BYTES for part in parts)


@given(st.sampled_from(["Q", "Щ", "漢", "\U0001f9ff", "\u0000", '"']), st.integers(1, 2_000))
def test_the_longest_ids_fit_too(letter: str, count: int) -> None:
    parts = list(cut([letter * LONGEST] * count))
    assert sum(map(len, parts)) == count
    assert all(size(part) + BESIDE <= ITEM_BYTES for part in parts)


def test_parts_are_full() -> None:
    assert len(list(cut([str(10_000 + number) for number in range(6_000)]))) <= 3
    assert list(cut([])) == []
