"""R11: what calls cost an OAuth 2.0 app on Cloud, and what a whole retrieval takes."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.fakes.samples import an_integration
from ticket_status.core.model import AuthType, InstallationType
from ticket_status.core.points import USABLE, Sweep, call_cost, hour_of, next_hour, pays_points, sentence, sweep


@pytest.mark.parametrize("installation", InstallationType)
@pytest.mark.parametrize("auth", AuthType)
def test_only_cloud_with_tokens_of_oauth2_pays_points(installation: InstallationType, auth: AuthType) -> None:
    paid = pays_points(an_integration(installation_type=installation, auth_type=auth))
    by_token = auth in {AuthType.OAUTH2, AuthType.CLIENT_CREDENTIALS}
    assert paid is (installation is InstallationType.CLOUD and by_token)


def test_a_call_costs_one_and_one_for_each_issue() -> None:
    assert [call_cost(issues) for issues in (0, 1, 1000)] == [1, 2, 1001]


def test_points_are_accounted_by_the_hour_of_utc() -> None:
    half_past = datetime(2026, 11, 22, 13, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert hour_of(half_past) == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert next_hour(half_past) == datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tickets", "ids_per_call", "paid", "expected"),
    [
        (0, 1000, True, Sweep(0, 0, 0, 0)),
        (1_000, 1000, False, Sweep(1_000, 1, 0, 0)),
        (1_000, 1000, True, Sweep(1_000, 1, 1_001, 1)),
        (1_001, 1000, True, Sweep(1_001, 2, 1_003, 1)),
        (1_000, 100, True, Sweep(1_000, 10, 1_010, 1)),
        (USABLE, 1000, True, Sweep(USABLE, 59, USABLE + 59, 2)),
        (100_000, 1000, True, Sweep(100_000, 100, 100_100, 2)),
    ],
)
def test_what_a_whole_retrieval_takes(*, tickets: int, ids_per_call: int, paid: bool, expected: Sweep) -> None:
    assert sweep(tickets, ids_per_call, paid=paid) == expected


def test_what_a_retrieval_takes_is_said_in_words() -> None:
    assert sentence(sweep(0, 1000, paid=True)) == "There are no tickets to retrieve yet."
    assert sentence(sweep(1, 1000, paid=False)) == "Retrieving its 1 ticket takes 1 request."
    assert sentence(sweep(1_300, 1000, paid=False)) == "Retrieving its 1,300 tickets takes 2 requests."
    assert sentence(sweep(100_000, 1000, paid=True)) == (
        "Retrieving its 100,000 tickets takes 100 requests and about 100,100 of the app's 65,000 points an hour,"
        " so it is spread over 2 hours."
    )
