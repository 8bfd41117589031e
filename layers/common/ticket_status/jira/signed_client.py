"""Calls to one site with one integration's credentials: signed, counted, guarded, repeated once with a new token."""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus

from ticket_status.core.model import ReasonCode
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.jira.answers import MalformedAnswerError, Reply, malformed, read
from ticket_status.jira.credentials import Credentials
from ticket_status.jira.guard import Expected, judge
from ticket_status.jira.session import Answer, HttpSession, Request
from ticket_status.ports.jira import JiraRejectedRequestError

_ANSWERABLE = frozenset({HTTPStatus.OK, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
_SIZE = frozenset({HTTPStatus.BAD_REQUEST})


class SignedClient:
    """Safe to use from several threads."""

    def __init__(self, session: HttpSession, credentials: Credentials) -> None:
        self._session = session
        self._credentials = credentials

    @property
    def requests(self) -> int:
        """Calls so far, those without an answer included."""
        return self._session.calls

    def get(
        self, url: str, params: Mapping[str, str] | None = None, *, account_id: str | None = None
    ) -> Reply | JiraTrouble:
        """Ask for something: 200, 403 or 404. JiraRejectedRequestError for other refusals."""
        return self._call(Request("GET", url, params=params or {}), account_id)

    def post(self, url: str, body: object, *, account_id: str | None = None) -> Reply | JiraTrouble:
        """Have something looked up; 400 is answered too, since it can be about size."""
        return self._call(Request("POST", url, json=body), account_id, _SIZE)

    def get_unsigned(self, url: str) -> Reply | JiraTrouble:
        """Ask for something without credentials; any status below 500 that is not a redirect."""
        answer = self._session.send(Request("GET", url))
        if isinstance(answer, Unavailable):
            return answer
        trouble = judge(answer, Expected(authenticated=False))
        return _reply(answer) if trouble is None else trouble

    def _call(
        self,
        request: Request,
        account_id: str | None,
        also: frozenset[HTTPStatus] = frozenset(),
    ) -> Reply | JiraTrouble:
        answer = self._signed(request, Expected(account_id=account_id))
        if not isinstance(answer, Answer):
            return answer
        if answer.status in _ANSWERABLE | also:
            return _reply(answer)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise JiraRejectedRequestError(rejection(request.method, request.url, answer.status))
        return Unavailable(ReasonCode.JIRA_ERROR, f"Jira answers with status {answer.status}, which means nothing here")

    def _signed(self, request: Request, expected: Expected) -> Answer | JiraTrouble:
        """The believed answer; a token that was not taken is renewed, once."""
        auth = self._credentials.sign()
        if isinstance(auth, Throttled | Refused | Unavailable):
            return auth
        answer = self._judged(replace(request, auth=auth), expected)
        if not _token_not_taken(answer):
            return answer
        renewed = self._credentials.renew(auth)
        if renewed is not True:
            return answer if renewed is False else renewed
        auth = self._credentials.sign()
        if isinstance(auth, Throttled | Refused | Unavailable):
            return auth
        return self._judged(replace(request, auth=auth), expected)

    def _judged(self, request: Request, expected: Expected) -> Answer | JiraTrouble:
        answer = self._session.send(request)
        return answer if isinstance(answer, Unavailable) else judge(answer, expected) or answer


def rejection(method: str, url: str, status: int) -> str:
    """What to say of a call that Jira rejects, which has no secrets in its address."""
    return f"Jira rejected our call with {status}: {method} {url}"


def _token_not_taken(answer: Answer | JiraTrouble) -> bool:
    """A stale token is answered with 401 on Cloud, on Data Center also as if nobody were logged in."""
    return isinstance(answer, Refused) and answer.reason_code is ReasonCode.AUTHENTICATION_FAILED


def _reply(answer: Answer) -> Reply | Unavailable:
    try:
        return read(answer)
    except MalformedAnswerError as error:
        return malformed(error)
