"""What every server of the sample Jira does with a request: log, check, fail on demand, answer."""

import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any, Generic, TypeVar, Unpack

from pydantic import BaseModel, ConfigDict

from sample_jira.auth import NOBODY, Viewer
from sample_jira.clock import Clock
from sample_jira.faults import Fault, FaultKind, FaultParameters
from sample_jira.messages import Answer, Request, json_answer
from sample_jira.operations import Call, Operation, Router, UnfitRequestError
from sample_jira.striking import Faults, spoilt, stand_in
from sample_jira.traffic import Exchange, Traffic

PRODUCT = "ticket-status"  # must be in every User-Agent

Understood = tuple[Operation[Any, Any], Call[Any, Any]] | UnfitRequestError
Authenticate = Callable[[Request], Viewer | Answer]
Send = Callable[[Answer], None]


class ServiceOptions(BaseModel):
    """How a server behaves; assign to change it."""

    model_config = ConfigDict(extra="forbid", strict=True, validate_assignment=True)


Options = TypeVar("Options", bound=ServiceOptions)


class Service(ABC, Generic[Options]):
    """A server's behaviour, apart from sockets."""

    def __init__(self, name: str, clock: Clock, options: Options) -> None:
        self.name = name
        self.clock = clock
        self.options = options
        self.url = ""  # known once the server listens
        self.traffic = Traffic(name, clock)
        self.faults = Faults()
        self.router = Router(())

    # What a kind of server says itself

    @abstractmethod
    def refusal(self, status: int, what: str) -> Answer:
        """The answer to a request that fits no operation."""

    def authenticate(self, _request: Request) -> Viewer | Answer:
        """Who asks, or the answer that sends them away."""
        return NOBODY

    def permit(self, _operation: Operation[Any, Any], _viewer: Viewer) -> Answer | None:
        """The answer when the viewer may not call the operation at all."""
        return None

    def finish(self, answer: Answer, _viewer: Viewer) -> Answer:
        """The headers that every answer of this kind of server bears."""
        return answer

    def skew_seconds(self) -> float:
        """How far this server's clock is ahead."""
        return 0

    # The same for all

    def serve(self, request: Request, send: Send, authenticate: Authenticate | None = None) -> None:
        """Answer a request, logged until the answer is sent.

        `authenticate` replaces the server's own way.
        """
        with self.traffic.watch(request) as exchange:
            try:
                answer = self._answered(request, exchange, authenticate or self.authenticate)
            except Exception:  # noqa: BLE001 - a bug of the sample must fail the test that met it
                bug = traceback.format_exc()
                self.traffic.violated(request, f"the sample Jira failed: {bug}")
                answer = json_answer({"error": bug}, 500)
            exchange.status = answer.status
            send(answer)

    def _answered(self, request: Request, exchange: Exchange, authenticate: Authenticate) -> Answer:
        faults = self.faults.striking(request)
        call = self._understood(request)
        answer = stand_in(faults, request) or self._worked(call, exchange, authenticate)
        return spoilt(faults, answer)

    def date(self) -> str:
        """The present as this server's Date header has it."""
        skewed = self.clock.now() + timedelta(seconds=self.skew_seconds())
        return format_datetime(skewed, usegmt=True)

    def _understood(self, request: Request) -> Understood:
        try:
            operation, arguments = self.router.find(request)
            if not operation.browser and PRODUCT not in request.headers.get("user-agent", ""):
                self.traffic.violated(request, f"the User-Agent does not name {PRODUCT}")
            return operation, operation.fit(request, arguments)
        except UnfitRequestError as unfit:
            self.traffic.violated(request, str(unfit))
            return unfit

    def _worked(
        self,
        understood: Understood,
        exchange: Exchange,
        authenticate: Authenticate,
    ) -> Answer:
        if isinstance(understood, UnfitRequestError):
            return self.refusal(understood.status, str(understood))
        operation, call = understood
        viewer = NOBODY if operation.before_login else authenticate(call.request)
        if isinstance(viewer, Answer):
            return viewer
        if viewer.account:
            exchange.account = viewer.account.id
        answer = self.permit(operation, viewer) or operation.handler(replace(call, viewer=viewer))
        return self.finish(answer, viewer)

    # Control

    def fault(self, kind: FaultKind, **parameters: Unpack[FaultParameters]) -> Fault:
        """Let something go wrong from now on; see the module `faults` for what and how."""
        return self.faults.add(Fault(kind, **parameters))

    def clear_faults(self) -> None:
        """Let nothing go wrong any more."""
        self.faults.clear()

    def configure(self, **changes: Any) -> Options:  # noqa: ANN401 - checked by the options
        """Change options by name."""
        for name, value in changes.items():
            setattr(self.options, name, value)
        return self.options

    def requests(self, path: str = "*") -> list[Exchange]:
        """The requests so far whose path fits the pattern, oldest first."""
        return self.traffic.exchanges(path)

    def max_concurrent(self, path: str = "*") -> int:
        """The most requests that were under way when one of these came in."""
        return max((one.concurrent for one in self.requests(path)), default=0)

    def forget_requests(self) -> None:
        """Forget requests and violations."""
        self.traffic.forget()
