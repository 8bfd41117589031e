"""The ``jira`` client, one GET per ticket: ``get_each.py URL USER SECRET COUNT FIRST shared|new``."""

import json
import sys
import time

from jira import JIRA

url, user, secret, count, first, how = sys.argv[1:]


def connect() -> JIRA:
    """A client as it is by default, but for the version of the API."""
    return JIRA(options={"server": url, "rest_api_version": "3"}, basic_auth=(user, secret))


wall, cpu = time.perf_counter(), time.process_time()
shared = connect()
for number in range(int(count)):
    client = shared if how == "shared" else connect()
    if not client.issue(str(int(first) + number)).fields.status.name:
        raise AssertionError(number)
sys.stdout.write(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "seen": int(count)}))
