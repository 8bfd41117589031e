"""Registers webhooks in Jira, if the credential permits it.

Cloud and Data Center before 10 share an API for administrators; Data Center has another from version 10; OAuth 2.0
apps on Cloud register dynamic webhooks, which expire after 30 days.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import ClassVar, Final

from ticket_status.core.model import InstallationType, Integration, Site
from ticket_status.core.trouble import JiraTrouble
from ticket_status.core.webhooks import EVENTS, Signing, signing_of
from ticket_status.jira.answers import MalformedAnswerError, Reply, malformed, mapping, sequence, text
from ticket_status.jira.session import Method
from ticket_status.jira.signed_client import SignedClient
from ticket_status.ports.webhooks import JiraWebhooks, NotPermitted, Registered

_DONE: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT})
_ISSUES: Final = "issue-related-events-section"
_FROM_10: Final = 10


def webhooks_of(integration: Integration, site: Site, client: SignedClient) -> JiraWebhooks:
    """The API for webhooks that this integration's Jira has."""
    if signing_of(integration) is Signing.JWT:
        return AppWebhooks(client, site)
    if integration.installation_type is InstallationType.SERVER and _major(site.version) >= _FROM_10:
        return DataCenterWebhooks(client, site)
    return AdministratorWebhooks(client, site)


class _Webhooks(ABC):
    _PATH: ClassVar[str]

    def __init__(self, client: SignedClient, site: Site) -> None:
        self._client = client
        self._site = site

    def register(self, url: str, secret: str, jql: str, name: str) -> Registered | NotPermitted | JiraTrouble:
        """One call."""
        reply = self._change("POST", self._PATH, self._body(url, secret, jql, name))
        if not isinstance(reply, Reply):
            return reply
        try:
            return self._registered(reply)
        except MalformedAnswerError as error:
            return malformed(error)

    def renew(self, jira_id: str) -> Registered | NotPermitted | JiraTrouble | None:
        """One call checks that it exists; webhooks of administrators never expire."""
        reply = self._client.change("GET", self._url(f"{self._PATH}/{jira_id}"))
        if isinstance(reply, Reply) and reply.status == HTTPStatus.NOT_FOUND:
            return None
        permitted = _permitted(reply)
        return Registered(jira_id) if isinstance(permitted, Reply) else permitted

    def remove(self, jira_id: str) -> NotPermitted | JiraTrouble | None:
        """One call."""
        reply = self._client.change("DELETE", self._url(f"{self._PATH}/{jira_id}"))
        return _removed(reply)

    def projects(self) -> Sequence[str] | JiraTrouble:
        """None are needed: these webhooks may cover all issues."""
        return ()

    @abstractmethod
    def _body(self, url: str, secret: str, jql: str, name: str) -> object:
        """What is registered."""

    def _registered(self, reply: Reply) -> Registered | NotPermitted:
        """The id is the last part of the webhook's own address."""
        return Registered(text(mapping(reply.data, "the webhook"), "self").rstrip("/").rpartition("/")[2])

    def _change(self, method: Method, path: str, body: object = None) -> Reply | NotPermitted | JiraTrouble:
        return _permitted(self._client.change(method, self._url(path), body))

    def _url(self, path: str) -> str:
        return f"{self._site.api_url}{path}"


class AdministratorWebhooks(_Webhooks):
    """Cloud with an API token of an administrator, and Data Center before 10."""

    _PATH = "/rest/webhooks/1.0/webhook"

    def _body(self, url: str, secret: str, jql: str, name: str) -> object:
        filters = {"filters": {_ISSUES: jql}} if jql else {}
        return {"name": name, "url": url, "events": list(EVENTS), "excludeBody": False, "secret": secret, **filters}


