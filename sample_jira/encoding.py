"""Issues as the JSON text of Jira's answers, fast enough not to be what a benchmark measures."""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from sample_jira.clock import jira_time
from sample_jira.model import CATEGORIES, Issue, Status

ALL_FIELDS = ("status", "created", "updated", "summary", "project", "labels")
# Fields with one value each: Cloud gives a thousand issues a call when only these are asked for.
CHEAP_FIELDS = frozenset({"status", "created", "updated", "summary", "project", "id", "key"})


def dump(value: object) -> str:
    """JSON without needless blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def status_json(status: Status, site_url: str) -> dict[str, object]:
    """A status as Jira shows it, its category inside."""
    category = CATEGORIES[status.category]
    api = f"{site_url}/rest/api/2"
    return {
        "self": f"{api}/status/{status.id}",
        "description": "",
        "iconUrl": f"{site_url}/",
        "name": status.name,
        "id": str(status.id),
        "statusCategory": {
            "self": f"{api}/statuscategory/{category.id}",
            "id": category.id,
            "key": category.key,
            "colorName": category.color,
            "name": category.name,
        },
    }


@lru_cache(maxsize=4096)
def _status_text(status: Status, site_url: str) -> str:
    return dump(status_json(status, site_url))


class IssueEncoder:
    """Writes issues of one site with the fields that were asked for.

    `fields` follows Jira: none, `*all` and `*navigable` mean all; `-name` leaves one out;
    unknown names are ignored.
    """

    def __init__(
        self,
        statuses: dict[int, Status],
        project_json: Callable[[str], dict[str, object]],
        site_url: str,
        version: int,
        fields: Sequence[str] | None,
    ) -> None:
        self._statuses = statuses
        self._project_json = project_json
        self._site_url = site_url
        self._issue_url = f"{site_url}/rest/api/{version}/issue"
        self._fields = selected_fields(fields)

    def encode(self, issue: Issue) -> str:
        """One issue as JSON text."""
        fields = ",".join(f'"{name}":{self._field(issue, name)}' for name in self._fields)
        return (
            f'{{"expand":"","id":"{issue.id}","self":"{self._issue_url}/{issue.id}",'
            f'"key":"{issue.key}","fields":{{{fields}}}}}'
        )

    def encode_all(self, issues: Iterable[Issue]) -> str:
        """Several issues as the text of a JSON array."""
        return f"[{','.join(map(self.encode, issues))}]"

    def _field(self, issue: Issue, name: str) -> str:
        match name:
            case "status":
                return _status_text(self._statuses[issue.status_id], self._site_url)
            case "created":
                return f'"{jira_time(issue.created)}"'
            case "updated":
                return f'"{jira_time(issue.updated)}"'
            case "summary":
                return f'"Summary of {issue.id}"'
            case "project":
                return dump(self._project_json(issue.project))
            case _:
                return "[]"


def selected_fields(fields: Sequence[str] | None) -> tuple[str, ...]:
    """The fields an answer bears, of those this Jira knows, in its own order."""
    asked = set(fields or ("*all",))
    everything = asked & {"*all", "*navigable"} or all(name.startswith("-") for name in asked)
    return tuple(name for name in ALL_FIELDS if (everything or name in asked) and f"-{name}" not in asked)
