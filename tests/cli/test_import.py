"""Importing, unregistering, exporting: whole, repeatable, resumable."""

import csv
import io
import json
import signal
import subprocess
import sys
import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from local.jira_export import compare, violation, write_export
from tests.cli.conftest import Run
from tests.fakes.service import Service
from ticket_status.core.model import Category
from ticket_status_cli.importing.columns import Columns
from ticket_status_cli.importing.dry_run import forecast
from ticket_status_cli.importing.source import open_source

HEADER = "integration_name,issue_key,issue_id,violation_id,created_at\n"
JIRA = ("--from-jira-csv", "--integration", "cloud-abc", "--violation-pattern", r"XRAY-\d+")


def rows(count: int, first: int = 1) -> str:
    return "".join(f"cloud-abc,SEC-{n},{10_000 + n},V-{n},2026-11-22T08:00:00Z\n" for n in range(first, first + count))


def issues(count: int) -> list[dict[str, object]]:
    created = datetime(2026, 11, 22, 8, tzinfo=UTC).isoformat()
    return [
        {"id": 10_000 + n, "key": f"APP-{n}", "project": "APP", "status": "To Do", "created": created}
        for n in range(1, count + 1)
    ]


def imported(service: Service) -> list[str]:
    return [key for _, key, _ in service.links]


def batches(service: Service) -> list[int]:
    return [len(body["tickets"]) for method, path, body in service.calls if (method, path) == ("POST", "/tickets")]


def test_a_file_is_registered_in_hundreds_and_retrieved_by_one_run(run: Run, service: Service) -> None:
    Path("t.csv").write_text(HEADER + rows(250))
    result = run("tickets", "import", "t.csv", "--output", "json")
    assert result.status == 0, result.err
    report = json.loads(result.out)
    assert (report["records"], report["registered"], report["rejected"]) == (250, 250, 0)
    assert report["runs"] == [{"integration_name": "cloud-abc", "run_id": service.stage.run.run_id}]
    assert batches(service) == [100, 100, 50]
    assert len(service.runs) == 1
    assert [path.name for path in Path().iterdir()] == ["t.csv"], "no journal and no rejects are left"


def test_importing_the_same_again_changes_nothing(run: Run, service: Service) -> None:
    Path("t.csv").write_text(HEADER + rows(3))
    for _ in range(2):
        assert run("tickets", "import", "t.csv", "--no-sync").status == 0
    assert len(service.links) == 3
    assert service.runs == []


def test_rejects_are_mended_in_their_file_and_imported_the_same_way(run: Run, service: Service) -> None:
    bad = "cloud-abc,sec 4,10004,V-4,2026-11-22T08:00:00Z\nnobody,SEC-5,10005,V-5,2026-11-22T08:00:00Z\n"
    Path("t.csv").write_text(HEADER + rows(3) + bad)
    result = run("tickets", "import", "t.csv", "--output", "json")
    assert result.status == 1
    report = json.loads(result.out)
    assert report["rejected_by_code"] == {"invalid_request": 1, "integration_not_found": 1}
    rejects = Path(report["rejects_file"])
    text = rejects.read_text()
    [first, second] = csv.DictReader(io.StringIO(text))
    assert (first["reject_line"], second["reject_line"]) == ("5", "6")
    assert "issue_key must be" in first["reject_detail"]
    rejects.write_text(text.replace("sec 4", "SEC-4").replace("nobody", "cloud-abc"))
    assert run("tickets", "import", str(rejects)).status == 0
    assert imported(service) == ["SEC-1", "SEC-2", "SEC-3", "SEC-4", "SEC-5"]


def test_rejects_that_are_mended_in_part_are_rejected_again_with_the_new_reason_only(run: Run) -> None:
    Path("t.csv").write_text(HEADER + "cloud-abc,,10004,,2026-11-22T08:00:00Z\n")
    run("tickets", "import", "t.csv")
    rejects = Path("t.csv.rejects.csv")
    rejects.write_text(rejects.read_text().replace("cloud-abc,,", "cloud-abc,SEC-4,"))
    run("tickets", "import", str(rejects))
    [again] = csv.DictReader(io.StringIO(Path("t.csv.rejects.csv.rejects.csv").read_text()))
    assert again["reject_detail"] == "violation_id is missing"
    assert len(again) == 8


def test_rejects_that_somebody_may_be_mending_are_never_overwritten(run: Run) -> None:
    Path("t.csv").write_text(HEADER + "cloud-abc,,10004,V-4,2026-11-22T08:00:00Z\n")
    Path("t.csv.rejects.csv").write_text("mine")
    result = run("tickets", "import", "t.csv", "--output", "json")
    assert json.loads(result.out)["rejects_file"] == "t.csv.rejects-2.csv"
    assert Path("t.csv.rejects.csv").read_text() == "mine"


