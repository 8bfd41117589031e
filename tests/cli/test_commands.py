"""Every command beside import and export; errors in plain words; exit status."""

import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from msgspec.structs import replace

from tests.cli.conftest import Run
from tests.fakes.connections import report
from tests.fakes.samples import NOW, REF, URL, an_integration
from tests.fakes.service import TOKEN, Service
from ticket_status.core.model import AuthType, Category, Health, HealthStatus, ReasonCode, Status, Trigger
from ticket_status.core.trouble import Refused, Unavailable
from ticket_status_cli.main import cli

JIRA_SAID_NO = Health(HealthStatus.FAULTY, NOW, NOW, ReasonCode.AUTHENTICATION_FAILED, "Jira said no.")
REFUSED = Refused(ReasonCode.AUTHENTICATION_FAILED, "Jira said no.", final=True)


def commands(group: click.Group, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command with its name."""
    for part, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{name}{part} ")
        else:
            yield f"{name}{part}", command


@pytest.mark.parametrize("name", [name for name, _ in commands(cli)])
def test_help_has_an_example_of_the_command_and_the_shared_options(run: Run, name: str) -> None:
    result = run(*name.split(), "--help")
    assert result.status == 0
    example = result.out.split("Example:")[1]
    assert f"ticket-status {name}" in example
    assert "--output" in result.out


def test_no_option_takes_a_secret() -> None:
    for name, command in commands(cli):
        for parameter in command.params:
            assert parameter.name not in {"password", "token", "client_secret", "secret"}, name


@pytest.fixture
def linked(service: Service) -> Service:
    """Two tickets of a violation, both To Do."""
    service.stage.violation("V-1", *(service.stage.has_ticket(number, project="SEC") for number in (1, 2)))
    return service


def test_output_may_stand_before_and_after_the_command(run: Run) -> None:
    before = run("--output", "json", "integrations", "list")
    after = run("integrations", "list", "-o", "json")
    assert before.out == after.out
    assert json.loads(after.out)["integrations"][0]["connection_name"] == "cloud-abc"
    assert run("integrations", "list", "-o", "csv").out.splitlines()[0].startswith("connection_name,")
    assert json.loads(run("integrations", "list", "-o", "ndjson").out)["connection_name"] == "cloud-abc"
    assert "cloud-abc" in run("integrations", "list").out


def test_a_violation_is_shown_with_its_tickets(run: Run, linked: Service) -> None:
    first = linked.links["cloud-abc", "SEC-1", "V-1"]
    hostile = Status("In \x1b[31mProgress\N{RIGHT-TO-LEFT OVERRIDE}", Category.INDETERMINATE)
    linked.stage.tickets.stored[first.key] = replace(first, status=hostile)
    shown = run("violations", "show", "V-1").out
    assert "SEC-1" in shown
    assert "\x1b" not in shown
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in shown
    assert json.loads(run("violations", "show", "V-1", "-o", "json").out)["violation_id"] == "V-1"


def test_a_violation_that_is_not_known_is_refused_with_its_code(run: Run) -> None:
    result = run("violations", "show", "V-9")
    assert result.status == 1
    assert "violation_not_found" in result.err
    assert result.out == ""


def test_violations_are_refreshed_fifty_at_once_and_each_once(run: Run, linked: Service) -> None:
    ids = "\n".join(["V-1", "", *(f"N-{n}" for n in range(59)), "V-1"])
    result = run("violations", "refresh", "-", "-o", "ndjson", stdin=ids)
    assert result.status == 1, "59 of them are not known"
    assert [json.loads(line)["refresh"]["outcome"] for line in result.out.splitlines()] == ["unchanged", "unchanged"]
    assert [len(body["violation_ids"]) for _, path, body in linked.calls if path.endswith("refresh")] == [50, 10]
    assert run("violations", "refresh", "V-1").status == 0
    assert "V-1" in json.loads(run("violations", "refresh", "V-1", "-o", "json").out)["violations"]


def test_a_ticket_that_could_not_be_refreshed_is_exit_status_1(run: Run, linked: Service) -> None:
    linked.stage.site.trouble = Unavailable(ReasonCode.UNREACHABLE, "time-out")
    result = run("violations", "refresh", "V-1")
    assert result.status == 1
    assert "SEC-2 was not refreshed: jira_unavailable" in result.err


def test_a_ticket_is_found_by_its_key(run: Run, linked: Service) -> None:
    del linked
    assert json.loads(run("tickets", "find", "SEC-1", "-o", "json").out)["tickets"][0]["violation_ids"] == ["V-1"]
    assert run("tickets", "find", "SEC-9").status == 1


def test_why_says_what_is_wrong_and_what_to_do(run: Run, linked: Service) -> None:
    assert [one["shows"] for one in json.loads(run("why", "V-1", "-o", "json").out)["tickets"]] == ["To Do", "To Do"]
    linked.stage.integrations.set_health(linked.stage.integration, JIRA_SAID_NO)
    said = run("why", "V-1").out
    assert "The integration cloud-abc is broken: Jira said no." in said
    assert "ticket-status integrations edit cloud-abc --ask-secret" in said
    broken = json.loads(run("why", "V-1", "-o", "json").out)["tickets"][0]
    assert broken["shows"] == "Unknown (INTEGRATION_BROKEN), last known as To Do"


def test_the_toggle_is_shown_and_switched(run: Run, service: Service) -> None:
    assert json.loads(run("integrations", "settings", "cloud-abc", "-o", "json").out) == {"retrieve_jira_tickets": True}
    assert run("integrations", "settings", "cloud-abc", "--no-retrieve").status == 0
    assert service.stage.integration.retrieve_jira_tickets is False
    refused = run("integrations", "sync", "cloud-abc")
    assert refused.status == 1
    assert "retrieval_disabled" in refused.err


def test_a_run_is_waited_for_and_its_failure_is_exit_status_1(run: Run, linked: Service) -> None:
    linked.works = True
    assert "succeeded" in run("integrations", "sync", "cloud-abc", "--wait").out
    linked.stage.site.trouble = REFUSED
    failed = run("integrations", "sync", "cloud-abc", "--wait")
    assert failed.status == 1
    assert "Jira said no" in failed.err


def test_a_connection_that_does_not_work_is_exit_status_1(run: Run, service: Service) -> None:
    assert run("integrations", "test", "cloud-abc").status == 0
    service.stage.connections.reports[URL] = report(REFUSED)
    tested = run("integrations", "test", "cloud-abc")
    assert tested.status == 1
    assert "FAULTY_CONFIGURATION: Jira said no." in tested.out


def test_a_webhook_is_set_up_shown_and_removed(run: Run, service: Service) -> None:
    made = run("integrations", "webhook", "cloud-abc", "--set-up", "manual").out
    assert service.stage.hook_keys.keys[REF].current in made
    assert "2. " in made
    assert "awaiting" in run("integrations", "webhook", "cloud-abc").out
    assert run("integrations", "webhook", "cloud-abc", "--remove").status == 0
    assert run("integrations", "webhook", "cloud-abc", "--remove", "--set-up", "manual").status == 2


def test_one_ticket_or_all_are_looked_at_again(run: Run, linked: Service) -> None:
    linked.stage.site.put("10001", "SEC-1", "Done")
    assert "Done" in run("integrations", "recheck", "cloud-abc", "10001").out
    assert run("integrations", "recheck", "cloud-abc").out.split()[-1] == linked.stage.run.run_id
    assert linked.stage.run.trigger is Trigger.RECHECK


def test_an_authorisation_gives_the_address_to_open(run: Run, service: Service) -> None:
    service.stage.integrations.stored["cloud-abc"] = an_integration(auth_type=AuthType.OAUTH2, client_id="app")
    assert "https://auth.example/authorize?client_id=app" in run("integrations", "authorise", "cloud-abc").out


def test_status_shows_health_webhook_and_counts(run: Run, linked: Service) -> None:
    linked.stage.sync()
    run("integrations", "webhook", "cloud-abc", "--set-up", "manual")
    [row] = json.loads(run("status", "-o", "json").out)["integrations"]
    assert row["summary"]["tickets"] == 2
    assert row["webhook"]["state"] == "awaiting"
    linked.stage.integrations.add(an_integration("cloud-xyz"))
    table = run("status").out
    assert "To Do 2" in table
    assert "cloud-xyz" in table


def test_an_integration_is_created_with_a_secret_from_a_file_or_standard_input(run: Run, service: Service) -> None:
    Path("secret").write_text("s3cret\n")
    create = ("integrations", "create", "--installation-type", "cloud", "--url", "https://abc.atlassian.net")
    basic = (*create, "--auth-type", "basic", "--username", "bot")
    assert run(*basic, "one", "--password-file", "secret").status == 0
    assert run(*basic, "two", "--password-file", "-", stdin="p4ss\n").status == 0
    sent = [body for method, path, body in service.calls if (method, path) == ("POST", "/jira-integrations")]
    assert [body["password"] for body in sent] == ["s3cret", "p4ss"]
    assert "skip_connection_test" not in sent[0]
    result = run(*basic, "one", "--password-file", "secret")
    assert result.status == 1
    assert "integration_exists" in result.err
    missing = run(*basic, "three")
    assert missing.status == 2
    assert "--password-file" in missing.err
    Path("secret").write_text("two\nlines")
    assert run(*basic, "three", "--password-file", "secret").status == 2


def test_whether_an_integration_was_created_is_not_guessed_when_the_answer_is_lost(run: Run, service: Service) -> None:
    service.trouble.append((502, {"message": "Bad Gateway"}, {}))
    Path("secret").write_text("s3cret")
    create = ("integrations", "create", "one", "--installation-type", "cloud", "--url", "https://abc.atlassian.net")
    result = run(*create, "--auth-type", "basic", "--username", "bot", "--password-file", "secret")
    assert result.status == 1
    assert len([one for one in service.calls if one[0] == "POST"]) == 0, "it was not sent a second time"
    assert "ticket-status integrations show one" in result.err


def test_fields_that_do_not_fit_are_named(run: Run) -> None:
    Path("secret").write_text("x" * 3_000)
    result = run("integrations", "edit", "cloud-abc", "--password-file", "secret")
    assert result.status == 1
    assert "password: must be a string of 1 to 2048 characters" in result.err
    assert "invalid_request" in result.err
    assert run("integrations", "edit", "cloud-abc").status == 2


def test_deleting_twice_is_refused_the_second_time_and_a_lost_answer_is_not(run: Run, service: Service) -> None:
    assert run("integrations", "delete", "cloud-abc", "--yes").status == 0
    assert run("integrations", "delete", "cloud-abc", "--yes").status == 1
    service.stage.integrations.add(an_integration())
    service.trouble.extend([None, (502, {}, {})])
    assert run("integrations", "delete", "cloud-abc", "--yes").status == 0


def test_wrong_use_is_exit_status_2(run: Run) -> None:
    for wrong in (["integrations"], ["nonsense"], ["why"], ["tickets", "import", "none.csv"], ["status", "-o", "xml"]):
        assert run(*wrong).status == 2, wrong


def test_a_token_that_is_refused_is_said_without_the_token(run: Run, service: Service) -> None:
    service.token = "another"
    result = run("integrations", "list")
    assert result.status == 1
    assert "does not accept the token" in result.err
    assert TOKEN not in result.err


def test_the_local_stack_is_found_in_a_parent_and_its_renewed_token_is_taken(
    run: Run, service: Service, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TICKET_STATUS_API_URL")
    monkeypatch.delenv("TICKET_STATUS_TOKEN")
    description = Path(".local/stack.json").absolute()
    description.parent.mkdir()
    description.write_text(json.dumps({"api_url": url, "tokens": {"admin": TOKEN}}))
    below = Path("some/folder").absolute()
    below.mkdir(parents=True)
    monkeypatch.setattr(Path, "cwd", staticmethod(lambda: below))
    assert run("integrations", "list").status == 0

    service.token = "renewed"
    service.trouble.append(None)
    answer = service.answer

    def renewing(*arguments: object) -> object:
        description.write_text(json.dumps({"api_url": url, "tokens": {"admin": "renewed"}}))
        return answer(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(service, "answer", renewing)
    assert run("integrations", "list").status == 0


def test_the_local_token_goes_to_the_local_stack_only(run: Run, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TICKET_STATUS_TOKEN")
    Path(".local").mkdir()
    Path(".local/stack.json").write_text(json.dumps({"api_url": url, "tokens": {"admin": TOKEN}}))
    assert run("integrations", "list", "--api-url", f"{url}/").status == 0
    result = run("integrations", "list", "--api-url", "https://api.example.com")
    assert result.status == 2
    assert "TICKET_STATUS_TOKEN" in result.err


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com",
        "ftp://x",
        "https://user:pw@api.example.com",  # pragma: allowlist secret (what must be refused)
        "api.example.com",
    ],
)
def test_an_address_that_a_token_must_not_go_to_is_wrong_use(run: Run, url: str) -> None:
    assert run("integrations", "list", "--api-url", url).status == 2


def test_client_credentials_belong_together(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TICKET_STATUS_TOKEN")
    monkeypatch.setenv("TICKET_STATUS_CLIENT_ID", "client")
    result = run("integrations", "list")
    assert result.status == 2
    assert "TICKET_STATUS_CLIENT_SECRET, TICKET_STATUS_TOKEN_URL" in result.err


def test_a_service_that_is_away_is_waited_for_some_seconds_only(
    run: Run, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("TICKET_STATUS_API_URL", f"http://127.0.0.1:{unused.getsockname()[1]}")
        result = run("integrations", "list")
    assert result.status == 1
    assert "does not answer" in result.err
    assert sum(waits) < 10


def test_an_address_where_something_else_answers_is_said(run: Run, service: Service) -> None:
    service.trouble.append((200, b"<html>Sign in</html>", {"Content-Type": "text/html"}))
    result = run("integrations", "list")
    assert result.status == 1
    assert "check the address" in result.err


def test_completion_is_printed_for_a_shell(run: Run) -> None:
    assert "_TICKET_STATUS_COMPLETE" in run("completion", "bash").out


def test_what_a_command_leaves_is_readable_by_its_owner(run: Run) -> None:
    Path("t.csv").write_text("integration_name,issue_key,violation_id,created_at\ncloud-abc,SEC-1,V-1,2026-11-22\n")
    run("tickets", "import", "t.csv")
    run("tickets", "export", "--integration", "cloud-abc", "--to", "e.ndjson")
    assert Path("e.ndjson").stat().st_mode & stat.S_IRUSR
