"""R16: the OAuth 2.0 scopes that retrieving from Jira Cloud needs, as data."""

from collections.abc import Iterable

_BULKFETCH = (
    "read:issue-meta:jira",
    "read:issue-security-level:jira",
    "read:issue.vote:jira",
    "read:issue.changelog:jira",
    "read:avatar:jira",
    "read:issue:jira",
    "read:status:jira",
    "read:user:jira",
    "read:field-configuration:jira",
)
"""Of ``POST /rest/api/3/issue/bulkfetch``, in the order of Atlassian's reference."""

_PRODUCT_PAGE = (
    "read:issue-details:jira",
    "read:field.default-value:jira",
    "read:field.option:jira",
)
"""What integrations from before the feature lack, by the product's page."""

REQUIRED_SCOPES = _BULKFETCH + _PRODUCT_PAGE
"""Granular scopes without which retrieval is not switched on."""

_PROOF = (
    "read:application-role:jira",
    "read:group:jira",
    "read:project:jira",
    "read:project.property:jira",
    "read:project.component:jira",
    "read:project-category:jira",
    "read:project-version:jira",
    "read:issue-type:jira",
    "read:issue-type-hierarchy:jira",
)
"""Of ``myself`` and ``project/{key}``, which prove a deletion (R7). Integrations that create tickets have them."""

REQUESTED_SCOPES = (*REQUIRED_SCOPES, *_PROOF, "offline_access")
"""Scopes requested when authorising; without ``offline_access`` there is no refresh token."""

WEBHOOK_SCOPES = ("read:jira-work", "manage:jira-webhook")
"""What an OAuth 2.0 app needs beyond to register webhooks (R19); asked for only where somebody wants one."""

_CLASSIC_WORK = "read:jira-work"
_CLASSIC_USER = "read:jira-user"
_COVERED_BY_CLASSIC_USER = frozenset({"read:user:jira", "read:avatar:jira"})
"""Everything else that is required is about issues, which ``read:jira-work`` covers, their people included."""


def missing_scopes(granted: Iterable[str]) -> tuple[str, ...]:
    """The required granular scopes that are neither granted nor covered by a granted classic one."""
    held = frozenset(granted)
    return tuple(scope for scope in REQUIRED_SCOPES if scope not in held and not _covered(scope, held))


def jira_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """The Jira scopes among these: one grant can also be for Confluence, under the same site id."""
    return frozenset(scope for scope in scopes if scope.endswith(":jira") or scope in _CLASSIC_JIRA)


_CLASSIC_JIRA = frozenset(
    {
        _CLASSIC_WORK,
        _CLASSIC_USER,
        "write:jira-work",
        "manage:jira-project",
        "manage:jira-configuration",
        "manage:jira-webhook",
        "manage:jira-data-provider",
    }
)


def _covered(scope: str, held: frozenset[str]) -> bool:
    return _CLASSIC_WORK in held or (_CLASSIC_USER in held and scope in _COVERED_BY_CLASSIC_USER)