class DataCenterWebhooks(_Webhooks):
    """Data Center from version 10. The secret must be in ``configuration``: elsewhere it is silently ignored."""

    _PATH = "/rest/jira-webhook/1.0/webhooks"

    def _body(self, url: str, secret: str, jql: str, name: str) -> object:  # noqa: ARG002 - see below
        # The place of the JQL is not documented: all issues are delivered, and strangers' cost no call to Jira.
        configuration = {"SECRET": secret, "EXCLUDE_BODY": "false"}
        return {"name": name, "url": url, "events": list(EVENTS), "configuration": configuration, "active": True}

    def _registered(self, reply: Reply) -> Registered | NotPermitted:
        data = mapping(reply.data, "the webhook")
        return Registered(str(data["id"])) if "id" in data else super()._registered(reply)


class AppWebhooks(_Webhooks):
    """Dynamic webhooks of an OAuth 2.0 app on Cloud."""

    _PATH = "/rest/api/3/webhook"

    def renew(self, jira_id: str) -> Registered | NotPermitted | JiraTrouble | None:
        """Two calls: when renewing, Jira ignores unknown ids, so the webhook is looked up too."""
        wanted = {"webhookIds": [int(jira_id)]}
        renewed = self._change("PUT", f"{self._PATH}/refresh", wanted)
        listed = self._change("GET", f"{self._PATH}?maxResults=100") if isinstance(renewed, Reply) else renewed
        if not isinstance(listed, Reply):
            return listed
        try:
            return _listed(listed, jira_id)
        except MalformedAnswerError as error:
            return malformed(error)

    def remove(self, jira_id: str) -> NotPermitted | JiraTrouble | None:
        """One call."""
        return _removed(self._client.change("DELETE", self._url(self._PATH), {"webhookIds": [int(jira_id)]}))

    def projects(self) -> Sequence[str] | JiraTrouble:
        """One call: a dynamic webhook must name the projects that it covers."""
        reply = _permitted(self._client.change("GET", self._url("/rest/api/3/project/search?maxResults=100")))
        if isinstance(reply, NotPermitted):
            return ()
        if not isinstance(reply, Reply):
            return reply
        try:
            found = sequence(mapping(reply.data, "the answer").get("values"), "values")
            return [text(mapping(one, "a project"), "key") for one in found]
        except MalformedAnswerError as error:
            return malformed(error)

    def _body(self, url: str, secret: str, jql: str, name: str) -> object:  # noqa: ARG002 - both are ignored by Jira
        return {"url": url, "webhooks": [{"events": list(EVENTS), "fieldIdsFilter": ["status"], "jqlFilter": jql}]}

    def _registered(self, reply: Reply) -> Registered | NotPermitted:
        results = sequence(mapping(reply.data, "the answer").get("webhookRegistrationResult"), "the results")
        match results:
            case [{"createdWebhookId": int(created)}, *_]:
                found = self.renew(str(created))
                return found if isinstance(found, Registered) else Registered(str(created))
            case [{"errors": [str(error), *_]}, *_]:
                return NotPermitted(f"Jira refused the webhook: {error[:200]}")
            case _:
                raise MalformedAnswerError("it does not say what was registered")


def _listed(reply: Reply, jira_id: str) -> Registered | None:
    for one in sequence(mapping(reply.data, "the answer").get("values"), "values"):
        webhook = mapping(one, "a webhook")
        if str(webhook.get("id")) == jira_id:
            return Registered(jira_id, _time(webhook.get("expirationDate")))
    return None


def _time(told: object) -> datetime | None:
    """Jira's own form, ``2026-12-28T10:00:00.000+0000``; older answers have milliseconds since 1970."""
    if isinstance(told, int) and not isinstance(told, bool):
        return datetime.fromtimestamp(told / 1000, UTC)
    try:
        moment = datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _permitted(reply: Reply | JiraTrouble) -> Reply | NotPermitted | JiraTrouble:
    if not isinstance(reply, Reply) or reply.status in _DONE:
        return reply
    return NotPermitted(f"Jira answered {reply.status}: this credential may not manage webhooks there")


def _removed(reply: Reply | JiraTrouble) -> NotPermitted | JiraTrouble | None:
    if isinstance(reply, Reply) and reply.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return None
    permitted = _permitted(reply)
    return None if isinstance(permitted, Reply) else permitted


def _major(version: str | None) -> int:
    first = (version or "").partition(".")[0]
    return int(first) if first.isascii() and first.isdigit() else 0
