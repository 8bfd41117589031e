"""Calls of Ticket Status with the standard library only, so that the functions need no layer."""

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

SECONDS = 20
TRIES = 4
AT_ONCE = 100
AGAIN = {429, 500, 502, 503, 504}


class TicketStatus:
    """The API, with the token of an app client."""

    def __init__(self, api_url: str, token_url: str, client_id: str, client_secret: str) -> None:
        self._api = f"{api_url.rstrip('/')}/api/v1/ticketing"
        self._token_url = token_url
        self._basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._token, self._expires = "", 0.0

    def register(self, tickets: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Register any number of tickets; what was rejected and why. The same again changes nothing."""
        rejected: list[dict[str, Any]] = []
        for start in range(0, len(tickets), AT_ONCE):
            rejected += self.call("POST", "/tickets", {"tickets": tickets[start : start + AT_ONCE]})["rejected"]
        return rejected

    def statuses(self, violation_ids: Sequence[str]) -> dict[str, Any]:
        """The *Ticket Status* column of any number of violations; those without a ticket are left out."""
        found: dict[str, Any] = {}
        for start in range(0, len(violation_ids), AT_ONCE):
            ids = violation_ids[start : start + AT_ONCE]
            found |= self.call("POST", "/violations/ticket-statuses", {"violation_ids": ids})["violations"]
        return found

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """One call, sent again a few times while the service is busy."""
        for attempt in range(1, TRIES + 1):
            headers = {"Authorization": f"Bearer {self._fresh_token()}", "Content-Type": "application/json"}
            data = None if body is None else json.dumps(body).encode()
            request = urllib.request.Request(f"{self._api}{path}", data, headers, method=method)
            try:
                with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                    document: dict[str, Any] = json.load(answer)
                    return document
            except urllib.error.HTTPError as error:
                if error.code not in AGAIN or attempt == TRIES:
                    raise
                time.sleep(min(10.0, float(error.headers.get("Retry-After") or 2**attempt)))
        raise AssertionError

    def _fresh_token(self) -> str:
        if time.monotonic() > self._expires - 60:
            headers = {"Authorization": f"Basic {self._basic}", "Content-Type": "application/x-www-form-urlencoded"}
            request = urllib.request.Request(self._token_url, b"grant_type=client_credentials", headers)
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                body = json.load(answer)
            self._token, self._expires = body["access_token"], time.monotonic() + body["expires_in"]
        return self._token
