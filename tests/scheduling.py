"""Which tests run in one process when pytest-xdist runs them in several: those that share what is dear to start.

pytest-xdist 3.8 has groups of its own (`--dist loadgroup`), by a mark that it writes into a test's id; pytest 9.2 does
not let it. So the groups are made here, from the path alone.
"""

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

SHARED = {"browser": "browser", "contract": "contract", "platform_faults": "platform_faults", "template": "template"}
"""Groups of whole folders."""


def group_of(nodeid: str) -> str:
    """The group of a test; a test that shares nothing is one by itself."""
    path = PurePosixPath(nodeid.split("::", 1)[0])
    folder = path.parts[1] if len(path.parts) > 1 else ""
    if folder == "e2e":
        return "e2e-security" if path.name.startswith("test_security_") else "e2e"
    return SHARED.get(folder, nodeid)


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]  # has no annotations
    """Gives all tests of a group to one process, largest groups first, and any other test to one that is free."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
