"""Jira Cloud: issues by ``bulkfetch``, which reads them by identifier and not from a search index."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import ClassVar, Final

from ticket_status.core.model import ReasonCode, Site
from ticket_status.core.observations import Account
from ticket_status.core.trouble import JiraTrouble, Refused
from ticket_status.jira.answers import Reply, mapping, sequence
from ticket_status.jira.issues import Gathered, error_names
from ticket_status.jira.signed_client import SignedClient, rejection
from ticket_status.jira.site import JiraSite, denied
from ticket_status.ports.jira import JiraRejectedRequestError

SMALL_CALL: Final = 100
"""Ids that every Cloud site takes in one call; most take 1000 since August 2026."""


class CloudJira(JiraSite):
    """A Cloud site, at its own address or behind the gateway."""

    _API: ClassVar = "/rest/api/3"
    _ACCOUNT: ClassVar = "accountId"

    def __init__(
        self, line: SignedClient, site: Site, prove_grant: Callable[[], Account | JiraTrouble] | None = None
    ) -> None:
        """``prove_grant``: proves an OAuth 2.0 grant that lacks the scopes of ``myself``."""
        super().__init__(line, site)
        self._prove_grant = prove_grant

    def whoami(self) -> Account | JiraTrouble:
        """Prove the account, or the grant when its scopes do not allow asking for the account."""
        answer = super().whoami()
        lacks = isinstance(answer, Refused) and answer.reason_code is ReasonCode.MISSING_SCOPES
        return self._prove_grant() if lacks and self._prove_grant is not None else answer

    def _gather(self, gathered: Gathered, issues: Sequence[str]) -> JiraTrouble | None:
        """In one call, or in calls of 100 where the site takes no more."""
        size = self.ids_per_call
        while issues:
            part, rest = issues[:size], issues[size:]
            reply = self._post("issue/bulkfetch", {"issueIdsOrKeys": part, "fields": ["status"]})
            if not isinstance(reply, Reply):
                return reply
            if reply.status == HTTPStatus.BAD_REQUEST:
                if len(part) <= SMALL_CALL:
                    raise JiraRejectedRequestError(rejection("POST", self._url("issue/bulkfetch"), reply.status))
                size = SMALL_CALL
                continue
            if not reply.ok:
                return denied(reply)
            self._learn_cap(size)
            _take_in(gathered, reply)
            issues = rest
        return None


def _take_in(gathered: Gathered, reply: Reply) -> None:
    """What is in neither list is missing; ``issueErrors`` are about now, and nothing is concluded from them."""
    data = mapping(reply.data, "the answer")
    gathered.add(sequence(data.get("issues"), "issues"))
    for name in error_names(sequence(data.get("issueErrors", []), "issueErrors")):
        if name in gathered.by_id:
            gathered.retry.add(name)
        elif name.upper() in gathered.by_key:
            gathered.retry.add(name.upper())
        else:
            gathered.retry.update(gathered.by_key)