def test_rejects_of_ndjson_keep_their_members_and_lines_that_are_not_json(run: Run, service: Service) -> None:
    good = {"integration_name": "cloud-abc", "issue_key": "SEC-1", "violation_id": "V-1", "created_at": "2026-11-22"}
    Path("t.ndjson").write_text(json.dumps({**good, "issue_key": 7}) + "\n" + json.dumps(good)[:-1] + "\n")
    assert run("tickets", "import", "t.ndjson").status == 1
    rejects = Path("t.ndjson.rejects.ndjson")
    first, second = map(json.loads, rejects.read_text().splitlines())
    assert first["issue_key"] == 7
    assert "issue_key must be" in first["reject_detail"]
    mended = [json.dumps({**first, "issue_key": "SEC-2"}), json.dumps({**second, "unreadable": json.dumps(good)})]
    rejects.write_text("\n".join(mended))
    assert run("tickets", "import", str(rejects)).status == 0
    assert imported(service) == ["SEC-2", "SEC-1"]


def test_an_interrupted_import_goes_on_where_it_stopped(run: Run, service: Service) -> None:
    bad = "cloud-abc,,1,V-1,2026-11-22T08:00:00Z\n"
    Path("t.csv").write_text(HEADER + bad + rows(249) + bad)
    # Two batches go through, then the service is out.
    service.trouble.extend([None, None, *[(503, {"message": "Service Unavailable"}, {})] * 100])
    result = run("tickets", "import", "t.csv")
    assert result.status == 1
    assert "200 records are done. Repeat the command" in result.err
    assert service.runs == []
    service.trouble.clear()
    result = run("tickets", "import", "t.csv", "--output", "json")
    assert result.status == 1, "two rows were rejected"
    assert json.loads(result.out)["records"] == 251
    assert json.loads(result.out)["registered"] == 249
    assert batches(service) == [99, 100, 50]
    assert len([*csv.reader(Path("t.csv.rejects.csv").read_text().splitlines())]) == 3
    assert len(service.runs) == 1


def test_rejects_that_were_touched_meanwhile_are_left_alone(run: Run, service: Service) -> None:
    bad = "cloud-abc,,1,V-1,2026-11-22T08:00:00Z\n"
    Path("t.csv").write_text(HEADER + bad + rows(100) + bad)
    service.trouble.extend([None, (403, {"message": "no"}, {})])
    assert run("tickets", "import", "t.csv").status == 1
    mended = Path("t.csv.rejects.csv").read_text().replace("cloud-abc,,", "cloud-abc,SEC-777,")
    Path("t.csv.rejects.csv").write_text(mended)
    result = run("tickets", "import", "t.csv", "--output", "json")
    assert "Earlier rejects are in t.csv.rejects.csv" in result.err
    assert json.loads(result.out)["rejects_file"] == "t.csv.rejects-2.csv"
    assert Path("t.csv.rejects.csv").read_text() == mended
    assert len(Path("t.csv.rejects-2.csv").read_text().splitlines()) == 2


