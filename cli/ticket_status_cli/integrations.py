"""``ticket-status integrations``."""

import sys
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, TypeVar

import click

from ticket_status_cli.client import Client, Document
from ticket_status_cli.errors import ApiError, CommandError, NoAnswerError
from ticket_status_cli.options import Group, Session, complete_integration, confirm, example, note, pass_session
from ticket_status_cli.output import Column, column
from ticket_status_cli.overview import last_run
from ticket_status_cli.progress import follow_run
from ticket_status_cli.secrets import ask_secret, read_secret

SECRETS = {
    "basic": ("password", "--password-file"),
    "pat": ("token", "--token-file"),
    "oauth2": ("client_secret", "--client-secret-file"),
    "client_credentials": ("client_secret", "--client-secret-file"),
}
"""The secret of each auth type, and its option; ``oauth1`` has none to enter."""

POLL_SECONDS = 2
AUTHORIZATION_SECONDS = 600
"""How long an authorisation address is valid."""

COLUMNS = (
    column("connection_name", "Integration"),
    column("installation_type", "Installation"),
    column("auth_type", "Auth"),
    column("jira_server_url", "Jira"),
    column("health.status", "Health"),
    column("retrieve_jira_tickets", "Retrieval"),
    Column("last_run", last_run, "Last run"),
)
DETAILS = (
    *COLUMNS[:4],
    column("username", "User"),
    column("client_id", "Client id"),
    column("consumer_key", "Consumer key"),
    column("public_key", "Public key"),
    column("skip_proxy", "Skip proxy"),
    column("created_at", "Created"),
    column("created_in_version", "Created in version"),
    column("retrieve_jira_tickets", "Retrieve Jira Tickets"),
    column("health.status", "Health"),
    column("health.reason_code", "Reason code"),
    column("health.reason", "Reason"),
    column("health.since", "Since"),
    column("health.checked_at", "Checked"),
    column("health.warnings", "Warnings"),
    column("paused_until", "Paused until"),
    Column("last_run", last_run, "Last run"),
)

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def name_argument(command: Decorated) -> Decorated:
    """The integration that a command is about."""
    return click.argument("name", shell_complete=complete_integration)(command)


def retrieve_option(command: Decorated) -> Decorated:
    """The toggle *Retrieve Jira Tickets*."""
    return click.option(
        "--retrieve/--no-retrieve",
        "--retrieve-jira-tickets/--no-retrieve-jira-tickets",
        "retrieve_jira_tickets",
        default=None,
        help='Switch "Retrieve Jira Tickets" on or off.',
    )(command)


