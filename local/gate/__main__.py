"""Starts the embedded AWS behind the gate; run by its path, with the embedded AWS's own interpreter.

The project's folder is on the import path here only: nothing of it may leak into a local Lambda.
"""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from local.gate.server import main  # noqa: E402 - found by the line above

main()
