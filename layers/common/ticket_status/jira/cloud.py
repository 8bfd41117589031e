"""Jira Cloud: issues by ``bulkfetch``, which reads them by identifier and not from a search index."""

from collections.abc import Sequence
from typing import Final

from ticket_status.core.observations import Account
from ticket_status.jira.answers import Reply, mapping, sequence, text
from ticket_status.jira.dialect import Query, TakenIn
from ticket_status.jira.issues import Gathered, error_names

SMALL_CALL: Final = 100
"""Ids that every Cloud site takes in one call; most take 1000 since August 2026."""


class CloudDialect:
    """A Cloud site, at its own address or behind the gateway."""

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
        """What is in neither list is missing; ``issueErrors`` are about now, and nothing is concluded from them."""
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
        """Nothing: Cloud does not say which issue a rejection is about."""

    def account(self, data: object) -> Account:
        """By ``accountId``, which is of the person and not of the site."""
        return Account(text(mapping(data, "myself"), "accountId"))
