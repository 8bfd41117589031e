"""The model is for one actor at a time: what the system hands to threads is done at once, in order."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.model.actors import Inline


@pytest.fixture(autouse=True)
def _one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = [module for name, module in sys.modules.items() if name.startswith("ticket_status.")]
    for module in modules:
        if getattr(module, "ThreadPoolExecutor", None) is ThreadPoolExecutor:
            monkeypatch.setattr(module, "ThreadPoolExecutor", Inline)
