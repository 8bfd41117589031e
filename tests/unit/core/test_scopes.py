"""R16: which scopes a grant lacks."""

import pytest

from ticket_status.core.scopes import REQUESTED_SCOPES, REQUIRED_SCOPES, jira_scopes, missing_scopes

PAGE = ("read:issue-details:jira", "read:field.default-value:jira", "read:field.option:jira")


def test_twelve_granular_scopes_are_required_each_once() -> None:
    assert len(REQUIRED_SCOPES) == len(set(REQUIRED_SCOPES)) == 12


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        ((), REQUIRED_SCOPES),
        (REQUIRED_SCOPES, ()),
        (("read:jira-work",), ()),
        (("read:jira-work", "read:jira-user", "offline_access"), ()),
        (tuple(scope for scope in REQUIRED_SCOPES if scope not in PAGE), PAGE),
        (("write:jira-work", "manage:jira-project"), REQUIRED_SCOPES),
        (
            ("read:jira-user",),
            tuple(one for one in REQUIRED_SCOPES if one not in {"read:user:jira", "read:avatar:jira"}),
        ),
    ],
)
def test_what_is_neither_granted_nor_covered_by_a_classic_scope_is_missing(
    granted: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    assert missing_scopes(granted) == missing


def test_authorising_asks_for_all_that_is_required_and_for_a_refresh_token() -> None:
    assert missing_scopes(REQUESTED_SCOPES) == ()
    assert "offline_access" in REQUESTED_SCOPES
    assert len(set(REQUESTED_SCOPES)) == len(REQUESTED_SCOPES)


def test_scopes_of_other_products_are_told_from_jiras() -> None:
    scopes = ["read:jira-work", "read:issue:jira", "read:confluence-content.all", "read:page:confluence"]
    assert jira_scopes(scopes) == {"read:jira-work", "read:issue:jira"}
