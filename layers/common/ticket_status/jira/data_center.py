"""Jira Server and Data Center: issues by ``search``, whose index lags a little and whose pages are capped.

The cap is the server's and is applied without an error, so it is read from each answer. Pages are not walked by
offset: issues that vanish in mid-walk would push others past it. What the first page did not show is asked for
again by name, in calls that fit the cap.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import ClassVar, Final

from ticket_status.core.trouble import JiraTrouble
from ticket_status.jira.answers import Reply, mapping, number, sequence
from ticket_status.jira.issues import Gathered, is_id
from ticket_status.jira.signed_client import rejection
from ticket_status.jira.site import JiraSite, denied
from ticket_status.ports.jira import JiraRejectedRequestError

_PLAIN_KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*-[0-9]+")
"""Keys that can stand in JQL; others are looked at by themselves."""

_TRIES: Final = 2
"""Times that an issue is asked for when the answers contradict themselves."""

_QUOTED_ID: Final = re.compile(r"'([0-9]{1,30})'")
"""As in: A value with ID '1' does not exist for the field 'id'."""


class DataCenterJira(JiraSite):
    """A Server or Data Center site."""

    _API: ClassVar = "/rest/api/2"
    _ACCOUNT: ClassVar = "name"

    def _gather(self, gathered: Gathered, issues: Sequence[str]) -> JiraTrouble | None:
        gathered.others |= any(not _searchable(one) for one in issues)
        left = [(one, 0) for one in issues if _searchable(one)]
        while left:
            part, left = left[: self.ids_per_call], left[self.ids_per_call :]
            unsure = self._search(gathered, [one for one, _ in part])
            if not isinstance(unsure, set):
                return unsure
            tried = {one: tries + 1 for one, tries in part if one in unsure}
            left += [(one, tries) for one, tries in tried.items() if tries < _TRIES]
            gathered.retry.update(_asked(one) for one, tries in tried.items() if tries >= _TRIES)
        return None

    def _search(self, gathered: Gathered, part: Sequence[str]) -> set[str] | JiraTrouble:
        """Ask for a page's worth; the answer is what has to be asked for again."""
        reply = self._post("search", _query(part))
        while isinstance(reply, Reply) and reply.status == HTTPStatus.BAD_REQUEST:
            part = self._not_rejected(gathered, part, reply)
            if not part:
                return set()
            reply = self._post("search", _query(part))
        if not isinstance(reply, Reply):
            return reply
        if not reply.ok:
            return denied(reply)
        data = mapping(reply.data, "the answer")
        page, total = number(data, "maxResults"), number(data, "total")
        issues = sequence(data.get("issues"), "issues")
        gathered.add(issues)
        if page < len(part):
            self._learn_cap(max(page, 1))
        return set() if len(issues) >= total else _unseen(gathered, part)

    def _not_rejected(self, gathered: Gathered, part: Sequence[str], reply: Reply) -> list[str]:
        """Jira rejected the query: the ids to ask for again, always fewer than there were names.

        Ids that it names are missing, and keys are looked at by themselves. With neither, it is our fault.
        """
        unknown = _named(reply)
        left = [one for one in part if is_id(one) and one not in unknown]
        if len(left) == len(part):
            raise JiraRejectedRequestError(rejection("POST", self._url("search"), HTTPStatus.BAD_REQUEST))
        gathered.others |= not all(map(is_id, part))
        return left


def _named(rejected: Reply) -> set[str]:
    """The ids that a rejection says do not exist."""
    told = rejected.data.get("errorMessages") if isinstance(rejected.data, Mapping) else None
    return set(_QUOTED_ID.findall(" ".join(map(str, told)))) if isinstance(told, list) else set()


def _query(part: Sequence[str]) -> dict[str, object]:
    ids = [one for one in part if is_id(one)]
    keys = [f'"{one}"' for one in part if not is_id(one)]
    either = [f"{field} in ({', '.join(names)})" for field, names in (("id", ids), ("key", keys)) if names]
    return {
        "jql": f"{' OR '.join(either)} ORDER BY id ASC",
        "fields": ["status"],
        "maxResults": len(part),
        "startAt": 0,
        "validateQuery": False,
    }


def _unseen(gathered: Gathered, part: Sequence[str]) -> set[str]:
    return {one for one in part if _asked(one) not in gathered.seen}


def _searchable(one: str) -> bool:
    return is_id(one) or _PLAIN_KEY.fullmatch(one) is not None


def _asked(one: str) -> str:
    return one if is_id(one) else one.upper()
