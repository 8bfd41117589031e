"""Files as they come: separators, encodings, repeated columns, broken rows."""

import json
from pathlib import Path

import click
import pytest

from ticket_status_cli.importing.source import LONGEST_LINE, Record, open_source


def read(path: Path, **given: str) -> list[Record]:
    with open_source(str(path), None, given.get("delimiter"), given.get("encoding")) as source:
        return list(source.records())


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_separator_and_encoding_are_found(tmp_path: Path, delimiter: str, encoding: str) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text(f"issue_key{delimiter}Violation_ID\r\nSEC-1{delimiter}V-ä\r\n", encoding=encoding, newline="")
    [record] = read(path)
    assert record.fields == {"issue_key": ["SEC-1"], "violation_id": ["V-ä"]}
    assert record.line == 2


def test_repeated_columns_keep_all_their_values_and_line_breaks_stay_in_their_cells(tmp_path: Path) -> None:
    path = tmp_path / "jira.csv"
    path.write_text('"Issue key",Labels,Labels,Description\nSEC-1,a,b,"one\ntwo, ""three"""\nSEC-2,,c,\n')
    first, second = read(path)
    assert first.fields["labels"] == ["a", "b"]
    assert first.fields["description"] == ['one\ntwo, "three"']
    assert (first.line, second.line) == (2, 4)


def test_a_row_with_other_cells_than_the_header_is_a_problem_and_a_repeated_header_is_not(tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text("a,b\n1,2\na,b\n\n1,2,3\n4,5\n")
    records = read(path)
    assert [record.problem and record.problem[0] for record in records] == [None, "invalid_csv", None]
    assert records[1].line == 5


def test_bytes_that_are_not_utf_8_spoil_only_their_own_cell(tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    path.write_bytes("issue_key,summary\nSEC-1,Größe\n".encode("cp1252"))
    [record] = read(path)
    assert record.fields["issue_key"] == ["SEC-1"]
    [spoilt] = read(path, encoding="cp1252")
    assert spoilt.fields["summary"] == ["Größe"]


def test_a_file_without_a_header_is_wrong_use(tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text("")
    with pytest.raises(click.UsageError, match="header"):
        read(path)
    with pytest.raises(click.UsageError, match="cannot be read"):
        read(tmp_path / "none.csv")


def test_objects_are_read_line_by_line_with_their_resource(tmp_path: Path) -> None:
    path = tmp_path / "tickets.ndjson"
    lines = ['{"issue_key": "SEC-1", "resource": {"type": "build", "name": "b"}, "issue_id": 7}', "", "nonsense", "[1]"]
    path.write_text("\n".join(lines))
    good, bad, worse = read(path)
    assert good.fields["resource_type"] == ["build"]
    assert good.fields["issue_id"] == ["7"]
    assert [record.problem and record.problem[0] for record in (bad, worse)] == ["invalid_json", "invalid_json"]
    assert bad.line == 3


def test_an_unreadable_line_that_was_mended_in_the_rejects_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tickets.rejects.ndjson"
    path.write_text(json.dumps({"reject_code": "invalid_json", "unreadable": '{"issue_key": "SEC-1"}'}) + "\n")
    [record] = read(path)
    assert record.fields == {"issue_key": ["SEC-1"]}


def test_a_line_that_is_too_long_is_a_problem_and_the_next_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "tickets.ndjson"
    path.write_text('{"a": "' + "x" * (2 * LONGEST_LINE) + '"}\n{"issue_key": "SEC-1"}\n')
    bad, good = read(path)
    assert bad.problem is not None
    assert len(bad.raw[0]) <= 1000
    assert good.fields == {"issue_key": ["SEC-1"]}
