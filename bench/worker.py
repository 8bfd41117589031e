"""``python -m bench.worker SPEC``: a worker in a process of its own, so that what it takes is its own.

SPEC is JSON on the command line; the answer is JSON on standard output.
"""

import json
import multiprocessing
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from queue import Queue
from typing import Any

import requests
from msgspec.structs import asdict

from bench.world import EMAIL, SECRET, client, stores_of
from tests.fakes.webhooks import InMemoryWebhookStore
from ticket_status.aws.dynamo import side_by_side
from ticket_status.aws.tickets.table import RETRIEVAL_INDEX
from ticket_status.composition.parts import Stores
from ticket_status.core.addresses import AddressRules
from ticket_status.core.model import InstallationType, Integration, Trigger
from ticket_status.core.work import VerdictWork, Work
from ticket_status.jira.connector import Connector
from ticket_status.jira.settings import JiraSettings
from ticket_status.service.retrieval.careful import CarefulConnector
from ticket_status.service.retrieval.runs import Runs
from ticket_status.service.retrieval.worker import Worker
from ticket_status.service.retrieval.worker_ports import WorkerPorts

TIME_LEFT = timedelta(seconds=90)
"""What the worker has for one message, as in ``template.yaml``."""

MOST_SECONDS = 300
"""How long a message may let itself be waited for."""

PER_CALL = 1000
_HEADERS = {"User-Agent": "ticket-status-bench", "Accept": "application/json"}


class OwnQueue:
    """The sync queue, worked off one message after another by one worker, or by several in as many processes."""

    def __init__(self, waiting: "Queue[Work | None]") -> None:
        self.waiting = waiting

    def send(self, work: Sequence[Work], delay_seconds: int = 0) -> None:  # noqa: ARG002 - nothing waits here
        """Take work."""
        for one in work:
            self.waiting.put(one)

    def give_up(self, body: str, reason: str) -> None:
        """Nothing is given up here."""
        raise AssertionError(reason + body)


class OneSecret:
    """The credentials of every integration."""

    def read(self, integration_ref: str) -> Mapping[str, str]:  # noqa: ARG002 - all have the same
        """Read them."""
        return {"password": SECRET, "token": SECRET}

    def write(self, integration_ref: str, secrets: object) -> None:
        """Nothing is written here."""
        raise AssertionError(integration_ref, secrets)

    def destroy(self, integration_ref: str) -> None:
        """Nothing is destroyed here."""
        raise AssertionError(integration_ref)


def main() -> None:
    """Retrieve an integration once; or read the same bytes and do nothing else."""
    spec = json.loads(sys.argv[1])
    stores = stores_of(spec["environment"])
    known = stores.integrations.get(spec["integration"])
    if known is None:
        raise AssertionError(spec)
    with _others(spec) as together:
        base = _resident("VmRSS")
        wall, cpu = time.perf_counter(), time.process_time()
        if spec["bare"]:
            _bare(spec, known)
            counts = {}
        else:
            counts = retrieve(stores, known, together)
        took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    memory = {"base": base, "peak": _resident("VmHWM")}
    sys.stdout.write(json.dumps({**took, **memory, **counts}))


def retrieve(stores: Stores, known: Integration, together: "Together | None" = None) -> dict[str, int]:
    """What the run counted, and how many messages its verdict took."""
    waiting: Queue[Work | None] = Queue() if together is None else together.waiting
    queue = OwnQueue(waiting)
    started = Runs(stores.integrations, stores.tickets, stores.runs, queue).start(known, Trigger.SCHEDULE, _now())
    verdicts = _work_off(stores, queue, 1 if together is None else together.workers)
    run = stores.runs.get(known.integration_ref, started.run_id or "")
    if run is None or run.completed_at is None:
        raise AssertionError(f"the run did not end: {run}")
    return {**asdict(run.counts), "jira_requests": run.jira_requests, "verdicts": verdicts}


