"""The command ``ticket-status``: groups of commands, and error handling.

Exit status: 0 done, 1 refused or failed, 2 wrong use.
"""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

import click
from click.shell_completion import get_completion_class

from ticket_status_cli.errors import CommandError
from ticket_status_cli.integrations import integrations
from ticket_status_cli.options import Command, Group, example, note
from ticket_status_cli.overview import status
from ticket_status_cli.tickets import tickets
from ticket_status_cli.violations import violations, why

NAME = "ticket-status"
COMPLETE = "_TICKET_STATUS_COMPLETE"
"""The variable through which a shell asks click for completions."""
FAILED = 1


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=example("ticket-status status", "ticket-status why V-101"),
)
@click.version_option(version(NAME), prog_name=NAME)
def cli() -> None:
    """Statuses of the Jira tickets of policy violations.

    Uses the local stack of this folder (make run), or the service at TICKET_STATUS_API_URL with TICKET_STATUS_TOKEN,
    or with TICKET_STATUS_CLIENT_ID, TICKET_STATUS_CLIENT_SECRET and TICKET_STATUS_TOKEN_URL.
    """


@click.command(cls=Command, epilog=example('eval "$(ticket-status completion bash)"'))
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the shell script that completes commands, options and names of integrations."""
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"{shell} is not known.")
    click.echo(found(cli, {}, NAME, COMPLETE).source())


for _command in (integrations, tickets, violations, why, status, completion):
    cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command in the arguments (default: those of the process)."""
    try:
        # Without its standalone mode click hands on the errors, and what a command returns.
        cli.main(arguments, prog_name=NAME, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        note("Interrupted.")
        sys.exit(FAILED)
    except CommandError as error:
        note(f"Error: {error}")
        sys.exit(FAILED)
    except BrokenPipeError:
        # The reader has had enough; without this Python complains when it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
