"""The API's calls and the switches, counted at the boundary: the functions' own handlers, on the embedded AWS."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from unittest.mock import patch

import requests
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.types import TypeDeserializer

from bench.counting import Calls
from bench.sample import Sample
from bench.world import EMAIL, SECRET, World, client, integration
from functions.refresh import app as refresh
from functions.settings import app as settings
from tests.fakes.gateway import request
from ticket_status.core.model import InstallationType, Integration, ReasonCode
from ticket_status.core.trouble import Refused
from ticket_status.service.retrieval.site_health import SiteHealth

TICKETS = 10
NEW = 100
MANY = 1_000_000
"""Tickets of the integration that is broken, recovered and switched, by its census."""

WARM = 200
DELAY = 0.1


@dataclass(frozen=True)
class Api:
    """Calls by what was done, and the seconds of a warm read; the counting wire is in both."""

    read: Calls
    refresh: Calls
    refresh_jira: int
    register: Calls
    register_sqs: int
    """SQS calls of the first registration; those of the next minute join its message."""
    broken: Calls
    recovered: Calls
    off: Calls
    on: Calls
    read_seconds: float
    bare_seconds: float


def measure(world: World, sample: Sample) -> Api:
    """Do each thing once; the read also warm, beside a bare handler that makes the same reads."""
    with patch.dict(os.environ, world.environment), quiet():
        known, other = connect(world, sample, "bench-api"), connect(world, sample, "bench-new")
        stores, wire = world.stores, world.wire
        call = Caller()
        call.register(known, 0, TICKETS)
        first = wire.counted(lambda: call.register(other, 0, 1)).of("AmazonSQS")
        sample.call("cloud", "create", project="API", count=TICKETS, first_id=_FIRST, status="To Do")
        path = "/violations/v-10/tickets"
        sample.call("cloud", "forget_requests")
        wire.delay = DELAY
        refreshed = wire.counted(lambda: call.refresh("POST", f"{path}/refresh"))
        asked = len(requests.get(f"{sample.control}/cloud/requests", timeout=60).json())
        read = wire.counted(lambda: call.refresh("GET", path))
        registered = wire.counted(lambda: call.register(other, 1, NEW))
        _many(world, known)
        health = SiteHealth(stores.integrations, now)
        refusal = Refused(ReasonCode.AUTHENTICATION_FAILED, "bench")
        broken = wire.counted(lambda: health.met(known, refusal))
        now_broken = stores.integrations.get(known.connection_name) or known
        recovered = wire.counted(lambda: health.succeeded(now_broken))
        setting = f"/jira-integrations/{known.connection_name}/settings"
        off = wire.counted(lambda: call.settings("PUT", setting, {"retrieve_jira_tickets": False}))
        on = wire.counted(lambda: call.settings("PUT", setting, {"retrieve_jira_tickets": True}))
        wire.delay = 0.0
        bare = _bare(world, known)
        seconds, bare_seconds = _side_by_side(lambda: call.refresh("GET", path), bare)
    dynamo = "DynamoDB"
    return Api(
        read=read.of(dynamo),
        refresh=refreshed.of(dynamo),
        refresh_jira=asked,
        register=registered.of(dynamo),
        register_sqs=len(first.exchanges) + len(registered.of("AmazonSQS").exchanges),
        broken=broken.of(dynamo),
        recovered=recovered.of(dynamo),
        off=off.of(dynamo),
        on=on.of(dynamo),
        read_seconds=seconds,
        bare_seconds=bare_seconds,
    )


_FIRST = 5_000_000


class Caller:
    """Calls the handlers as Lambda does."""

    def __init__(self) -> None:
        for function in (refresh, settings):
            function._api.cache_clear()  # noqa: SLF001 - what they keep is another world's

    def refresh(self, method: str, path: str, body: object = None, query: Mapping[str, str] | None = None) -> None:
        """Call ``RefreshFunction``."""
        self._answered(refresh.handler(request(method, path, body=body, query=query), LambdaContext()))

    def settings(self, method: str, path: str, body: object = None, query: Mapping[str, str] | None = None) -> None:
        """Call ``SettingsFunction``."""
        self._answered(settings.handler(request(method, path, body=body, query=query), LambdaContext()))

    def register(
        self, known: Integration, first: int, count: int, *, first_id: int = _FIRST, project: str = "API"
    ) -> None:
        """Register so many tickets: ten of one violation, or each of another violation and resource."""
        created = f"{now() - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
        tickets = [
            {
                "integration_name": known.connection_name,
                "issue_key": f"{project}-{number + 1}",
                "issue_id": str(first_id + number),
                "violation_id": "v-10" if count == TICKETS else f"v-{number}-new",
                "resource": {"type": "build", "name": f"build-{number if count > TICKETS else 0}"},
                "created_at": created,
            }
            for number in range(first, first + count)
        ]
        self.register_all(tickets)

    def register_all(self, tickets: Sequence[Mapping[str, object]]) -> None:
        """Register these, as many at once as the API takes."""
        for at in range(0, len(tickets), NEW):
            self.refresh("POST", "/tickets", {"tickets": tickets[at : at + NEW]})

    @staticmethod
    def _answered(answer: Mapping[str, Any]) -> None:
        if answer["statusCode"] >= 300:  # noqa: PLR2004 - HTTP's first status that is no success
            raise AssertionError(answer)
        if '"rejected":[{' in answer["body"]:
            raise AssertionError(answer["body"])


def connect(world: World, sample: Sample, name: str) -> Integration:
    """Make an integration of the sample's Cloud site."""
    known = integration(name, InstallationType.CLOUD, sample.cloud)
    sample.call("cloud", "add_api_token", secret=SECRET, email=EMAIL)
    world.stores.integrations.add(known)
    world.secrets().write(known.integration_ref, {"password": SECRET})
    return known


