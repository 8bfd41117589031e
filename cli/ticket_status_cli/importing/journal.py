"""The progress of a long piece of work, so that it can be resumed."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click

from ticket_status_cli.errors import CommandError


@dataclass(slots=True)
class Counts:
    """The results for the records so far."""

    records: int = 0
    sent: int = 0
    """Links of tickets to violations that the service accepted."""
    rejected: int = 0
    """Records."""
    by_code: dict[str, int] = field(default_factory=dict)
    integrations: dict[str, int] = field(default_factory=dict)
    """Links by integration."""


@dataclass(slots=True)
class Journal:
    """The journal of one file, next to it. Written after each batch, and removed when all is done."""

    path: Path | None
    """``None``: the work cannot be resumed (standard input)."""
    identity: str
    """Identifies the work: what is done, with which file and service."""
    counts: Counts = field(default_factory=Counts)
    output: str | None = None
    """The file being written, if there is one yet."""
    output_bytes: int = 0
    """How much of it is known to be complete."""
    token: str | None = None
    """The token of the next page."""

    @classmethod
    def open(cls, path: Path | None, identity: str, *, restart: bool) -> "Journal":
        """The journal of interrupted work, or a new one; raises ``click.UsageError`` when it is of other work."""
        journal = cls(path, identity)
        if path is None or restart or not path.exists():
            return journal
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            journal.counts = Counts(**known["counts"])
            journal.output, journal.output_bytes = known["output"], known["output_bytes"]
            journal.token = known["token"]
            same = known["identity"] == identity
        except (OSError, ValueError, KeyError, TypeError) as error:
            advice = "use --restart to start from the beginning"
            raise CommandError(f"The journal {path} cannot be read; {advice}. ({error!r})") from error
        if not same:
            raise click.UsageError(
                f"{path} is the journal of an interrupted run with other file contents, options or service. "
                "Repeat that command to resume it, or use --restart to start from the beginning."
            )
        return journal

    @property
    def resumed(self) -> bool:
        """Whether it resumes earlier work."""
        return self.counts.records > 0

    def write(self) -> None:
        """Store the progress, atomically."""
        if self.path is None:
            return
        document = {
            "identity": self.identity,
            "counts": asdict(self.counts),
            "output": self.output,
            "output_bytes": self.output_bytes,
            "token": self.token,
        }
        draft = self.path.with_name(f"{self.path.name}.new")
        with draft.open("w", encoding="utf-8") as file:
            file.write(json.dumps(document) + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)

    def remove(self) -> None:
        """All is done."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def identity(path: str, options: Mapping[str, object]) -> str:
    """A digest of what is done with which file: its size and time, and the options."""
    try:
        about = Path(path).stat() if path != "-" else None
    except OSError as error:
        raise click.UsageError(f"{path} cannot be read: {error.strerror}.") from error
    file = None if about is None else (about.st_size, about.st_mtime_ns)
    text = json.dumps([file, {name: str(value) for name, value in sorted(options.items())}])
    return hashlib.sha256(text.encode()).hexdigest()
