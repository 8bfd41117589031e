"""Dollars a month of a deployed stack, line by line: what it costs to have it, and to use it as in the documents.

``python -m bench.standing`` prints the table of ``docs/deploy.md``; a test holds the two together.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.cost import (
    CHANGED,
    EVENTS,
    KEPT_YEARS,
    KMS_CALLS,
    KMS_KEY_MONTH,
    LAMBDA_CALLS,
    LAMBDA_GB_SECONDS,
    LOG_GB,
    READ_UNITS,
    RECOVERY_GB,
    RUNS,
    SECRET_CALLS,
    SECRET_MONTH,
    SQS_CALLS,
    STORED_GB,
    TICKET_BYTES,
    WRITE_UNITS,
)

HOURS = 730
APP_CLIENT = 6.00
"""For machines (client credentials), a month."""
TOKEN = 2.25 / 1000
METRIC = 0.30
ALARM_METRIC = 0.10
"""An alarm is paid for by the metrics that it reads."""
DASHBOARD = 3.00
LOG_STORED_GB = 0.03
API_CALLS = 3.50 / 1e6

POLLS = 5 * 3 * 60 * HOURS
"""Lambda's poller: five of them, each waits twenty seconds at an empty queue."""
PROBES = 4 * HOURS
ALARMED_METRICS = 4
"""Those of ours that are written all the time; one of failures is paid for in the hours in which something fails."""
DETAILED_METRICS = 18
ALARM_METRICS = 22
LINE_BYTES = 600
"""A line of the log, and what is beside it: Lambda's own three lines of each invocation, the metrics' document."""
INVOCATION_LINES = 5


@dataclass(frozen=True)
class Stack:
    """How a stack is set up and used."""

    integrations: int = 10
    tickets: int = 1_000
    """In the window, of each integration."""
    clients: int = 1
    detailed: bool = False
    api_calls: int = 20_000


@dataclass(frozen=True)
class CostLine:
    """A line of the bill."""

    what: str
    how: str
    dollars: float


def standing(stack: Stack) -> Iterator[CostLine]:
    """The lines, the largest first."""
    runs = stack.integrations * RUNS
    changed = runs * stack.tickets * CHANGED
    messages = runs * 2
    invocations = messages + PROBES + RUNS + runs + stack.api_calls
    seconds = runs * 3 + PROBES * 0.5 + RUNS * 2 + runs * 0.5 + stack.api_calls * 0.1
    stored = stack.integrations * stack.tickets * KEPT_YEARS * TICKET_BYTES / 1e9
    logged = invocations * INVOCATION_LINES * LINE_BYTES / 1e9
    metrics = DETAILED_METRICS if stack.detailed else ALARMED_METRICS
    writes, reads = runs * 15 + changed * 2, runs * 35 + stack.api_calls * 4
    lines = [
        CostLine("Cognito, app clients", f"{stack.clients} x 6.00", stack.clients * APP_CLIENT),
        CostLine(
            "Cognito, tokens",
            f"one an hour for each client: {stack.clients * HOURS:,} x 2.25 per 1,000",
            stack.clients * HOURS * TOKEN,
        ),
        CostLine("Secrets Manager, secrets", f"{stack.integrations} x 0.40", stack.integrations * SECRET_MONTH),
        CostLine("CloudWatch alarms", f"the {ALARM_METRICS} metrics of 13 alarms x 0.10", ALARM_METRICS * ALARM_METRIC),
        CostLine("KMS key", "1 x 1.00", KMS_KEY_MONTH),
        CostLine("CloudWatch metrics", f"{metrics} x 0.30", metrics * METRIC),
        CostLine("SQS", f"Lambda's polling, 5 x 3 a minute: {POLLS:,} x 0.40 per million", POLLS * SQS_CALLS),
        CostLine(
            "Lambda, arm64, 1 GB",
            f"{seconds:,.0f} GB-s x 0.0000133, {invocations:,.0f} calls x 0.20 per million (durations assumed)",
            seconds * LAMBDA_GB_SECONDS + invocations * LAMBDA_CALLS,
        ),
        CostLine("API Gateway", f"{stack.api_calls:,} requests x 3.50 per million", stack.api_calls * API_CALLS),
        CostLine(
            "CloudWatch Logs",
            f"{logged * 1000:,.0f} MB taken in x 0.50 a GB, kept for a month x 0.03 a GB",
            logged * (LOG_GB + LOG_STORED_GB),
        ),
        CostLine(
            "DynamoDB, requests",
            f"{writes:,.0f} writes x 0.625 and {reads:,.0f} reads x 0.125 per million",
            writes * WRITE_UNITS + reads * READ_UNITS,
        ),
        CostLine(
            "DynamoDB, storage and point-in-time recovery",
            f"{stored * 1000:,.0f} MB x (0.25 + 0.20) a GB",
            stored * (STORED_GB + RECOVERY_GB),
        ),
        CostLine(
            "Secrets Manager and KMS, calls",
            f"{messages:,.0f} x (0.05 + 0.03) per 10,000",
            messages * (SECRET_CALLS + KMS_CALLS),
        ),
        CostLine("EventBridge", f"{changed:,.0f} events x 1.00 per million", changed * EVENTS),
    ]
    if stack.detailed:
        lines.append(CostLine("CloudWatch dashboard", "1 x 3.00", DASHBOARD))
    yield from sorted(lines, key=lambda line: -line.dollars)


def total(stack: Stack) -> float:
    """All of it."""
    return sum(line.dollars for line in standing(stack))


def table(stack: Stack) -> str:
    """As Markdown."""
    rows = [f"| {line.what} | {line.how} | {line.dollars:.2f} |" for line in standing(stack)]
    head = ["| what | how computed | dollars a month |", "| --- | --- | --- |"]
    return "\n".join([*head, *rows, f"| | | **{total(stack):.2f}** |"])


if __name__ == "__main__":
    print(table(Stack()))
