"""What every kind of test shares: a test has the kind of the folder it lies in."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
KINDS = {"platform_faults": "platform"}
"""Kinds of the folders that are not named like their kind."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its kind, so that `-m "not e2e"` works without a mark on every test."""
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        item.add_marker(getattr(pytest.mark, KINDS.get(folder, folder)))
