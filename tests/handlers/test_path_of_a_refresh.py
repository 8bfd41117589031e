"""The path of a manual refresh, traced: which of our files it passes, and how deep it is from handler to socket.

The whole of it is real but AWS: handler, use case, adapters over moto's DynamoDB, and a sample Jira behind a socket.
"""

import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any, Self

import pytest
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext
from moto import mock_aws
from msgspec.structs import replace

from functions.refresh import app
from sample_jira import SampleJira
from tests.fakes.account import Account
from tests.fakes.gateway import Answer, request
from tests.fakes.queue import FakeWorkQueue
from tests.fakes.samples import an_integration
from tests.fakes.stores import Stores
from tests.fakes.use_cases import UseCases
from ticket_status.api.application import ApiContext
from ticket_status.aws import dynamo
from ticket_status.composition import refresh as composition
from ticket_status.core.addresses import AddressRules
from ticket_status.core.comparison import sighting
from ticket_status.core.model import Category, Status, Ticket, TicketKey
from ticket_status.core.observations import Observed
from ticket_status.core.violations import Registration
from ticket_status.jira.connector import Connector
from ticket_status.jira.settings import JiraSettings

ROOT = Path(__file__).parents[2]
OURS = (ROOT / "layers" / "common" / "ticket_status", ROOT / "functions")
MOST_FILES = 42
MOST_FRAMES = 15
"""As measured, so that no change makes the path longer unseen."""

PAGE = ROOT / "docs" / "architecture.md"


@dataclass
class Trace:
    """What ran of ours. A thread's stack goes on below that of whoever gave it its work."""

    files: set[str] = field(default_factory=set)
    functions: list[str] = field(default_factory=list)
    """Dotted names, in the order of their first call."""
    deepest: list[str] = field(default_factory=list)
    """The longest way from the handler to a socket, outermost first."""
    _above: dict[int, list[str]] = field(default_factory=dict)
    _submit: Callable[..., Future[Any]] = ThreadPoolExecutor.submit

    def __enter__(self) -> Self:
        def submit(pool: ThreadPoolExecutor, work: Callable[..., object], /, *given: object) -> Future[Any]:
            above = self._stack(sys._getframe(1))  # noqa: SLF001 - whoever gives the work

            def below() -> object:
                self._above[threading.get_ident()] = above
                return work(*given)

            return self._submit(pool, below)

        ThreadPoolExecutor.submit = submit  # type: ignore[method-assign, assignment]
        threading.setprofile(self._look)
        sys.setprofile(self._look)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)
        ThreadPoolExecutor.submit = self._submit  # type: ignore[method-assign]

    def _look(self, frame: FrameType, event: str, argument: object) -> None:
        name = _name(frame)
        if event == "call" and name is not None:
            self.files.add(frame.f_code.co_filename)
            if name not in self.functions:
                self.functions.append(name)
        if event == "c_call" and getattr(argument, "__name__", "") == "sendall":
            self.deepest = max(self.deepest, self._stack(frame), key=len)

    def _stack(self, frame: FrameType | None) -> list[str]:
        found: list[str] = []
        while frame is not None:
            name = _name(frame)
            found += [] if name is None else [name]
            frame = frame.f_back
        return [*self._above.get(threading.get_ident(), ()), *reversed(found)]


def _name(frame: FrameType) -> str | None:
    """Of a function of ours; not of a comprehension, which later versions of Python call no more."""
    code = frame.f_code
    for root in OURS:
        if code.co_filename.startswith(f"{root}/") and not code.co_name.endswith(("comp>", "genexpr>")):
            module = Path(code.co_filename).relative_to(root).with_suffix("")
            return f"{'.'.join(module.parts)}.{code.co_qualname}"
    return None


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    """The adapters, over moto."""
    monkeypatch.setattr(dynamo, "AT_ONCE", 1)  # moto is not made for several threads
    account = Account()
    with mock_aws():
        yield account.stores()


def now() -> datetime:
    """The present."""
    return datetime.now(UTC)


def retrieved(stores: Stores, jira: SampleJira) -> None:
    """Three tickets of a connected integration, as they were a while ago; one has changed since."""
    cloud = jira.cloud
    integration = an_integration(jira_server_url=cloud.url, username=cloud.email)
    stores.integrations.add(integration)
    stores.secrets.write(integration.integration_ref, {"password": cloud.api_token})
    site = connector(stores, jira).check(integration).site
    assert site is not None
    stores.integrations.learn_site(integration, replace(site))
    begun = now()
    for issue in cloud.create("SEC", 3, created=begun - timedelta(days=10)):
        key = TicketKey(integration.integration_ref, str(issue.id))
        ticket = Ticket(key, issue.key, issue.created, cloud.url)
        stores.violations.register([Registration(ticket, "XRAY-1", None)], begun)
        shown = sighting(issue.key, Status("To Do", Category.NEW))
        stores.tickets.record([Observed(key, begun - timedelta(minutes=1), shown)])


def connector(stores: Stores, jira: SampleJira) -> Connector:
    """The real one, whose Atlassian is here."""
    settings = JiraSettings(jira.atlassian_url, jira.atlassian_url, AddressRules(allow_loopback=True))
    return Connector(stores.secrets, stores.integrations, settings, now)


@pytest.fixture
def api_context(logger: Logger, metrics: Metrics) -> ApiContext:
    """Nobody's log, nobody's dashboard."""
    return ApiContext(logger, metrics, now)


@pytest.fixture
def press(
    monkeypatch: pytest.MonkeyPatch,
    stores: Stores,
    jira: SampleJira,
    context: LambdaContext,
    api_context: ApiContext,
) -> Iterator[Callable[[], Answer]]:
    """The handler, called as API Gateway does."""
    retrieved(stores, jira)
    use_cases = UseCases(stores, FakeWorkQueue(), connector(stores, jira), now, time.sleep)
    monkeypatch.setattr(composition, "refresh", lambda: (use_cases.of_refresh_function, api_context))
    app._api.cache_clear()  # noqa: SLF001 - the handler's one application is built anew over these
    yield lambda: Answer.of(app.handler(request("POST", "/violations/XRAY-1/tickets/refresh"), context))
    app._api.cache_clear()  # noqa: SLF001 - and for the next test


@pytest.fixture
def trace(press: Callable[[], Answer], jira: SampleJira) -> Trace:
    """Of one refresh, which finds one of three tickets changed."""
    jira.cloud.move("SEC-1", "Done")
    with Trace() as made:
        answer = press()
    outcomes = [ticket["refresh"]["outcome"] for ticket in answer.json["tickets"]]
    assert outcomes == ["unchanged", "unchanged", "changed"]
    return made


def test_the_path_of_a_refresh_is_no_longer_than_it_was(trace: Trace) -> None:
    assert len(trace.files) <= MOST_FILES, sorted(trace.files)
    assert len(trace.deepest) <= MOST_FRAMES, trace.deepest
    assert trace.deepest[0] == "refresh.app.handler"
    assert trace.deepest[-1].startswith("jira.session.HttpSession")


def test_the_page_tells_the_path_as_it_is(trace: Trace) -> None:
    section = PAGE.read_text(encoding="utf-8").partition("### The path of a refresh\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^\d+\. .+(?:\n   .+)*", section, flags=re.MULTILINE)
    assert len(lines) == 10
    told = [name for line in lines for name in re.findall(r"`([a-z_]+\.[\w.]+)`", line)]
    assert told == sorted(told, key=trace.functions.index)
