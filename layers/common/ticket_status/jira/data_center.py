"""Jira Server and Data Center: issues by ``search``, whose index lags a little and whose pages are capped.

The cap is the server's and is applied without an error, so it is read from each response. Pages are not walked by
offset: issues that vanish in mid-walk would push others past it. What the first page did not show is asked for
again by name, in calls that fit the cap.
"""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from ticket_status.core.observations import Account
from ticket_status.jira.answers import Reply, mapping, number, sequence, text
from ticket_status.jira.dialect import Query, TakenIn
from ticket_status.jira.issues import Gathered, is_id

_PLAIN_KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*-[0-9]+")
"""Keys that can stand in JQL; others are looked at by themselves."""

_NUMBER: Final = re.compile(r"(?<![0-9])[0-9]{1,19}(?![0-9])")

_MOST_ISSUES: Final = 10**9
"""More issues than any site has: a larger ``total`` or ``maxResults`` is a mistake."""


class DataCenterDialect:
    """A Server or Data Center site."""

    api = "/rest/api/2"
    always_taken: int | None = None
    names_change = True

    def in_bulk(self, issue: str) -> bool:
        """By id, and by keys that JQL reads as such."""
        return is_id(issue) or _PLAIN_KEY.fullmatch(issue) is not None

    def query(self, issues: Sequence[str]) -> Query:
        """One search, for a page's worth."""
        ids = [one for one in issues if is_id(one)]
        keys = [f'"{one}"' for one in issues if not is_id(one)]
        either = [f"{field} in ({', '.join(names)})" for field, names in (("id", ids), ("key", keys)) if names]
        body = {
            "jql": f"{' OR '.join(either)} ORDER BY id ASC",
            "fields": ["status"],
            "maxResults": len(issues),
            "startAt": 0,
            "validateQuery": False,
        }
        return Query("search", body)

    def take_in(self, gathered: Gathered, reply: Reply, part: Sequence[str]) -> TakenIn:
        """What a page with room for it does not show is missing."""
        data = mapping(reply.data, "response")
        issues = sequence(data.get("issues"), "issues")
        readable = gathered.add(issues)
        page, total = number(data, "maxResults", _MOST_ISSUES), number(data, "total", _MOST_ISSUES)
        capped = page if page and page < len(part) else None
        whole = len(issues) >= total if total is not None else len(issues) < (capped or len(part))
        again = [] if whole or not readable else gathered.unseen(part)
        return TakenIn(again, unreadable=not readable, page=capped)

    def left_of(self, gathered: Gathered, rejection: Reply, part: Sequence[str]) -> Sequence[str] | None:
        """Some versions reject a search for what does not exist, even when told not to validate.

        A number that was asked for and stands in the rejection, whatever its language, is a hint that this issue
        does not exist: it is missing, which is proven or not later. Keys are looked at by themselves.
        """
        if rejection.status != HTTPStatus.BAD_REQUEST or not rejection.by_jira:
            return None
        told = set(_NUMBER.findall(rejection.text))
        left = [one for one in part if is_id(one) and one not in told]
        if len(left) == len(part):
            return None
        gathered.others |= not all(map(is_id, part))
        return left

    def account(self, data: object) -> Account:
        """By ``key``, which stays when the account is renamed; very old versions have the name only."""
        myself = mapping(data, "myself")
        name = text(myself, "name")
        key = myself.get("key")
        return Account(key if isinstance(key, str) and key else name, name)
