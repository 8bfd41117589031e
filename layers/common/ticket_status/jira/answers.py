"""Reading what Jira sent: JSON whose members are checked where they are used."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from ticket_status.core.model import ReasonCode
from ticket_status.core.trouble import Unavailable
from ticket_status.jira.session import Answer


class MalformedAnswerError(Exception):
    """Raised when an answer is not in the form that Jira's documents give it; says which member is not."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A believed answer: its status, and its JSON."""

    status: int
    data: object = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether Jira did what it was asked."""
        return self.status == HTTPStatus.OK

    @property
    def says_absent(self) -> bool:
        """Whether this is Jira's own 404: that of a site that is gone has no ``errorMessages``."""
        return (
            self.status == HTTPStatus.NOT_FOUND
            and isinstance(self.data, Mapping)
            and isinstance(self.data.get("errorMessages"), list)
        )


def read(answer: Answer) -> Reply:
    """The JSON of an answer. MalformedAnswerError when it is none, as when its end is missing."""
    try:
        return Reply(answer.status, json.loads(answer.body))
    except (ValueError, RecursionError) as error:
        raise MalformedAnswerError("its JSON cannot be read") from error


def mapping(data: object, what: str) -> Mapping[str, object]:
    """This, as an object with named members."""
    if not isinstance(data, Mapping):
        raise MalformedAnswerError(f"{what} is no object")
    return data


def sequence(data: object, what: str) -> Sequence[object]:
    """This, as a list."""
    if not isinstance(data, list):
        raise MalformedAnswerError(f"{what} is no list")
    return data


def text(data: Mapping[str, object], name: str) -> str:
    """A member that has to be a text, and not an empty one."""
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedAnswerError(f"{name} is no text")
    return value


def number(data: Mapping[str, object], name: str) -> int:
    """A member that has to be a whole number, not below zero."""
    value = data.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedAnswerError(f"{name} is no number")
    return value


def malformed(error: MalformedAnswerError) -> Unavailable:
    """What a malformed answer means: nothing about any issue."""
    return Unavailable(ReasonCode.JIRA_ERROR, f"Jira's answer cannot be used: {error}")
