"""Tests that share a stack run in one process."""

import pytest

from tests.scheduling import group_of


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        ("tests/e2e/test_main_path.py::test_a", "e2e-rest"),
        ("tests/e2e/test_first_day.py::test_a", "e2e-clients"),
        ("tests/e2e/test_security_scopes.py::test_b[POST /hooks/{hook_id}-no token]", "e2e-security"),
        ("tests/browser/test_views.py::test_c", "browser-views"),
        ("tests/browser/test_story.py::test_c", "browser-rest"),
        ("tests/contract/test_runs.py::test_d[emulator]", "contract"),
        ("tests/platform_faults/test_table.py::test_e", "platform_faults"),
        ("tests/template/test_names.py::test_g[gov]", "template"),
        ("tests/unit/core/test_window.py::test_f[e2e]", "tests/unit/core/test_window.py::test_f[e2e]"),
    ],
)
def test_what_shares_a_stack_is_a_group_and_anything_else_is_one_by_itself(nodeid: str, group: str) -> None:
    assert group_of(nodeid) == group
