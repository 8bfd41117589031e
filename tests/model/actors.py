"""Actors that take turns: at any moment one of them acts, up to the point where it is to wait, to die, or to end.

A *point* lies before everything that an actor does to the world outside it: a call of a store, the queue or Jira.
Between two points an actor is alone, so that a sequence of steps always has the same outcome; at a point it can be
held while others act. An actor that is held at least once has a thread of its own.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from datetime import timedelta
from threading import Semaphore, Thread
from typing import Any, Self, TypeVar

from tests.fakes.clock import Clock

T = TypeVar("T")
A = TypeVar("A")

TICK = timedelta(milliseconds=1)
"""What passes at each point, so that no two things happen at the same time."""


class Died(BaseException):
    """Raised at a point where an actor's process is killed."""


class Outage(Exception):  # noqa: N818 - the word of the tests
    """Raised at a point where AWS refuses what was called."""


class Baton:
    """Whoever holds it acts; nobody does while the test itself looks."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.holder: Actor | None = None

    def point(self, place: str) -> None:
        """Somebody is about to do this."""
        if self.holder is not None:
            self.clock.now += TICK
            self.holder.reach(place)


class Actor:
    """Somebody who uses the system: a worker with a message, a person with a button, a timer."""

    def __init__(
        self, baton: Baton, name: str, lifetime: timedelta, work: Callable[[], object], run_id: str | None = None
    ) -> None:
        self.name = name
        self.kind = name.split(maxsplit=1)[0]
        self.started_at = baton.clock()
        self.work_id = run_id or f"{name} at {self.started_at}"
        """The run that it works on; otherwise its own."""
        self.dies_at = self.started_at + lifetime
        self.interrupted = False
        self.place = "its beginning"
        self.on_end: Callable[[], None] = lambda: None
        """What there is to do when it has ended, one way or another."""
        self.ended = False
        self.result: object = None
        self.error: BaseException | None = None
        self.writes = False
        """Whether it writes what it has just decided: it may die there, but is not overtaken (see ``stores``)."""
        self.looked_at = self.started_at
        """When it last read whether retrieval is on and nobody has to hold off."""
        self._baton = baton
        self._work = work
        self._points: int | None = None
        self._then: type[BaseException] | None = None
        self._thread: Thread | None = None
        self._turn, self._waits = Semaphore(0), Semaphore(0)

    def act(self, points: int | None = None, then: type[BaseException] | None = None) -> None:
        """Act to the end; or past so many points, and there wait (``then`` is ``None``) or be struck by ``then``."""
        self._points, self._then = points, then
        self.interrupted |= points is not None
        self._baton.holder = self
        if self._thread is not None:
            self._turn.release()
            self._waits.acquire()
        elif points is None or then is not None:
            self._run()
        else:
            self._thread = Thread(target=self._run_in_thread, daemon=True)
            self._thread.start()
            self._waits.acquire()
        self._baton.holder = None

    def reach(self, place: str) -> None:
        """Pass a point, or be held or struck there."""
        self.place = place
        while self._points == 0 and self._then is None and self._thread is not None and not self.writes:
            self._waits.release()
            self._turn.acquire()
        if self._points is None:
            return
        if self._points == 0 and self._then is not None:
            self._points = None
            raise self._then(place)
        self._points = max(0, self._points - 1)

    def _run_in_thread(self) -> None:
        self._run()
        self._waits.release()

    def _run(self) -> None:
        try:
            self.result = self._work()
            self._baton.point("its end")
        except (Died, Exception) as error:  # noqa: BLE001 - whoever let it act looks at it
            self.error = error
        self.ended = True


class Inline:
    """Stands for ``ThreadPoolExecutor``: the work is done when it is handed in."""

    def __init__(self, _workers: int = 1) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, call: Callable[..., T], *args: Any, **kwargs: Any) -> Future[T]:  # noqa: ANN401 - any call
        """Do it now. A process that dies does not live on to be told so."""
        future: Future[T] = Future()
        try:
            future.set_result(call(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - the future tells it
            future.set_exception(error)
        return future

    def map(self, call: Callable[[A], T], arguments: Iterable[A]) -> Iterator[T]:
        """Do all of it now, in order."""
        return iter([call(argument) for argument in arguments])

    def shutdown(self, **_: object) -> None:
        """Nothing waits."""
