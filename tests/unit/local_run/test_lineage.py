"""How a chain of invocations is written, read and merged."""

import pytest

from local.gate.lineage import Lineage, function_hash, longest, read_lineage, write_trace

ARN = "arn:aws:lambda:us-east-1:000000000000:function:worker"


def test_a_lineage_is_read_as_it_was_written() -> None:
    lineage = {function_hash(ARN): 16, "68fd508a": 1}
    assert read_lineage(write_trace(lineage)) == lineage


@pytest.mark.parametrize(
    "header", ["", "Root=1-2;Sampled=0", "Lineage=", "Lineage=abc", "Lineage=abc:x", "XLineage=a:1"]
)
def test_a_header_without_a_lineage_begins_a_chain(header: str) -> None:
    assert read_lineage(header) == {}


def test_versions_and_aliases_of_a_function_are_one_function() -> None:
    assert function_hash(ARN) == function_hash(f"{ARN}:live")
    assert function_hash(ARN) != function_hash(f"{ARN}2")


def test_chains_that_meet_in_a_batch_count_as_the_longest() -> None:
    chains: list[Lineage] = [{"a": 1, "b": 7}, {"a": 3}, {}]
    assert longest(chains) == {"a": 3, "b": 7}
