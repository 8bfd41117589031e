"""The faults of one server, and what they make of a request together.

At most one stands in for Jira, in the order they were made; all that spoil do so in that order.
"""

from collections.abc import Iterable
from threading import Lock

from sample_jira.faults import Fault
from sample_jira.messages import Answer, Request


class Faults:
    """The faults of one server."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = Lock()

    def add(self, fault: Fault) -> Fault:
        """Let the fault strike from now on."""
        with self._lock:
            self._faults.append(fault)
            return fault

    def clear(self) -> None:
        """End all faults."""
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[Fault]:
        """The faults, oldest first."""
        with self._lock:
            return list(self._faults)

    def striking(self, request: Request) -> list[Fault]:
        """The faults that strike this request; each is counted, and one at most stands in."""
        striking: list[Fault] = []
        with self._lock:
            for fault in self._faults:
                answered = any(one.stands_in for one in striking)
                if fault.strikes(request, answered=answered):
                    striking.append(fault)
        return striking


def stand_in(faults: Iterable[Fault], request: Request) -> Answer | None:
    """The answer of the first fault that stands in for Jira."""
    return next(filter(None, (fault.stand_in(request) for fault in faults)), None)


def spoilt(faults: Iterable[Fault], answer: Answer) -> Answer:
    """What all faults together make of Jira's answer."""
    for fault in faults:
        answer = fault.spoil(answer)
    return answer
