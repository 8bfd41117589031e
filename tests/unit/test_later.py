"""What a cold start does not wait for is made once, however many threads ask for it first."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep

from ticket_status.composition.parts import later

THREADS = 4


def test_what_is_made_later_is_made_once_for_all_threads() -> None:
    """Those of a probe open their sites at the same moment, and certificates are written to a file with the first."""
    made: list[str] = []
    together = Barrier(THREADS)

    def make() -> str:
        made.append("made")
        sleep(0.05)  # the others come meanwhile
        return "made"

    one = later(make)

    def use(_: int) -> str:
        together.wait(timeout=10)
        return one.upper()

    with ThreadPoolExecutor(THREADS) as pool:
        assert set(pool.map(use, range(THREADS))) == {"MADE"}
    assert made == ["made"]
