"""Which tests run in one process when pytest-xdist runs them in several: those that share what is dear to start.

pytest-xdist 3.8 has groups of its own (`--dist loadgroup`), by a mark that it writes into a test's id; pytest 9.2 does
not let it. So the groups are made here, from the path alone.
"""

import re
from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

SHARED = {"contract", "platform_faults", "template"}
"""Folders that are a group each."""

STACKS = {
    "e2e": {
        "security": re.compile(r"test_security_"),
        "clients": re.compile(r"test_(examples|first_day|generated_client|issuer)\b"),
    },
    "browser": {"views": re.compile(r"test_(accessibility|views)\b")},
}
"""Folders whose tests need a stack, in groups that take about as long; the last group is what no pattern names."""


def group_of(nodeid: str) -> str:
    """The group of a test; a test that shares nothing is one by itself."""
    path = PurePosixPath(nodeid.split("::", 1)[0])
    folder = path.parts[1] if len(path.parts) > 1 else ""
    if folder in STACKS:
        found = (name for name, pattern in STACKS[folder].items() if pattern.match(path.stem))
        return f"{folder}-{next(found, 'rest')}"
    return folder if folder in SHARED else nodeid


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]  # has no annotations
    """Gives all tests of a group to one process, largest groups first, and any other test to one that is free."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
