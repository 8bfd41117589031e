"""Dollars a month, from the operations that were counted and a dated price list."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

PRICES_OF = "July 2025, us-east-1, without free tiers"
"""The last published list that we could hold these against; on-demand DynamoDB was halved in November 2024."""

READ_UNITS = 0.125 / 1e6
WRITE_UNITS = 0.625 / 1e6
STORED_GB = 0.25
RECOVERY_GB = 0.20
"""Point-in-time recovery."""
LAMBDA_GB_SECONDS = 0.0000133334
"""arm64, the template's default."""
LAMBDA_CALLS = 0.20 / 1e6
SQS_CALLS = 0.40 / 1e6
EVENTS = 1.00 / 1e6
LOG_GB = 0.50
SECRET_MONTH = 0.40
SECRET_CALLS = 0.05 / 1e4
KMS_KEY_MONTH = 1.00
KMS_CALLS = 0.03 / 1e4

RUNS = 3 * 365 / 12
"""Runs a month."""

CHANGED = 0.01
MEMORY_GB = 1.0
TICKET_BYTES = 1_850
"""A ticket with a violation and a resource of its own, in all tables and indexes, with 100 bytes for each row;
less where several share them (``bench/stored.py`` measures it)."""

KEPT_YEARS = 3
"""The default of ``RetentionDays``: tickets that left the window are kept, and paid for, too."""

REGISTRATION_UNITS = 16
"""Write units of a registration: twelve of its transaction (measured), four of rows that indexes gain and lose."""

LOG_BYTES = 1_500
"""What an invocation writes to its log: Lambda's lines, the canonical line and the metrics."""

SLICE = 20_000
MOST_SLICES = 50

TICKETS_PER_INTEGRATION = 10_000


@dataclass(frozen=True)
class Counted:
    """What a run took, per ticket, as measured."""

    index_units: float
    other_writes: float
    """Writes beside those of changed tickets."""
    other_read_units: float
    cpu_seconds: float
    """Of a worker whose processor is as fast as this machine's."""


def month(tickets: int, counted: Counted, call_seconds: float = 0.3) -> Mapping[str, float]:
    """Dollars a month by service, the secrets apart: three runs a day over so many tickets of the window.

    As many come in a year as there are in the window.

    A worker has four calls of a thousand tickets in flight, each of ``call_seconds``, or its processor is the limit:
    a gigabyte has 0.58 of one.
    """
    integrations = max(1, ceil(tickets / TICKETS_PER_INTEGRATION))
    swept, changed = tickets * RUNS, tickets * CHANGED * RUNS
    per_ticket = max(call_seconds / 4 / 1000, counted.cpu_seconds / 0.58)
    slices = integrations * max(1, TICKETS_PER_INTEGRATION // SLICE) * RUNS
    probes = 4 * 24 * 365 / 12
    messages = slices + integrations * RUNS
    invocations = messages + RUNS + probes + changed / 100
    seconds = swept * per_ticket + invocations * 0.2
    # A changed ticket's event asks for its violations.
    reads = swept * (counted.index_units + counted.other_read_units) + changed * 0.5
    # A changed ticket is one unit in its table and one in the retrieval index, which has its status too.
    writes = changed * 2 + swept * counted.other_writes
    return {
        "DynamoDB reads": reads * READ_UNITS,
        "DynamoDB writes": writes * WRITE_UNITS,
        "DynamoDB registrations": tickets / 12 * REGISTRATION_UNITS * WRITE_UNITS,
        "DynamoDB storage": tickets * KEPT_YEARS * TICKET_BYTES / 1e9 * STORED_GB,
        "point-in-time recovery": tickets * KEPT_YEARS * TICKET_BYTES / 1e9 * RECOVERY_GB,
        "Lambda": seconds * MEMORY_GB * LAMBDA_GB_SECONDS + invocations * LAMBDA_CALLS,
        "SQS": messages * 3 * SQS_CALLS,
        "EventBridge": changed * EVENTS,
        "CloudWatch Logs": invocations * LOG_BYTES / 1e9 * LOG_GB,
        "Secrets Manager, KMS calls": messages * (SECRET_CALLS + KMS_CALLS),
    }


def secrets(tickets: int) -> float:
    """Dollars a month for the key and one secret per integration, however many tickets."""
    return KMS_KEY_MONTH + ceil(tickets / TICKETS_PER_INTEGRATION) * SECRET_MONTH