def _work_off(stores: Stores, queue: OwnQueue, workers: int) -> int:
    """Do the messages of a run until it is completed; answers how many of them were verdicts."""
    settings = JiraSettings(addresses=AddressRules(allow_private=False, allow_loopback=True))
    connector = Connector(OneSecret(), stores.integrations, settings, _now)
    careful = CarefulConnector(connector, stores.integrations, _now, time.sleep)
    ports = WorkerPorts(stores.integrations, stores.tickets, stores.runs, queue, careful, InMemoryWebhookStore())
    worker = Worker(ports, _now, lambda: 0.0)
    verdicts = 0
    while (work := queue.waiting.get(timeout=MOST_SECONDS)) is not None:
        verdicts += isinstance(work, VerdictWork)
        until = time.monotonic() + TIME_LEFT.total_seconds()
        report = worker.do(work, lambda until=until: timedelta(seconds=until - time.monotonic()))  # type: ignore[misc]
        if report.completed:
            for _ in range(workers):
                queue.waiting.put(None)
    return verdicts


@dataclass(frozen=True)
class Together:
    """Several workers, each in a process of its own, and the queue that they share."""

    workers: int
    waiting: "Queue[Work | None]"


@contextmanager
def _others(spec: Mapping[str, Any]) -> Iterator[Together | None]:
    """Further workers, ready to work, when there are to be several."""
    if spec["workers"] == 1:
        yield None
        return
    context = multiprocessing.get_context("spawn")
    together, ready = Together(spec["workers"], context.Queue()), context.Barrier(spec["workers"])  # type: ignore[arg-type]
    others = [context.Process(target=_other, args=(spec, together, ready)) for _ in range(spec["workers"] - 1)]
    for other in others:
        other.start()
    ready.wait()
    yield together
    for other in others:
        other.join(MOST_SECONDS)


def _other(spec: Mapping[str, Any], together: Together, ready: Barrier) -> None:
    stores = stores_of(spec["environment"])
    stores.integrations.get(spec["integration"])
    ready.wait()
    _work_off(stores, OwnQueue(together.waiting), together.workers)


def _bare(spec: Mapping[str, Any], known: Integration) -> None:
    """Read and decode what a run reads, and nothing else."""
    session = requests.Session()
    session.trust_env = False
    cloud = known.installation_type is InstallationType.CLOUD
    if cloud:
        session.auth = (EMAIL, SECRET)
    ids = [id_ for partition in spec["partitions"] for id_ in _month(spec["url"], partition)]
    for at in range(0, len(ids), PER_CALL):
        chunk = ids[at : at + PER_CALL]
        if cloud:
            body: dict[str, object] = {"issueIdsOrKeys": chunk, "fields": ["status"]}
            answer = session.post(f"{known.jira_server_url}/rest/api/3/issue/bulkfetch", json=body, headers=_HEADERS)
        else:
            body = {"jql": f"id in ({','.join(chunk)})", "fields": ["status"], "maxResults": PER_CALL, "startAt": 0}
            bearer = {**_HEADERS, "Authorization": f"Bearer {SECRET}"}
            answer = session.post(f"{known.jira_server_url}/rest/api/2/search", json=body, headers=bearer)
        json.loads(answer.content)
    _update(spec, known, ids[: int(spec["updates"])])


def _update(spec: Mapping[str, Any], known: Integration, ids: Sequence[str]) -> None:
    """Update so many tickets by the plainest conditional call that a client has."""
    dynamo = client(spec["environment"]["AWS_ENDPOINT_URL"], "dynamodb")

    def update(id_: str) -> None:
        dynamo.update_item(
            TableName=spec["environment"]["TICKETS_TABLE"],
            Key={"i": {"S": known.integration_ref}, "t": {"S": id_}},
            UpdateExpression="SET o = :o, observed_at = :at REMOVE n",
            ConditionExpression="attribute_exists(t) AND observed_at < :at",
            ExpressionAttributeValues={":o": {"S": f"B-{id_}|new|To Do"}, ":at": {"S": f"{_now():%Y-%m-%dT%H:%M:%S}"}},
        )

    side_by_side(update, ids)


def _month(url: str, partition: str) -> list[str]:
    values = {":month": {"S": partition}, ":start": {"S": ""}, ":end": {"S": "~"}}
    request: dict[str, object] = {"IndexName": RETRIEVAL_INDEX, "ExpressionAttributeValues": values}
    headers = {"X-Amz-Target": "DynamoDB_20120810.Query"}
    ids: list[str] = []
    while True:
        page = json.loads(requests.post(url, json=request, headers=headers, timeout=60).content)
        ids += [item["t"]["S"] for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return ids
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _resident(which: str) -> float:
    """Megabytes of this process: ``VmRSS`` now, ``VmHWM`` at most so far."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    return int(lines[which].split()[0]) / 1024


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