def _many(world: World, known: Integration) -> None:
    """A census of a million tickets."""
    month = f"{now():%Y-%m}"
    key = {"i": {"S": known.integration_ref}, "t": {"S": f"#month#{month}"}}
    item = {**key, "d01": {"N": str(MANY)}}
    world.stores.dynamo.client.put_item(TableName=world.environment["TICKETS_TABLE"], Item=item)


def _bare(world: World, known: Integration) -> Callable[[], None]:
    """A handler that makes the same reads with a plain client and answers with what it read."""
    dynamo, names, plain = client(world.wire.url, "dynamodb"), world.environment, TypeDeserializer()
    wanted = [{"i": {"S": known.integration_ref}, "t": {"S": str(_FIRST + number)}} for number in range(TICKETS)]
    wanted.append({"i": {"S": known.integration_ref}, "t": {"S": "#coverage"}})

    def handler() -> None:
        links = dynamo.query(
            TableName=names["VIOLATIONS_TABLE"],
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": "violation#v-10"}},
        )["Items"]
        tickets = dynamo.batch_get_item(RequestItems={names["TICKETS_TABLE"]: {"Keys": wanted}})["Responses"]
        key = {"connection_name": {"S": known.connection_name}}
        found = dynamo.batch_get_item(RequestItems={names["INTEGRATIONS_TABLE"]: {"Keys": [key]}})["Responses"]
        rows = [*links, *tickets[names["TICKETS_TABLE"]], *found[names["INTEGRATIONS_TABLE"]]]
        str([{name: plain.deserialize(value) for name, value in row.items()} for row in rows])

    return handler


def _side_by_side(ours: Callable[[], None], bare: Callable[[], None]) -> tuple[float, float]:
    """Seconds of a call of each, in the middle of many, taken in turn."""
    taken: list[tuple[float, float]] = [(_seconds(ours), _seconds(bare)) for _ in range(WARM)]
    return median(one for one, _ in taken), median(one for _, one in taken)


def _seconds(do: Callable[[], None]) -> float:
    begun = time.perf_counter()
    do()
    return time.perf_counter() - begun


@contextmanager
def quiet() -> Iterator[None]:
    """The functions' log lines are not what is looked at here."""
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)
