"""The local run: the real template on an embedded AWS, with sample Jira sites, in this clone only.

It keeps everything in ``.local``, so that runs in two clones do not affect each other.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".local"
