"""One Jira site with one integration's credentials: the account, single issues, projects, many issues."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Final, Literal
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from ticket_status.core.isolation import NO_ISSUE, PROVE
from ticket_status.core.judgement import Found, Lookup
from ticket_status.core.model import ReasonCode, Site
from ticket_status.core.observations import Account, Answered
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.jira.answers import MalformedAnswerError, Reply, malformed, mapping
from ticket_status.jira.bulk import BulkRead
from ticket_status.jira.dialect import Dialect
from ticket_status.jira.guard import same_name
from ticket_status.jira.issues import Gathered, is_id, read_page, shown_issues
from ticket_status.jira.quoting import with_quote
from ticket_status.jira.signed_client import CallFailure, SignedClient
from ticket_status.ports.jira import JiraRejectedRequestError

_MOST_SINGLE_LOOKS: Final = 50
"""Keys that one ``ask`` checks with single calls; the others are left for the next."""

_FAILED_LOOKS_IN_A_ROW: Final = 3
"""After this many, the site is checked."""


def _no_tenant() -> None:
    """A Data Center has no id."""


class Proofs(Struct, frozen=True):
    """What proves a site beyond its ``myself``."""

    tenant: Callable[[], str | Throttled | Unavailable | None] = _no_tenant
    """The cloud id of what answers at the address; ``None`` when it cannot be told."""
    grant: Callable[[], Account | JiraTrouble] | None = None
    """Proves an OAuth 2.0 grant that lacks the scopes of ``myself``."""


class JiraSite:
    """A ``ports.jira.Jira``. What it finds out about the site is in ``site``."""

    def __init__(
        self,
        client: SignedClient,
        site: Site,
        dialect: Dialect,
        now: Callable[[], datetime],
        proofs: Proofs = Proofs(),
    ) -> None:
        self._client = client
        self._site = site
        self._dialect = dialect
        self._now = now
        self._proofs = proofs
        self._lock = threading.Lock()
        self._same_site: JiraTrouble | Literal["unknown"] | None = "unknown"

    @property
    def site(self) -> Site:
        """What is known of the site by now."""
        return self._site

    @property
    def requests(self) -> int:
        """Calls to the site so far."""
        return self._client.requests

    @property
    def ids_per_call(self) -> int:
        """How many issues one call may name, as far as it is known."""
        return self._site.ids_per_call

    # --- Issues -----------------------------------------------------------------------------------------------------

    def ask(self, issues: Sequence[str]) -> Answered | JiraTrouble:
        """Show these issues, by id or key."""
        bulk = BulkRead(issues, self._dialect, self._site, self._learn, self._now)
        trouble: JiraTrouble | None = None
        while trouble is None and (step := bulk.parts.next_step()) is not None:
            if step != PROVE:
                trouble = bulk.take(step, self._call_for(step.issues))
            elif (trouble := self._prove()) is None:
                bulk.parts.proven()
        bulk.end(finished=trouble is None)
        gathered = bulk.gathered
        trouble = trouble or self._tell_apart(gathered)
        if trouble is not None:
            return trouble
        seen = gathered.seen.keys()
        return Answered(
            gathered.seen,
            gathered.ids,
            retry=frozenset(gathered.retry - seen - gathered.failed),
            failed=frozenset(gathered.failed - seen),
        )

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

    def _tell_apart(self, gathered: Gathered) -> JiraTrouble | None:
        """Check each key that no issue has, if an issue was shown that may have moved from there (R15)."""
        keys = gathered.unmatched_keys if gathered.others else []
        gathered.retry.update(keys[_MOST_SINGLE_LOOKS:])
        failures = 0
        for key in keys[:_MOST_SINGLE_LOOKS]:
            found = self.look_at(key)
            match found:
                case Found(issue_id, sighting):
                    gathered.found(key, issue_id, sighting)
                case Unavailable(own_deadline=False):
                    gathered.failed.add(key)
                    failures += 1
                case Throttled() | Refused() | Unavailable():
                    return found
                case Lookup.HIDDEN | None:
                    failures = 0
            if failures == _FAILED_LOOKS_IN_A_ROW:
                trouble = self._prove()
                if trouble is not None:
                    return trouble
                failures = 0
        return None

    def _call_for(self, issues: Sequence[str]) -> Reply | CallFailure:
        query = self._dialect.query(issues)
        return self._for_us(self._client.post(self._url(query.path), query.body, read_page))

    def _prove(self) -> JiraTrouble | None:
        """Whether the site works: it answers the same call for an issue that no ticket has."""
        reply = self._call_for([NO_ISSUE])
        if isinstance(reply, CallFailure):
            return reply.trouble
        if not reply.ok:
            told = self._dialect.left_of(Gathered([NO_ISSUE]), reply, [NO_ISSUE])
            return self._rejected(reply) if told is None else None
        try:
            taken = self._dialect.take_in(Gathered([]), reply, [NO_ISSUE])
        except MalformedAnswerError as error:
            return malformed(error)
        return malformed(MalformedAnswerError("`issues` cannot be read")) if taken.unreadable else None

    def _rejected(self, reply: Reply) -> JiraTrouble:
        """What it means if the site rejects the call for any issue (R9).

        It is our bug, and an alarm (JiraRejectedRequestError), if the site still answers for our account.
        """
        if reply.status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND} or reply.status < HTTPStatus.BAD_REQUEST:
            return denied(reply)
        account = self.whoami()
        if isinstance(account, Account):
            where = self._url(self._dialect.query(()).path)
            raise JiraRejectedRequestError(
                with_quote(f"Jira rejected our call with {reply.status}: POST {where}", reply.said)
            )
        return denied(reply) if isinstance(account, Unavailable) else account

    def _learn(self, change: Callable[[Site], Site]) -> None:
        """Change what is known of the site."""
        with self._lock:
            self._site = change(self._site)

    # --- Who and where we are ---------------------------------------------------------------------------------------

    def can_browse(self, project_key: str) -> bool | JiraTrouble:
        """Whether the project answers, and is neither archived nor in the bin."""
        reply = self._get(f"project/{quote(project_key, safe='')}")
        match reply:
            case Refused(reason_code=ReasonCode.MISSING_SCOPES):
                return False
            case Reply():
                return _browsable(reply)
            case _:
                return reply

    def whoami(self) -> Account | JiraTrouble:
        """Prove the account: ``myself`` has no anonymous fallback. A grant may lack the scopes for it."""
        reply = self._client.get(self._url("myself"))
        if isinstance(reply, CallFailure):
            trouble = reply.trouble
            lacks = isinstance(trouble, Refused) and trouble.reason_code is ReasonCode.MISSING_SCOPES
            return self._proofs.grant() if lacks and self._proofs.grant is not None else trouble
        if not reply.ok:
            return denied(reply)
        try:
            account = self._dialect.account(reply.data)
        except MalformedAnswerError as error:
            return malformed(error)
        return self._known(account)

    def same_site(self) -> JiraTrouble | None:
        """Whether the address still belongs to the known Cloud site (R15); asked once, without credentials.

        ``None`` also if that cannot be told: only a different id proves a different site.
        """
        if self._same_site == "unknown":
            self._same_site = self._compared(self._proofs.tenant())
        return self._same_site

    def _compared(self, tenant: str | Throttled | Unavailable | None) -> JiraTrouble | None:
        if isinstance(tenant, Throttled):
            return tenant
        if not isinstance(tenant, str):
            return None
        known = self._site.cloud_id
        if known is not None:
            return different_site(known, tenant)
        self._learn(lambda site: replace(site, cloud_id=tenant))
        return None

    def _known(self, account: Account) -> Account | Refused:
        """The account, if it is the known one: by its id or, as older versions stored it, by its name."""
        known = self._site.account_id
        if known not in {None, account.account_id, account.name}:
            return _another_account()
        self._learn(lambda site: replace(site, account_id=account.account_id, account_name=account.name))
        return account

    # --- Calls ------------------------------------------------------------------------------------------------------

    def _get(self, path: str, params: dict[str, str] | None = None) -> Reply | JiraTrouble:
        reply = self._for_us(self._client.get(self._url(path), params))
        return reply if isinstance(reply, Reply) else reply.trouble

    def _for_us(self, reply: Reply | CallFailure) -> Reply | CallFailure:
        """The reply, if it is for our account: what another account sees proves nothing about ours.

        A Data Center gives the account's name, which can change; then ``myself`` decides.
        """
        if isinstance(reply, CallFailure) or reply.account is None:
            return reply
        known = {self._site.account_id, self._site.account_name} - {None}
        if not known or any(same_name(reply.account, str(one)) for one in known):
            return reply
        account = self.whoami() if self._dialect.names_change else _another_account()
        return reply if isinstance(account, Account) else CallFailure(account)

    def _url(self, path: str) -> str:
        return f"{self._site.api_url}{self._dialect.api}/{path}"


def _another_account() -> Refused:
    return Refused(
        ReasonCode.AUTHENTICATION_FAILED,
        "Jira answered as a different account from the one known: test the integration",
    )


def different_site(known: str, found: str) -> Refused | None:
    """The refusal of a Cloud site with this id (R15); ``None`` if it is the known one."""
    if known == found:
        return None
    return Refused(
        ReasonCode.DIFFERENT_SITE,
        f"The address now belongs to another Jira site (its cloud id is {found}, not {known}), which has other issues:"
        " enter the current address of the original site, or create an integration for the other site",
        final=True,
    )


def denied(reply: Reply) -> Refused | Unavailable:
    """What a refusal means if it is about neither an issue nor a project."""
    if reply.status == HTTPStatus.NOT_FOUND:
        return Refused(
            ReasonCode.NOT_JIRA,
            with_quote("There is no Jira at this address any more (404): check the address", reply.said),
        )
    if reply.status == HTTPStatus.FORBIDDEN:
        said = with_quote("Jira does not let the account in (403)", reply.said)
        advice = "" if reply.said else ": give it access to Jira"
        return Refused(ReasonCode.AUTHENTICATION_FAILED, f"{said}{advice}")
    return Unavailable(ReasonCode.JIRA_ERROR, with_quote(f"Jira answered with status {reply.status}", reply.said))


def _browsable(reply: Reply) -> bool | JiraTrouble:
    if reply.says_absent or reply.status == HTTPStatus.FORBIDDEN:
        return False
    if not reply.ok:
        return denied(reply)
    try:
        project = mapping(reply.data, "project")
    except MalformedAnswerError as error:
        return malformed(error)
    return not (project.get("archived") is True or project.get("deleted") is True)


def _found(asked: str, reply: Reply) -> Found | JiraTrouble:
    if not reply.ok:
        return denied(reply)
    shown = next(shown_issues([reply.data]))
    issue_id, _, seen = shown or (None, None, None)
    if issue_id is None or seen is None:
        raise MalformedAnswerError("the issue has no id, key or status")
    if is_id(asked) and issue_id != asked:
        raise MalformedAnswerError("it is about another issue")
    return Found(issue_id, seen)
