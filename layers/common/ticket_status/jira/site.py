"""What a Jira Cloud site and a Data Center have in common: the account, single issues, projects."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import ClassVar, Literal
from urllib.parse import quote

from ticket_status.core.judgement import Found, Lookup
from ticket_status.core.model import ReasonCode, Site
from ticket_status.core.observations import Account, Answered
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.jira.answers import MalformedAnswerError, Reply, malformed, mapping, text
from ticket_status.jira.issues import Gathered, is_id, shown_issues
from ticket_status.jira.signed_client import SignedClient

_MOST_SINGLE_LOOKS = 50
"""Keys that one ``ask`` tells apart by single calls; the others are left for the next."""


class JiraSite(ABC):
    """A ``ports.Jira``. What it learns of the site by and by is in ``site``."""

    _API: ClassVar[str]
    """The path before each operation's."""
    _ACCOUNT: ClassVar[str]
    """The member of ``myself`` that says who we are."""

    def __init__(self, line: SignedClient, site: Site) -> None:
        self._line = line
        self._site = site
        self._lock = threading.Lock()

    @property
    def site(self) -> Site:
        """What is known of the site by now."""
        return self._site

    @property
    def requests(self) -> int:
        """Calls to the site so far."""
        return self._line.requests

    @property
    def ids_per_call(self) -> int:
        """How many issues one call may name, as far as it is known."""
        return self._site.ids_per_call

    def ask(self, issues: Sequence[str]) -> Answered | JiraTrouble:
        """Show these issues, by id or key."""
        gathered = Gathered(issues)
        try:
            trouble = self._gather(gathered, list(dict.fromkeys(issues)))
            trouble = trouble or self._tell_apart(gathered)
        except MalformedAnswerError as error:
            return malformed(error)
        if trouble is not None:
            return trouble
        return Answered(gathered.seen, gathered.ids, frozenset(gathered.retry - gathered.seen.keys()))

    def look_at(self, issue: str) -> Found | Literal[Lookup.HIDDEN] | JiraTrouble | None:
        """Show one issue, by id or key, by itself."""
        reply = self._get(f"issue/{quote(issue, safe='')}", {"fields": "status"})
        if not isinstance(reply, Reply):
            return reply
        if reply.says_absent:
            return None
        if reply.status == HTTPStatus.FORBIDDEN:
            return Lookup.HIDDEN
        try:
            return _found(issue, reply)
        except MalformedAnswerError as error:
            return malformed(error)

    def can_browse(self, project_key: str) -> bool | JiraTrouble:
        """Whether the project answers, and is neither archived nor in the bin."""
        reply = self._get(f"project/{quote(project_key, safe='')}")
        match reply:
            case Refused(reason_code=ReasonCode.MISSING_SCOPES):
                return False
            case Reply():
                return self._browsable(reply)
            case _:
                return reply

    def whoami(self) -> Account | JiraTrouble:
        """Prove the account: ``myself`` has no anonymous fallback."""
        reply = self._get("myself")
        if not isinstance(reply, Reply):
            return reply
        try:
            account = self._account(reply)
        except MalformedAnswerError as error:
            return malformed(error)
        return account if isinstance(account, Refused) else self._known(account)

    @abstractmethod
    def _gather(self, gathered: Gathered, issues: Sequence[str]) -> JiraTrouble | None:
        """Ask for all of these; `MalformedAnswerError` when an answer cannot be read."""

    def _get(self, path: str, params: dict[str, str] | None = None) -> Reply | JiraTrouble:
        return self._line.get(self._url(path), params, account_id=self._site.account_id)

    def _post(self, path: str, body: object) -> Reply | JiraTrouble:
        return self._line.post(self._url(path), body, account_id=self._site.account_id)

    def _url(self, path: str) -> str:
        return f"{self._site.api_url}{self._API}/{path}"

    def _learn_cap(self, ids: int) -> None:
        with self._lock:
            self._site = replace(self._site, ids_per_call=min(ids, self._site.ids_per_call))

    def _known(self, account: Account) -> Account | Refused:
        """The account, if it is the one known from connecting."""
        with self._lock:
            known = self._site.account_id
            if known is None:
                self._site = replace(self._site, account_id=account.account_id)
        if known not in {None, account.account_id}:
            return Refused(
                ReasonCode.AUTHENTICATION_FAILED,
                "The credentials are another account's than before: test the integration",
            )
        return account

    def _account(self, reply: Reply) -> Account | Refused:
        if not reply.ok:
            return denied(reply)
        return Account(text(mapping(reply.data, "myself"), self._ACCOUNT))

    def _browsable(self, reply: Reply) -> bool | JiraTrouble:
        if reply.says_absent or reply.status == HTTPStatus.FORBIDDEN:
            return False
        if not reply.ok:
            return denied(reply)
        try:
            project = mapping(reply.data, "the project")
        except MalformedAnswerError as error:
            return malformed(error)
        return not (project.get("archived") is True or project.get("deleted") is True)

    def _tell_apart(self, gathered: Gathered) -> JiraTrouble | None:
        """Look at each key that nothing bears, if an issue was shown that may have moved from there (R15)."""
        keys = gathered.unmatched_keys if gathered.others else []
        gathered.retry.update(keys[_MOST_SINGLE_LOOKS:])
        for key in keys[:_MOST_SINGLE_LOOKS]:
            found = self.look_at(key)
            match found:
                case Found(issue_id, sighting):
                    gathered.found(key, issue_id, sighting)
                case Throttled() | Refused() | Unavailable():
                    return found
                case Lookup.HIDDEN | None:
                    continue
        return None


def denied(reply: Reply) -> Refused:
    """What a 403 or 404 means where neither is about an issue or project."""
    if reply.status == HTTPStatus.NOT_FOUND:
        return Refused(ReasonCode.NOT_JIRA, "There is no Jira at this address any more (404): check the address")
    return Refused(
        ReasonCode.AUTHENTICATION_FAILED,
        "Jira does not let the account in (403): give it access to Jira",
    )


def _found(asked: str, reply: Reply) -> Found | JiraTrouble:
    if not reply.ok:
        return denied(reply)
    shown = next(shown_issues([reply.data]))
    if shown.sighting is None:
        raise MalformedAnswerError("the issue has no status")
    if is_id(asked) and shown.issue_id != asked:
        raise MalformedAnswerError("it is about another issue")
    return Found(shown.issue_id, shown.sighting)
