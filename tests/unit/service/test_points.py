"""R11: an app's hourly points are not spent to the wall."""

from datetime import datetime, timedelta

import pytest

from tests.fakes.jira import FakeJiraConnector, FakeSite
from tests.fakes.points import InMemoryPointsLedger
from tests.fakes.samples import HOUR, MINUTE, NOW, TO_DO, an_integration
from ticket_status.core.model import AuthType, InstallationType, Integration, ReasonCode
from ticket_status.core.observations import Account, Answered
from ticket_status.core.points import USABLE
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled
from ticket_status.ports.jira import Jira
from ticket_status.service.retrieval.careful import PointsConnector

PAYING = an_integration(auth_type=AuthType.OAUTH2, client_id="app")
BEGINNING = NOW.replace(microsecond=0)
"""Of the hour."""

FREE = [
    an_integration(),
    an_integration(auth_type=AuthType.OAUTH2, installation_type=InstallationType.SERVER),
]


def opened(
    ledger: InMemoryPointsLedger, integration: Integration = PAYING, now: datetime = NOW
) -> tuple[Jira, FakeSite]:
    site = FakeSite()
    site.put("10001", "JAS-1", TO_DO.name, TO_DO.category)
    connector = FakeJiraConnector({integration.connection_name: site})
    jira = PointsConnector(connector, ledger, lambda: now).open(integration)
    assert not isinstance(jira, JiraTrouble)
    return jira, site


def test_every_call_is_paid_for_with_one_point_and_one_for_each_issue() -> None:
    ledger = InMemoryPointsLedger()
    jira, site = opened(ledger, now=NOW + 59 * MINUTE)
    assert isinstance(jira.ask(["10001", "10002"]), Answered)
    assert jira.whoami() == Account("bot")
    jira.look_at("10001")
    assert jira.can_browse("JAS") is True
    assert ledger.spent == {("app", BEGINNING): 3 + 1 + 2 + 1}
    assert (jira.requests, jira.ids_per_call, jira.site.ids_per_call) == (site.requests, 1000, 1000)


def test_a_call_that_the_hour_cannot_pay_is_not_made_and_waits_for_the_next_hour() -> None:
    ledger = InMemoryPointsLedger()
    ledger.spend("app", BEGINNING, USABLE - 1)
    jira, site = opened(ledger, now=NOW + timedelta(minutes=20))
    answers = [jira.ask(["10001"]), jira.look_at("10001"), jira.can_browse("JAS"), jira.whoami()]
    assert {answer.until for answer in answers if isinstance(answer, Throttled)} == {BEGINNING + HOUR}
    assert all(isinstance(answer, Throttled) for answer in answers)
    assert site.requests == 0


def test_all_integrations_of_one_app_share_its_points() -> None:
    ledger = InMemoryPointsLedger()
    opened(ledger)[0].whoami()
    opened(ledger, an_integration("other", auth_type=AuthType.OAUTH2, client_id="app"))[0].whoami()
    assert ledger.spent == {("app", BEGINNING): 2}


@pytest.mark.parametrize("integration", FREE)
def test_others_pay_nothing(integration: Integration) -> None:
    ledger = InMemoryPointsLedger()
    opened(ledger, integration)[0].ask(["10001"])
    assert not ledger.spent


def test_trouble_in_opening_is_handed_on() -> None:
    connector = FakeJiraConnector({})
    connector.refuses["cloud-abc"] = refused = Refused(ReasonCode.AUTHORIZATION_EXPIRED, "dead grant")
    assert PointsConnector(connector, InMemoryPointsLedger(), lambda: NOW).open(PAYING) == refused
