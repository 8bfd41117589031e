"""How Jira Cloud and Data Center differ when asked for issues."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final, NamedTuple, Protocol

from ticket_status.core.observations import Account
from ticket_status.jira.answers import Reply, mapping, number, sequence, text
from ticket_status.jira.issues import Gathered, error_names, is_id


class Query(NamedTuple):
    """A call for many issues: the path of its operation, and its body."""

    path: str
    body: Mapping[str, object]


class TakenIn(NamedTuple):
    """What remains to be done after a response."""

    again: Sequence[str] = ()
    """Issues that it did not reach, to be asked for again."""
    unreadable: bool = False
    """Whether it had unreadable parts, so that nothing is concluded about issues it did not show."""
    page: int | None = None
    """How many issues the server puts into one response, when that is fewer than were asked for."""


class Dialect(Protocol):
    """How one kind of Jira is asked."""

    @property
    def api(self) -> str:
        """The path before each operation's."""

    @property
    def always_taken(self) -> int | None:
        """The number of issues that every site of this kind accepts in one call, if documented."""

    @property
    def names_change(self) -> bool:
        """Whether responses identify the account by its name, which can change."""

    def in_bulk(self, issue: str) -> bool:
        """Whether this issue, by id or key, can be asked for together with others."""

    def query(self, issues: Sequence[str]) -> Query:
        """The call for these issues."""

    def take_in(self, gathered: Gathered, reply: Reply, part: Sequence[str]) -> TakenIn:
        """Read a response to the call for ``part``. MalformedAnswerError if it is not one."""

    def left_of(self, gathered: Gathered, rejection: Reply, part: Sequence[str]) -> Sequence[str] | None:
        """What to ask for again, if this rejection names the issues at fault; else ``None``."""

    def account(self, data: object) -> Account:
        """Our account, according to ``myself``."""


# --- Jira Cloud -----------------------------------------------------------------------------------------------------

SMALL_CALL: Final = 100
"""Ids that every Cloud site accepts in one call; most accept 1000 since August 2026."""


class CloudDialect:
    """A Cloud site, at its own address or behind the gateway.

    Issues come from ``bulkfetch``, which reads them by identifier and not from a search index.
    """

    api = "/rest/api/3"
    always_taken: int | None = SMALL_CALL
    names_change = False

    def in_bulk(self, issue: str) -> bool:  # noqa: ARG002 - the protocol's
        """Always."""
        return True

    def query(self, issues: Sequence[str]) -> Query:
        """One ``bulkfetch``."""
        return Query("issue/bulkfetch", {"issueIdsOrKeys": list(issues), "fields": ["status"]})

    def take_in(self, gathered: Gathered, reply: Reply, part: Sequence[str]) -> TakenIn:  # noqa: ARG002 - the protocol's
        """Issues in neither list are missing; nothing is concluded from ``issueErrors``, which are temporary."""
        data = mapping(reply.data, "response")
        readable = gathered.add(sequence(data.get("issues"), "issues"))
        for name in error_names(sequence(data.get("issueErrors") or [], "issueErrors")):
            if name is None:
                readable = False
            elif name in gathered.by_id:
                gathered.retry.add(name)
            elif name.upper() in gathered.by_key:
                gathered.retry.add(name.upper())
            else:
                gathered.retry.update(gathered.by_key)
        return TakenIn(unreadable=not readable)

    def left_of(self, gathered: Gathered, rejection: Reply, part: Sequence[str]) -> None:
        """Always ``None``: Cloud does not say which issue a rejection is about."""

    def account(self, data: object) -> Account:
        """By ``accountId``, which belongs to the person, not the site."""
        return Account(text(mapping(data, "myself"), "accountId"))


# --- Jira Server and Data Center ------------------------------------------------------------------------------------

_PLAIN_KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*-[0-9]+")
"""Keys that can be used in JQL; others are checked one by one."""

_NUMBER: Final = re.compile(r"(?<![0-9])[0-9]{1,19}(?![0-9])")

_MOST_ISSUES: Final = 10**9
"""More issues than any site has: a larger ``total`` or ``maxResults`` is a mistake."""


class DataCenterDialect:
    """A Server or Data Center site.

    Issues come from ``search``, whose index lags a little and whose pages are capped. The cap is the server's and is
    applied without an error, so it is read from each response. Pages are not walked by offset: issues that vanish in
    mid-walk would push others past it. What the first page did not show is asked for again by name, in calls that fit
    the cap.
    """

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

        A number that was asked for and appears in the rejection, in whatever language, is a hint that this issue does
        not exist: it is missing, and the proof follows later. Keys are checked one by one.
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