def test_a_terminated_import_says_how_to_go_on_and_goes_on(
    run: Run, service: Service, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("t.csv").write_text(HEADER + rows(1000))
    answer = service.answer
    second = Event()

    def slowly(*arguments: Any) -> Any:  # noqa: ANN401 - handed on
        if len(service.calls) >= 2:
            second.set()
            time.sleep(0.2)  # the signal arrives while a batch is under way
        return answer(*arguments)

    monkeypatch.setattr(service, "answer", slowly)
    command = [sys.executable, "-m", "ticket_status_cli", "tickets", "import", "t.csv"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as importing:
        assert second.wait(30)
        importing.send_signal(signal.SIGTERM)
        _, said = importing.communicate(timeout=30)
    assert importing.returncode == 1, said
    assert "Repeat the command to resume there." in said
    monkeypatch.setattr(service, "answer", answer)
    assert url
    result = run("tickets", "import", "t.csv", "--output", "json")
    assert json.loads(result.out)["registered"] == 1000
    assert len(service.links) == 1000


def test_a_file_that_changed_since_is_not_taken_for_the_interrupted_one(run: Run, service: Service) -> None:
    Path("t.csv").write_text(HEADER + rows(150))
    service.trouble.extend([None, (403, {"message": "no"}, {})])
    assert run("tickets", "import", "t.csv").status == 1
    Path("t.csv").write_text(HEADER + rows(151))
    result = run("tickets", "import", "t.csv")
    assert result.status == 2
    assert "--restart" in result.err
    assert run("tickets", "import", "t.csv", "--restart").status == 0
    assert len(service.links) == 151


def test_a_failure_to_start_the_run_is_made_good_by_the_same_command(run: Run, service: Service) -> None:
    Path("t.csv").write_text(HEADER + rows(2))
    service.trouble.extend([None, *[(502, {}, {})] * 100])  # the registration goes through, the run does not
    assert run("tickets", "import", "t.csv").status == 1
    service.trouble.clear()
    assert run("tickets", "import", "t.csv").status == 0
    assert batches(service) == [2]
    assert len(service.runs) == 1


def test_throttling_is_waited_for_as_long_as_the_service_asks(run: Run, service: Service, waits: list[float]) -> None:
    Path("t.csv").write_text(HEADER + rows(2))
    service.trouble.extend([(429, {"message": "Too Many Requests"}, {"Retry-After": "7"}), (500, {}, {})])
    assert run("tickets", "import", "t.csv").status == 0
    assert waits[0] == 7
    assert 0 < waits[1] <= 1
    assert len(service.links) == 2


def test_a_service_that_asks_to_wait_beyond_all_bounds_is_not_waited_for(
    run: Run, service: Service, waits: list[float]
) -> None:
    Path("t.csv").write_text(HEADER + rows(2))
    service.trouble.append((429, {}, {"Retry-After": "86400"}))
    result = run("tickets", "import", "t.csv")
    assert result.status == 1
    assert "Try again in 86400 seconds" in result.err
    assert waits == []


def test_an_unknown_integration_is_said_before_a_hundred_thousand_rows_are_rejected(run: Run, service: Service) -> None:
    Path("t.csv").write_text("issue_key,violation_id,created_at\nSEC-1,V-1,2026-11-22\n")
    result = run("tickets", "import", "t.csv", "--integration", "nobody")
    assert result.status == 1
    assert "integration_not_found" in result.err
    assert batches(service) == []


def test_columns_are_mapped_either_way_round_and_what_is_passed_over_is_said(run: Run, service: Service) -> None:
    Path("t.csv").write_text("Vorgang;id;wann;Farbe\nSEC-1;V-1;22.11.2026 08:00;rot\n")
    result = run(
        *("tickets", "import", "t.csv", "--set", "integration_name=cloud-abc"),
        *("--map", "issue_key=Vorgang", "--map", "id=violation_id", "--map", "created_at=wann"),
        *("--timezone", "Europe/Berlin"),
    )
    assert result.status == 0, result.err
    assert "Farbe" in result.err
    assert service.links["cloud-abc", "SEC-1", "V-1"].created_at == datetime(2026, 11, 22, 7, tzinfo=UTC)


def test_a_column_that_is_not_there_is_wrong_use(run: Run, service: Service) -> None:
    Path("t.csv").write_text(HEADER + rows(1))
    result = run("tickets", "import", "t.csv", "--map", "issue_key=Vorgang")
    assert result.status == 2
    assert "vorgang" in result.err
    assert batches(service) == []


def test_standard_input_is_imported_too(run: Run, service: Service) -> None:
    assert run("tickets", "import", "-", stdin=HEADER + rows(2)).status == 0
    assert len(service.links) == 2


def test_a_dry_run_counts_and_shows_samples_and_sends_and_writes_nothing(run: Run, service: Service) -> None:
    old = "cloud-abc,SEC-9,,V-9,2024-01-01T00:00:00Z\nnobody,SEC-8,,V-8,2026-01-01T00:00:00Z\n"
    old += "cloud-abc,,,V-7,2026-01-01\n"
    Path("t.csv").write_text(HEADER + rows(150) + old)
    result = run("tickets", "import", "t.csv", "--dry-run", "--output", "json")
    assert result.status == 0
    found = json.loads(result.out)
    assert (found["records"], found["links"], found["rejected"]) == (153, 152, 1)
    assert found["older_than_a_year"] == 1
    assert found["unknown_integrations"] == ["nobody"]
    assert found["samples"][0]["issue_key"] == "SEC-1"
    assert found["rejected_samples"] == [{"line": 154, "code": "invalid_request", "detail": "issue_key is missing"}]
    assert not service.links
    assert [path.name for path in Path().iterdir()] == ["t.csv"]
    assert "Samples:" in run("tickets", "import", "t.csv", "--dry-run").out


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_jiras_own_export_is_imported_and_its_rejects_are_mended(run: Run, service: Service, delimiter: str) -> None:
    service.works = True
    for one in issues(300):
        service.stage.site.put(str(one["id"]), str(one["key"]), "To Do", Category.NEW)
    made = io.StringIO()
    write_export(made, issues(300), spoil_every=100)
    made.seek(0)
    with Path("jira.csv").open("w", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(csv.reader(made))
    result = run("tickets", "import", "jira.csv", *JIRA, "--output", "json")
    assert result.status == 1
    report = json.loads(result.out)
    assert (report["registered"], report["rejected"]) == (297, 3)
    assert report["rejected_by_code"] == {"invalid_request": 2, "no_violation": 1}

    rejects = Path(report["rejects_file"])
    by_key = {str(one["id"]): one for one in issues(300)}
    head, *bad = csv.reader(io.StringIO(rejects.read_text(), newline=""), delimiter=delimiter)
    for row in bad:
        issue = by_key[row[head.index("Issue id")]]
        row[head.index("Summary")] += violation(issue)
        row[head.index("Issue key")] = str(issue["key"])
        row[head.index("Created")] = "22/Nov/26 8:00 AM"
    with rejects.open("w", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([head, *bad])
    result = run("tickets", "import", str(rejects), *JIRA)
    assert result.status == 0, result.err
    assert len(service.links) == 300
    assert service.links["cloud-abc", "APP-1", "XRAY-10001"].created_at == datetime(2026, 11, 22, 8, tzinfo=UTC)

    exported = run("tickets", "export", "--integration", "cloud-abc").out
    assert compare(exported.splitlines(), {str(one["key"]): "To Do" for one in issues(300)}) == []


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = tmp_path / f"{count}.csv"
        path.write_text(HEADER + rows(count))
        tracemalloc.start()
        with open_source(str(path), None, None, None) as source:
            forecast(source, Columns().registrations, datetime.now(UTC), lambda _: None)
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    assert peak(10_000) < peak(1_000) + 100_000


# --- The way back ----------------------------------------------------------------------------------------------------


def test_the_file_that_was_imported_is_unregistered(run: Run, service: Service) -> None:
    Path("t.csv").write_text(HEADER + rows(150))
    run("tickets", "import", "t.csv")
    result = run("tickets", "unregister", "t.csv", "--output", "json")
    assert result.status == 0, result.err
    assert json.loads(result.out)["unregistered"] == 150
    assert not service.links


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_an_export_is_its_own_way_back(run: Run, service: Service, kind: str) -> None:
    Path("t.csv").write_text(HEADER + rows(3) + rows(1).replace("V-1", "V-2"))
    run("tickets", "import", "t.csv")
    assert run("tickets", "export", "--integration", "cloud-abc", "--output", kind, "--to", f"e.{kind}").status == 0
    assert run("tickets", "unregister", f"e.{kind}").status == 0
    assert not service.links


def test_one_link_is_unregistered(run: Run, service: Service) -> None:
    Path("t.csv").write_text(HEADER + rows(2))
    run("tickets", "import", "t.csv")
    assert (
        run("tickets", "unregister", "--integration", "cloud-abc", "--issue", "SEC-1", "--violation", "V-1").status == 0
    )
    assert (
        run("tickets", "unregister", "--integration", "cloud-abc", "--issue", "10002", "--violation", "V-2").status == 0
    )
    assert not service.links
    assert run("tickets", "unregister", "--integration", "cloud-abc").status == 2


def test_an_export_is_whole_and_goes_on_after_an_interruption(run: Run, service: Service) -> None:
    Path("t.csv").write_text(HEADER + rows(25))
    run("tickets", "import", "t.csv")
    service.most_per_page = 10
    command = ("tickets", "export", "--integration", "cloud-abc", "--to", "e.ndjson")
    service.trouble.extend([None, None, (403, {"message": "no"}, {})])
    assert run(*command).status == 1
    assert not Path("e.ndjson").exists()
    assert run(*command).status == 0
    keys = [json.loads(line)["ticket_no"] for line in Path("e.ndjson").read_text().splitlines()]
    assert keys == [f"SEC-{n}" for n in range(1, 26)]
    assert sorted(path.name for path in Path().iterdir()) == ["e.ndjson", "t.csv"]


def test_an_export_as_csv_has_a_line_for_each_ticket(run: Run) -> None:
    Path("t.csv").write_text(HEADER + rows(2) + rows(1).replace("V-1", "V-7"))
    run("tickets", "import", "t.csv")
    out = run("tickets", "export", "--integration", "cloud-abc", "--output", "csv").out
    assert [(one["ticket_no"], one["violation_ids"]) for one in csv.DictReader(io.StringIO(out))] == [
        ("SEC-1", "V-1 V-7"),
        ("SEC-2", "V-2"),
    ]


def test_a_table_is_no_form_of_an_export(run: Run) -> None:
    assert run("tickets", "export", "--integration", "cloud-abc", "--output", "table").status == 2
