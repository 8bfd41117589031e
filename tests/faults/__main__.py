"""Brings `docs/reliability.md` up to date with the fault matrix: `python -m tests.faults`."""

from tests.faults.page import PAGE, current, rewritten
from tests.faults.test_fault_matrix import ROWS

PAGE.write_text(rewritten(current(), ROWS))
