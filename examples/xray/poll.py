r"""For those who would rather ask than be told: violations of Xray as NDJSON for ``ticket-status tickets import -``.

::

    python poll.py --integration cloud-abc --ticket-fields FIELD --since 2026-11-01T00:00:00Z \
      | ticket-status tickets import - --no-sync

``--ids`` prints only the violations' ids, to see which of them have tickets that are done::

    python poll.py --ids --since 2025-12-01T00:00:00Z | ticket-status violations refresh - --output csv
"""

import argparse
import json
import os
import sys

from xray import Xray, violation_id


def main() -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--integration", help="name of the integration through which Xray opens tickets")
    parser.add_argument("--since", required=True, help="violations created since then, RFC 3339")
    parser.add_argument("--watch", help="only of this watch")
    parser.add_argument(
        "--ticket-fields", help="members of a violation's details that name its tickets, separated by commas"
    )
    parser.add_argument("--ids", action="store_true", help="print ids only")
    arguments = parser.parse_args()
    if not arguments.ids and not (arguments.integration and arguments.ticket_fields):
        parser.error("--integration and --ticket-fields are needed, or --ids")
    fields = tuple((arguments.ticket_fields or "").split(","))
    xray = Xray(os.environ["XRAY_URL"], os.environ["XRAY_TOKEN"], fields)
    for violation in xray.violations(arguments.since, arguments.watch):
        if arguments.ids:
            sys.stdout.write(f"{violation_id(violation)}\n")
            continue
        for ticket in xray.registrations(arguments.integration, violation):
            sys.stdout.write(json.dumps(ticket) + "\n")


if __name__ == "__main__":
    main()
