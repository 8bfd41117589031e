"""The messages of the sync queue."""

from typing import TypeAlias

from msgspec import Struct


class SliceWork(Struct, frozen=True):
    """Retrieve a slice of a run, from where it was left."""

    integration_name: str
    integration_ref: str
    run_id: str
    name: str


class VerdictWork(Struct, frozen=True):
    """Judge the missing tickets of a run, and end it."""

    integration_name: str
    integration_ref: str
    run_id: str


class NewTicketsWork(Struct, frozen=True):
    """Retrieve waiting tickets: newly registered ones (R14), and those that a webhook named (R19)."""

    integration_name: str
    integration_ref: str
    again: bool = False
    """They were looked for a moment ago: this is for those that the index, which lags behind, did not show yet."""
    hinted: bool = False
    """A webhook named them."""


Work: TypeAlias = SliceWork | VerdictWork | NewTicketsWork