def connection_options(command: Decorated) -> Decorated:
    """What creating and editing have in common."""
    options = (
        click.option("--url", "jira_server_url", metavar="URL", help="Base address of the Jira site."),
        click.option("--username", help="User name for basic authentication; on Cloud, an email address."),
        click.option("--client-id", help="Client id for OAuth 2.0 and client credentials."),
        click.option("--consumer-key", help="Consumer key for OAuth 1.0a."),
        click.option("--password-file", metavar="FILE", help="File with the password or API token; - is stdin."),
        click.option("--token-file", metavar="FILE", help="File with the personal access token; - is stdin."),
        click.option("--client-secret-file", metavar="FILE", help="File with the client secret; - is stdin."),
        click.option("--skip-proxy/--no-skip-proxy", default=None, help="Reach this Jira without the proxy."),
        click.option(
            "--credential-expires-at", metavar="TIME", help="When the credential expires; you are warned in advance."
        ),
        click.option("--skip-connection-test", is_flag=True, help="Store the credentials without testing them."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group(cls=Group)
def integrations() -> None:
    """Connections to Jira sites."""


@integrations.command("list", epilog=example("ticket-status integrations list --output csv"))
@pass_session
def list_(session: Session) -> None:
    """List all integrations."""
    found = session.client.pages("integrations", "jira-integrations", limit="100")
    session.output.rows(found, COLUMNS, "integrations")


@integrations.command(epilog=example("ticket-status integrations show cloud-abc"))
@name_argument
@pass_session
def show(session: Session, name: str) -> None:
    """Show an integration."""
    session.output.one(session.client.get("jira-integrations", name), DETAILS)


@integrations.command(
    epilog=example(
        "ticket-status integrations create cloud-abc --installation-type cloud --url https://abc.atlassian.net \\",
        "  --auth-type basic --username bot@abc.example --password-file token.txt",
    )
)
@name_argument
@click.option("--installation-type", type=click.Choice(["cloud", "server"]), required=True)
@click.option(
    "--auth-type", type=click.Choice(["basic", "pat", "oauth1", "oauth2", "client_credentials"]), required=True
)
@connection_options
@click.option("--created-in-version", metavar="VERSION", help="Product version in which the integration was created.")
@retrieve_option
@pass_session
def create(session: Session, name: str, auth_type: str, **given: Any) -> None:  # noqa: ANN401 - the options
    """Create an integration. You are asked for the secret, unless a file has it."""
    if not given["jira_server_url"]:
        raise click.UsageError("--url is missing: the base address of the Jira site.")
    body = {"connection_name": name, "auth_type": auth_type, **_members(given)}
    if auth_type in SECRETS:
        member, option = SECRETS[auth_type]
        if member not in body:
            body[member] = ask_secret(_secret_name(member), option)
    try:
        made = session.client.post("jira-integrations", body=body, repeatable=False)
    except (ApiError, NoAnswerError) as error:
        if isinstance(error, ApiError) and error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        raise CommandError(
            f"{error}\nIt is not known whether {name} was created. Check: ticket-status integrations show {name}"
        ) from error
    session.output.one(made, DETAILS)
    if made["health"]["status"] == "PENDING_AUTHORIZATION":
        note(f"Next: ticket-status integrations authorise {name}")


@integrations.command(epilog=example("ticket-status integrations edit cloud-abc --password-file new-token.txt"))
@name_argument
@connection_options
@click.option("--ask-secret", "ask", is_flag=True, help="Ask for a new secret.")
@pass_session
def edit(session: Session, name: str, *, ask: bool, **given: Any) -> None:  # noqa: ANN401 - the options
    """Edit the address or credentials; whatever you leave out stays the same.

    If the scheme, host or port changes, give the secret again, with --ask-secret or a file.
    """
    body = _members(given)
    if ask:
        auth_type = session.client.get("jira-integrations", name)["auth_type"]
        if auth_type not in SECRETS:
            raise click.UsageError(f"{name} uses {auth_type}, which has no secret to enter: authorise it instead.")
        member, option = SECRETS[auth_type]
        body[member] = ask_secret(_secret_name(member), option)
    if not body.keys() - {"skip_connection_test"}:
        raise click.UsageError("Nothing to edit: give at least one of the options.")
    session.output.one(session.client.patch("jira-integrations", name, body=body), DETAILS)


def _members(given: dict[str, Any]) -> dict[str, Any]:
    """The request's members from the options that were given, secrets read from their files."""
    files = {option.removeprefix("--").replace("-", "_"): (member, option) for member, option in SECRETS.values()}
    members: dict[str, Any] = {}
    for name, value in given.items():
        if value is None or (name == "skip_connection_test" and not value):
            continue
        if name in files:
            member, option = files[name]
            members[member] = read_secret(value, option)
        else:
            members[name] = value
    return members


def _secret_name(member: str) -> str:
    return member.replace("_", " ")


@integrations.command(epilog=example("ticket-status integrations test cloud-abc"))
@name_argument
@pass_session
def test(session: Session, name: str) -> None:
    """Test the connection now. The exit status is 1 if it does not work."""
    found = session.client.post("jira-integrations", name, "test")
    checks = (column("name", "Check"), column("ok", "OK"), column("detail", "Detail"))
    session.output.rows(found["checks"], checks, found)
    session.output.say(f"{found['status']}: {found['reason']}")
    if found.get("missing_scopes"):
        session.output.say(f"Missing scopes: {', '.join(found['missing_scopes'])}")
    if found["status"] != "HEALTHY_INTEGRATION":
        sys.exit(1)


@integrations.command(epilog=example("ticket-status integrations authorise cloud-oauth --wait"))
@name_argument
@click.option("--browser", is_flag=True, help="Open the address in a browser.")
@click.option("--wait", is_flag=True, help="Wait until access has been granted.")
@click.option("--webhook", is_flag=True, help="Also ask for the scopes to register a webhook (OAuth 2.0 on Cloud).")
@pass_session
def authorise(session: Session, name: str, *, browser: bool, wait: bool, webhook: bool) -> None:
    """Start to authorise an OAuth integration: prints the address at which to grant access."""
    before = session.client.get("jira-integrations", name)
    kind = before["auth_type"] if before["auth_type"] in ("oauth1", "oauth2") else "oauth2"
    if webhook and kind == "oauth1":
        raise click.UsageError("--webhook is for OAuth 2.0.")
    body = {"webhook": True} if webhook else None
    begun = session.client.post("jira-integrations", name, kind, "authorization", body=body, repeatable=False)
    session.output.one(begun, (column("authorization_url", "Open"), column("expires_at", "Until")))
    if browser:
        click.launch(begun["authorization_url"])
    if wait:
        _wait_for_grant(session.client, name, before["health"])


def _wait_for_grant(client: Client, name: str, before: Document) -> None:
    """A grant tests the connection, so ``checked_at`` moves even when the health stays as it is."""
    end = time.monotonic() + AUTHORIZATION_SECONDS
    while time.monotonic() < end:
        health = client.get("jira-integrations", name)["health"]
        if (health["status"], health["checked_at"]) != (before["status"], before["checked_at"]):
            note(f"{health['status']}: {health['reason']}")
            if health["status"] != "HEALTHY_INTEGRATION":
                sys.exit(1)
            return
        time.sleep(POLL_SECONDS)
    raise CommandError("Access was not granted within ten minutes.")


@integrations.command(epilog=example("ticket-status integrations sync cloud-abc --wait"))
@name_argument
@click.option("--wait", is_flag=True, help="Wait for the run to end; the exit status is 1 unless it succeeds.")
@pass_session
def sync(session: Session, name: str, *, wait: bool) -> None:
    """Retrieve the statuses of all tickets of an integration now."""
    run_id = session.client.post("jira-integrations", name, "sync")["run_id"]
    if not wait:
        session.output.one({"integration_name": name, "run_id": run_id}, (column("run_id", "Run"),))
        return
    run = follow_run(session.client, name, run_id)
    session.output.one(run, (column("run_id", "Run"), column("state", "State"), column("counts", "Counts")))
    if run["state"] != "succeeded":
        raise CommandError(f"The run {run_id} {run['state']}: {run['error'] or 'no reason was given'}.")


@integrations.command(epilog=example("ticket-status integrations settings cloud-abc --no-retrieve"))
@name_argument
@retrieve_option
@pass_session
def settings(session: Session, name: str, *, retrieve_jira_tickets: bool | None) -> None:
    """Show "Retrieve Jira Tickets", or switch it on or off."""
    path = ("jira-integrations", name, "settings")
    if retrieve_jira_tickets is None:
        found = session.client.get(*path)
    else:
        found = session.client.put(*path, body={"retrieve_jira_tickets": retrieve_jira_tickets})
    session.output.one(found, (column("retrieve_jira_tickets", "Retrieve Jira Tickets"), column("run_id", "Run")))


WEBHOOK = (
    column("state", "State"),
    column("mode", "Mode"),
    column("url", "Address"),
    column("secret", "Secret (shown only now)"),
    column("events", "Events"),
    column("jql", "JQL"),
    column("last_delivery_at", "Last delivery"),
    column("counts_24h", "Deliveries in 24 hours"),
    column("missed_24h", "Missed in 24 hours"),
    column("expires_at", "Expires"),
    column("reason", "Reason"),
)


@integrations.command(epilog=example("ticket-status integrations webhook cloud-abc --set-up register"))
@name_argument
@click.option(
    "--set-up",
    type=click.Choice(["manual", "register"]),
    help="Set a webhook up: by hand in Jira, or registered in Jira for you.",
)
@click.option("--remove", is_flag=True, help="Remove the webhook.")
@pass_session
def webhook(session: Session, name: str, *, set_up: str | None, remove: bool) -> None:
    """Show, set up or remove the webhook that brings changes within seconds."""
    path = ("jira-integrations", name, "webhook")
    if set_up and remove:
        raise click.UsageError("Give --set-up or --remove, not both.")
    if remove:
        session.client.delete(*path)
        session.output.say(f"The webhook of {name} was removed.")
        return
    found = session.client.put(*path, body={"mode": set_up}) if set_up else session.client.get(*path)
    session.output.one(found, [one for one in WEBHOOK if one.name in found])
    _steps(session, found.get("steps", []))


def _steps(session: Session, steps: Iterable[str]) -> None:
    for number, step in enumerate(steps, start=1):
        session.output.say(f"{number}. {step}")


@integrations.command(
    epilog=example("ticket-status integrations recheck cloud-abc SEC-7", "ticket-status integrations recheck cloud-abc")
)
@name_argument
@click.argument("issue", required=False)
@pass_session
def recheck(session: Session, name: str, issue: str | None) -> None:
    """Check a ticket in Jira again (by issue id or key), or all deleted and inaccessible ones."""
    path = ("jira-integrations", name, "tickets")
    if issue is None:
        session.output.one(session.client.post(*path, "recheck"), (column("run_id", "Run"),))
        return
    found = session.client.post(*path, issue, "recheck")
    names = ("ticket_no", "ticket_status", "unknown_reason", "refresh_state", "last_update")
    session.output.one(found, [column(one) for one in names])


@integrations.command(epilog=example("ticket-status integrations delete cloud-abc --yes"))
@name_argument
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@pass_session
def delete(session: Session, name: str, *, yes: bool) -> None:
    """Delete an integration and its secret; its tickets show Unknown from then on."""
    session.client.get("jira-integrations", name)
    confirm(f"Delete {name}? Its tickets will show Unknown for good, even if it is created again.", sure=yes)
    session.client.delete("jira-integrations", name)
    session.output.say(f"{name} was deleted.")
