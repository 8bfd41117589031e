"""The local run: the real template on an embedded AWS, with sample Jira sites, in this clone only.

Everything that it keeps lies in ``.local``, so runs in two clones do not meet.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".local"
