"""Calls to one site with one integration's credentials: signed, counted, checked, repeated once with a new token."""

from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from ticket_status.core.model import ReasonCode
from ticket_status.core.trouble import JiraTrouble, Refused, Unavailable
from ticket_status.jira.answers import MalformedAnswerError, Reply, malformed, read
from ticket_status.jira.credentials import Credentials
from ticket_status.jira.guard import Expected, account_named, trouble_in, unnamed
from ticket_status.jira.quoting import quote
from ticket_status.jira.session import Answer, HttpSession, Method, NoAnswer, Request

_OF_CREDENTIALS = frozenset({ReasonCode.AUTHENTICATION_FAILED, ReasonCode.AUTHORIZATION_EXPIRED})


class CallFailure(Struct, frozen=True):
    """A call without a trusted reply."""

    trouble: JiraTrouble
    slow: bool = False
    """It took its whole time-out."""
    connected: bool = True
    """Whether the site was asked at all."""
    too_large: bool = False

    @property
    def may_be_stray(self) -> bool:
        """Whether the same call may succeed if it is repeated."""
        unavailable = isinstance(self.trouble, Unavailable) and not self.trouble.own_deadline
        return unavailable and self.connected and not self.slow and not self.too_large


class SignedClient:
    """Safe to use from several threads."""

    def __init__(self, session: HttpSession, credentials: Credentials, advice: str = "") -> None:
        """``advice``: additional text for credentials that Jira does not accept."""
        self._session = session
        self._credentials = credentials
        self._advice = advice

    @property
    def requests(self) -> int:
        """Calls so far, including those without a response."""
        return self._session.calls

    def get(self, url: str, params: Mapping[str, str] | None = None) -> Reply | CallFailure:
        """A GET request; any status below 500 from Jira is a reply."""
        return self._signed(Request("GET", url, params=params or {}), Expected(conceal=self._credentials.conceal))

    def post(self, url: str, body: object, read: Callable[[Answer], object] = read) -> Reply | CallFailure:
        """A POST request that changes nothing; ``read`` parses the response."""
        return self._signed(Request("POST", url, json=body), Expected(conceal=self._credentials.conceal, read=read))

    def change(self, method: Method, url: str, body: object = None) -> Reply | JiraTrouble:
        """A request that changes something; an empty response has no data."""
        expected = Expected(conceal=self._credentials.conceal, may_be_empty=True)
        reply = self._signed(Request(method, url, json=body), expected)
        return reply if isinstance(reply, Reply) else reply.trouble

    def get_unsigned(self, url: str) -> Reply | CallFailure:
        """A GET request without credentials."""
        return _believed(self._session.send(Request("GET", url)), Expected(authenticated=False))

    def _signed(self, request: Request, expected: Expected) -> Reply | CallFailure:
        """The trusted reply; a refused token is renewed once."""
        renewable = True
        while True:
            auth = self._credentials.sign()
            if isinstance(auth, JiraTrouble):
                return self._advised(CallFailure(auth, connected=False))
            reply = _believed(self._session.send(replace(request, auth=auth)), expected)
            renewed = renewable and _token_not_taken(reply) and self._credentials.renew(auth)
            if isinstance(renewed, JiraTrouble):
                return self._advised(CallFailure(renewed, connected=False))
            if not renewed:
                return self._advised(reply)
            renewable = False

    def _advised(self, reply: Reply | CallFailure) -> Reply | CallFailure:
        if isinstance(reply, Reply) or not self._advice or not isinstance(reply.trouble, Refused):
            return reply
        refused = reply.trouble
        if refused.reason_code not in _OF_CREDENTIALS:
            return reply
        return replace(reply, trouble=replace(refused, reason=f"{refused.reason}. {self._advice}"))


def _token_not_taken(reply: Reply | CallFailure) -> bool:
    """A stale token gets 401 on Cloud; on Data Center it may also get the anonymous view."""
    if isinstance(reply, Reply):
        return False
    trouble = reply.trouble
    return isinstance(trouble, Refused) and trouble.reason_code is ReasonCode.AUTHENTICATION_FAILED


def _believed(answer: Answer | NoAnswer, expected: Expected) -> Reply | CallFailure:
    """The response as a reply, if it is Jira's and for our account."""
    if isinstance(answer, NoAnswer):
        return CallFailure(answer.trouble, answer.slow, answer.connected, answer.too_large)
    trouble = trouble_in(answer, expected)
    if trouble is not None:
        return CallFailure(trouble)
    if expected.may_be_empty and not answer.body:
        return Reply(answer.status, None)
    said = quote(answer, expected.conceal) if answer.status >= 400 else ""  # noqa: PLR2004 - an HTTP status
    try:
        data = expected.read(answer)
    except MalformedAnswerError as error:
        if not unnamed(answer.status):
            return CallFailure(malformed(error))
        data = None
    return Reply(answer.status, data, said, account_named(answer))
