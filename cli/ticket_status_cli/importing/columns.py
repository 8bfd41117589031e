"""From a record to what is sent: one ticket for each violation that the record names."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ticket_status_cli.importing.dates import DateError, Dates
from ticket_status_cli.importing.source import REJECT_COLUMNS, UNREADABLE, Record

FIELDS = (
    "integration_name",
    "issue_key",
    "issue_id",
    "violation_id",
    "created_at",
    "resource_type",
    "resource_name",
    "resource_version",
)
RESOURCE_TYPES = ("artifact", "build", "release_bundle")

JIRA_COLUMNS = {"issue_key": "issue key", "issue_id": "issue id", "created_at": "created"}
"""Their columns in Jira's CSV export for users with English as their language."""
JIRA_TEXTS = ("summary", "description", "labels")
"""The columns searched for a violation by default."""

EXPORT_COLUMNS = {"issue_key": "ticket_no", "violation_id": "violation_ids"}
"""How our own export names them."""
NOT_MISSED = frozenset(
    {
        *REJECT_COLUMNS,
        UNREADABLE,
        "resource",
        "violations",
        "ticket_url",
        "ticket_status",
        "ticket_status_category",
        "unknown_reason",
        "last_known_status",
        "last_update",
        "ticket_status_since",
        "refresh_state",
    }
)
"""Additional columns of rejects and exports, which are ignored without a note."""

PATTERNS = {
    "integration_name": (re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"), "the name of an integration"),
    "issue_key": (re.compile(r"[A-Z][A-Z0-9_]*-[1-9][0-9]*"), "a Jira issue key such as JAS-26363"),
    "issue_id": (re.compile(r"[1-9][0-9]{0,18}"), "a numeric Jira issue id"),
    "violation_id": (re.compile(r"[A-Za-z0-9._:-]{1,128}"), "1 to 128 letters, digits or . _ : -"),
}
"""What the service accepts, for dry runs; the service has the last word."""

Ticket = dict[str, object]


class RecordError(Exception):
    """Raised for a record that cannot be sent; the text names the column and says what is expected."""

    code = "invalid_request"


class NoViolationError(RecordError):
    """Raised for a row of Jira's export in which the pattern finds nothing."""

    code = "no_violation"


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the values of a file are."""

    names: Mapping[str, str] = field(default_factory=dict)
    """Column of the file for each of our fields, where they differ; in lower case."""
    constants: Mapping[str, str] = field(default_factory=dict)
    """Values that every record has."""
    dates: Dates = field(default_factory=Dates)
    pattern: re.Pattern[str] | None = None
    """Finds violations in texts; ``None``: they are in a column of their own."""
    texts: Sequence[str] = JIRA_TEXTS

    def column(self, name: str) -> str:
        """The file's column of a field, in lower case."""
        return self.names.get(name, name)

    def registrations(self, record: Record) -> list[Ticket]:
        """What ``POST /tickets`` is sent for a record; raises ``RecordError``."""
        common = self._required(record, "integration_name", "issue_key")
        if issue_id := self._value(record, "issue_id"):
            common["issue_id"] = _fitting("issue_id", issue_id)
        common["created_at"] = self._created_at(record)
        if resource := self._resource(record):
            common["resource"] = resource
        return [{**common, "violation_id": violation} for violation in self._violations(record)]

    def links(self, record: Record) -> list[Ticket]:
        """What ``POST /tickets/unregister`` is sent for a record; raises ``RecordError``."""
        common = self._required(record, "integration_name")
        issue_id = self._value(record, "issue_id")
        if issue_id:
            common["issue_id"] = _fitting("issue_id", issue_id)
        else:
            common |= self._required(record, "issue_key")
        return [{**common, "violation_id": violation} for violation in self._violations(record)]

    def _required(self, record: Record, *names: str) -> Ticket:
        values: Ticket = {}
        for name in names:
            value = self._value(record, name)
            if not value:
                raise RecordError(f"{self._called(name)} is missing")
            values[name] = _fitting(name, value)
        return values

    def _value(self, record: Record, name: str) -> str | None:
        """The first value of a field that is not empty; of a repeated column too."""
        if name in self.constants:
            return self.constants[name]
        values = self._values(record, name)
        return values[0] if values else None

    def _values(self, record: Record, name: str) -> list[str]:
        found = record.fields.get(self.column(name))
        if found is None and name in EXPORT_COLUMNS and name not in self.names:
            found = record.fields.get(EXPORT_COLUMNS[name])
        return [value.strip() for value in found or [] if value.strip()]

    def _called(self, name: str) -> str:
        column = self.column(name)
        return name if column == name else f"{name} (column {column})"

    def _created_at(self, record: Record) -> str:
        text = self._value(record, "created_at")
        if not text:
            raise RecordError(f"{self._called('created_at')} is missing")
        try:
            return self.dates.read(text).strftime("%Y-%m-%dT%H:%M:%SZ")
        except DateError as error:
            raise RecordError(f"{self._called('created_at')}: {error}") from error

    def _resource(self, record: Record) -> dict[str, str] | None:
        values = {name: self._value(record, f"resource_{name}") for name in ("type", "name", "version")}
        resource = {name: _readable(f"resource_{name}", value) for name, value in values.items() if value}
        if not values["name"] and not values["version"] and ("resource_type" in self.constants or not resource):
            return None
        if resource.get("type") not in RESOURCE_TYPES:
            raise RecordError(f"resource_type must be one of {', '.join(RESOURCE_TYPES)}")
        if "name" not in resource:
            raise RecordError("resource_name is missing; a resource has type and name")
        return resource

    def _violations(self, record: Record) -> list[str]:
        found = [*self._found(record)] if self.pattern else self._listed(record)
        if not found and self.pattern:
            raise NoViolationError(f"the pattern finds no violation in {', '.join(self.texts)}")
        if not found:
            raise RecordError(f"{self._called('violation_id')} is missing")
        return [_fitting("violation_id", one) for one in dict.fromkeys(found)]

    def _listed(self, record: Record) -> list[str]:
        """The violations in the column; an export has several in one cell, and says if some are missing."""
        if "violation_id" in self.constants:
            return [self.constants["violation_id"]]
        if self.column("violation_id") in record.fields:
            return self._values(record, "violation_id")[:1]
        found = [one for value in self._values(record, "violation_id") for one in value.split()]
        total = (record.fields.get("violations") or [""])[0]
        if total.isdecimal() and int(total) > len(found):
            raise RecordError(f"the ticket has {total} violations, but the export names only {len(found)} of them")
        return found

    def _found(self, record: Record) -> Iterator[str]:
        pattern = self.pattern
        if pattern is None:
            return
        group: str | int = "violation" if "violation" in pattern.groupindex else min(1, pattern.groups)
        for name in self.texts:
            for text in record.fields.get(name.casefold(), []):
                for match in pattern.finditer(text):
                    if match[group]:
                        yield match[group]


def _fitting(name: str, value: str) -> str:
    pattern, what = PATTERNS[name]
    if not pattern.fullmatch(_readable(name, value)):
        raise RecordError(f"{name} must be {what}, not {value[:80]!r}")
    return value


def _readable(name: str, value: str) -> str:
    """Refuse bytes that are not text in the file's encoding, where they would be sent."""
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise RecordError(f"{name} is not UTF-8 text; name the encoding of the file, for example --encoding cp1252")
    return value
