"""From a row to what is sent."""

import re
from typing import Any

import pytest

from tests.fakes.api_document import document
from ticket_status_cli.importing.columns import PATTERNS, Columns, NoViolationError, RecordError
from ticket_status_cli.importing.source import Record

ROW = {
    "integration_name": ["cloud-abc"],
    "issue_key": ["SEC-1"],
    "issue_id": ["10001"],
    "violation_id": ["V-1"],
    "created_at": ["2026-11-22T09:00:00+01:00"],
}
TICKET = {
    "integration_name": "cloud-abc",
    "issue_key": "SEC-1",
    "issue_id": "10001",
    "created_at": "2026-11-22T08:00:00Z",
    "violation_id": "V-1",
}


def row(**changes: list[str]) -> Record:
    return Record(2, {**ROW, **changes})


def test_a_row_is_a_ticket() -> None:
    assert Columns().registrations(row()) == [TICKET]


def test_what_may_be_left_out_is_left_out() -> None:
    [ticket] = Columns().registrations(row(issue_id=[""], resource_type=[""], resource_name=[""]))
    assert "issue_id" not in ticket
    assert "resource" not in ticket


def test_a_resource_has_type_name_and_maybe_a_version() -> None:
    columns = Columns(constants={"resource_type": "build"})
    [ticket] = columns.registrations(row(resource_name=["app"], resource_version=["17"]))
    assert ticket["resource"] == {"type": "build", "name": "app", "version": "17"}
    [ticket] = columns.registrations(row(resource_name=[""]))
    assert "resource" not in ticket


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"issue_key": [""]}, "issue_key is missing"),
        ({"issue_key": ["sec 1"]}, "issue_key must be"),
        ({"issue_id": ["1.0E4"]}, "issue_id must be"),
        ({"created_at": ["03/04/2026"]}, "created_at: "),
        ({"violation_id": ["V 1"]}, "violation_id must be"),
        ({"violation_id": []}, "violation_id is missing"),
        ({"resource_type": ["image"], "resource_name": ["x"]}, "resource_type must be one of"),
        ({"resource_type": ["build"]}, "resource_name is missing"),
        ({"violation_id": ["V-\udce4"]}, "not UTF-8 text"),
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, list[str]], said: str) -> None:
    with pytest.raises(RecordError, match=said):
        Columns().registrations(row(**changes))


def test_a_column_with_another_name_is_named_as_the_file_has_it() -> None:
    columns = Columns(names={"issue_key": "vorgang"})
    assert columns.registrations(row(vorgang=["SEC-2"]))[0]["issue_key"] == "SEC-2"
    with pytest.raises(RecordError, match=r"issue_key \(column vorgang\) is missing"):
        columns.registrations(row(vorgang=[""]))


def test_a_pattern_finds_each_violation_once_wherever_jira_has_it() -> None:
    columns = Columns(pattern=re.compile(r"\[(XRAY-\d+)\]"))
    texts = {"summary": ["[XRAY-1] and [XRAY-2]"], "labels": ["", "[XRAY-2]"], "description": ["none\n[XRAY-3]"]}
    assert [one["violation_id"] for one in columns.registrations(row(**texts))] == ["XRAY-1", "XRAY-2", "XRAY-3"]
    with pytest.raises(NoViolationError, match="summary, description, labels"):
        columns.registrations(row(summary=["by hand"]))


def test_a_group_called_violation_is_the_one_that_counts() -> None:
    columns = Columns(pattern=re.compile(r"(CVE|id) (?P<violation>V-\d+)"), texts=["Field"])
    assert columns.registrations(row(field=["CVE V-9"]))[0]["violation_id"] == "V-9"


def test_an_export_is_its_own_way_back_unless_it_leaves_violations_out() -> None:
    exported = {"integration_name": ["cloud-abc"], "ticket_no": ["SEC-1"], "issue_id": ["10001"]}
    whole = Record(1, {**exported, "violation_ids": ["V-1 V-2"], "violations": ["2"]})
    assert [one["violation_id"] for one in Columns().links(whole)] == ["V-1", "V-2"]
    short = Record(1, {**exported, "violation_ids": ["V-1", "V-2"], "violations": ["21"]})
    with pytest.raises(RecordError, match="21 violations"):
        Columns().links(short)


def test_to_unregister_a_key_is_enough() -> None:
    assert Columns().links(row(issue_id=[""])) == [
        {"integration_name": "cloud-abc", "issue_key": "SEC-1", "violation_id": "V-1"}
    ]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("integration_name", "cloud-abc", "-abc"),
        ("issue_key", "A_1-10", "a-1"),
        ("issue_id", "10412", "012"),
        ("violation_id", "V.1_:-", "V 1"),
    ],
)
def test_what_the_service_takes_is_what_the_document_says(name: str, good: str, bad: str) -> None:
    pattern, _ = PATTERNS[name]
    assert pattern.fullmatch(good)
    assert not pattern.fullmatch(bad)
    assert documented(name).fullmatch(good)
    assert not documented(name).fullmatch(bad)


def documented(name: str) -> re.Pattern[str]:
    """The pattern of a member of a registration in the API document."""
    schemas = document()["components"]["schemas"]
    named = {"integration_name", "issue_key", "violation_id", "created_at"}
    for schema in schemas.values():
        properties = schema.get("properties", {})
        if named <= properties.keys() and "ticket_no" not in properties:
            return re.compile(_pattern(properties[name], schemas))
    raise AssertionError("the document has no registration")


def _pattern(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    """The one pattern in a schema and what it refers to."""
    if "$ref" in schema:
        return _pattern(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas)
    parts = [one for kind in ("oneOf", "anyOf", "allOf") for one in schema.get(kind, []) if one.get("type") != "null"]
    return str(schema["pattern"]) if "pattern" in schema else _pattern(parts[0], schemas)
