"""What has no say in a story is taken out of it: threads, and chance."""

import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from tests.model.actors import Inline
from ticket_status.service.administration import integrations

_references = count(1)


@pytest.fixture(autouse=True)
def _one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system hands to threads is done at once, in order."""
    for name, module in list(sys.modules.items()):
        if name.startswith("ticket_status.") and getattr(module, "ThreadPoolExecutor", None) is ThreadPoolExecutor:
            monkeypatch.setattr(module, "ThreadPoolExecutor", Inline)


@pytest.fixture(autouse=True)
def _references_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their random part decides the order in which tickets of the same second are listed."""
    monkeypatch.setattr(integrations, "_new_ref", lambda name: f"{name}~{next(_references):06}")
