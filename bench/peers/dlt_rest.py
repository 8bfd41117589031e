"""dlt's own REST source, given Jira's search: ``dlt_rest.py URL USER SECRET JQL``. Reads only; nothing is loaded."""

import json
import logging
import sys
import time

from dlt.sources.rest_api import rest_api_resources

url, user, secret, jql = sys.argv[1:]
logging.disable(logging.CRITICAL)
wall, cpu = time.perf_counter(), time.process_time()
cursor = {"type": "cursor", "cursor_path": "nextPageToken", "cursor_param": "nextPageToken"}
issues = {
    "name": "issues",
    "endpoint": {
        "path": "search/jql",
        "params": {"jql": jql, "fields": "*all", "maxResults": 50},
        "data_selector": "issues",
        "paginator": cursor,
    },
}
auth = {"type": "http_basic", "username": user, "password": secret}
(resource,) = rest_api_resources({"client": {"base_url": f"{url}/rest/api/3/", "auth": auth}, "resources": [issues]})
seen = sum(1 for _ in resource)
took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "seen": seen}
sys.stdout.write(json.dumps(took))
