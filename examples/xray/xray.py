"""What these examples need of JFrog Xray: its list of violations, and the details of one.

Xray's list has no id of a violation; the last part of ``violation_details_url`` is one. No call lists a violation's
tickets, so the fields of the details that name them are a setting: look into one answer of your version.
"""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

SECONDS = 20
PAGE = 100
KEY = re.compile(r"[A-Z][A-Z0-9_]*-[1-9][0-9]*")
LONGEST_RESOURCE_NAME = 512


class Xray:
    """One Xray, seen with one access token."""

    def __init__(self, url: str, token: str, ticket_fields: tuple[str, ...]) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._fields = ticket_fields

    def violations(self, created_from: str, watch: str | None = None) -> Iterator[Mapping[str, Any]]:
        """Violations that were created since then, oldest first; ``offset`` of Xray counts pages from 1."""
        filters = {"created_from": created_from, **({"watch_name": watch} if watch else {})}
        page, seen = 1, 0
        while True:
            pagination = {"order_by": "created", "direction": "asc", "limit": PAGE, "offset": page}
            answer = self._call("/xray/api/v1/violations", {"filters": filters, "pagination": pagination})
            yield from answer["violations"]
            seen += len(answer["violations"])
            if not answer["violations"] or seen >= answer["total_violations"]:
                return
            page += 1

    def details(self, violation: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The details of a listed violation; ``None`` when it is gone."""
        # The path only: an address in an answer does not decide where our token goes.
        return self.details_at(urlsplit(violation["violation_details_url"]).path)

    def details_at(self, path: str) -> Mapping[str, Any] | None:
        """The details at a path of this Xray."""
        try:
            return self._call(path if path.startswith("/xray/") else f"/xray{path}")
        except urllib.error.HTTPError as error:
            if error.code == HTTPStatus.NOT_FOUND:
                return None
            raise

    def registrations(self, integration: str, violation: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What Ticket Status is told of a violation: one ticket for each key in its ticket fields."""
        details = self.details(violation) or {}
        paths = details.get("impacted_artifacts") or violation.get("impacted_artifacts") or []
        resource = {"type": "artifact", "name": str(paths[0])[:LONGEST_RESOURCE_NAME]} if paths else None
        return [
            {
                "integration_name": integration,
                "issue_key": key,
                "violation_id": violation_id(violation),
                # Xray opens the ticket when it finds the violation, and does not tell when that was done.
                "created_at": violation["created"],
                "resource": resource,
            }
            for key in sorted({key for name in self._fields for key in KEY.findall(json.dumps(details.get(name, "")))})
        ]

    def _call(self, path: str, body: object = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}{path}", data, headers)
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            document: dict[str, Any] = json.load(answer)
            return document


def violation_id(violation: Mapping[str, Any]) -> str:
    """The only id that there is of a listed violation."""
    return str(urlsplit(violation["violation_details_url"]).path).rstrip("/").rsplit("/", 1)[-1]
