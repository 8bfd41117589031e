"""Secrets come from a prompt, a file or standard input, never from an argument that others can read."""

import sys
from pathlib import Path

import click

LONGEST = 4096
"""Bytes of a file with a secret; a longer one is another file by mistake."""


def read_secret(path: str, option: str) -> str:
    """The one line of a file; ``-`` is standard input."""
    try:
        if path == "-":
            text = sys.stdin.read(LONGEST + 1)
        else:
            with Path(path).open(encoding="utf-8") as file:
                text = file.read(LONGEST + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise click.UsageError(f"{option}: {path} cannot be read: {reason}.") from error
    secret = text.rstrip("\r\n")
    if not secret or "\n" in secret or len(text) > LONGEST:
        raise click.UsageError(f"{option}: {path} must contain only the secret, on one line.")
    return secret


def ask_secret(what: str, option: str) -> str:
    """Ask on the terminal, without showing what is typed."""
    if not sys.stdin.isatty():
        raise click.UsageError(f"The {what} is missing: give {option} FILE (- is standard input), or use a terminal.")
    secret: str = click.prompt(what.capitalize(), hide_input=True, err=True)
    return secret
