"""Which OAuth scopes each operation of Jira Cloud needs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scopes:
    """An operation needs all classic scopes or all granular ones."""

    classic: frozenset[str]
    granular: frozenset[str]

    def satisfied_by(self, granted: frozenset[str]) -> bool:
        """Whether a token with these scopes may call the operation."""
        return self.classic <= granted or self.granular <= granted


def _granular(*names: str) -> frozenset[str]:
    return frozenset(f"read:{name}:jira" for name in names)


_WORK = frozenset({"read:jira-work"})

NO_SCOPES = Scopes(frozenset(), frozenset())
ISSUES = Scopes(
    _WORK,
    _granular(
        "issue-meta",
        "issue-security-level",
        "issue.vote",
        "issue.changelog",
        "avatar",
        "issue",
        "status",
        "user",
        "field-configuration",
    ),
)
SEARCH_BY_GET = Scopes(_WORK, _granular("issue-details", "audit-log", "avatar", "field-configuration", "issue-meta"))
SEARCH_BY_POST = Scopes(_WORK, _granular("issue-details", "field.default-value", "field.option", "field", "group"))
MYSELF = Scopes(frozenset({"read:jira-user"}), _granular("application-role", "group", "user", "avatar"))
PROJECT = Scopes(
    _WORK,
    _granular(
        "issue-type",
        "project",
        "project.property",
        "user",
        "application-role",
        "avatar",
        "group",
        "issue-type-hierarchy",
        "project-category",
        "project-version",
        "project.component",
    ),
)
PERMISSIONS = Scopes(_WORK, _granular("permission"))

WEBHOOKS = Scopes(
    _WORK | {"manage:jira-webhook"},
    frozenset({"read:webhook:jira", "write:webhook:jira", "delete:webhook:jira", "read:jql:jira"}),
)

_ALL = (ISSUES, SEARCH_BY_GET, SEARCH_BY_POST, MYSELF, PROJECT, PERMISSIONS, WEBHOOKS)

# All that a token can be given here.
EVERY_SCOPE = frozenset({"offline_access"}).union(*(one.classic | one.granular for one in _ALL))
