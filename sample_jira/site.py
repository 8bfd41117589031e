"""What Cloud and Data Center sites have in common."""

import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TypeVar

from sample_jira.auth import Account, Key, KeyKind, Keyring, Viewer
from sample_jira.book import IssueBook
from sample_jira.clock import Clock, jira_time
from sample_jira.encoding import IssueEncoder
from sample_jira.listener import Listener
from sample_jira.messages import Answer, errors_answer, json_answer
from sample_jira.model import Event, Issue, Project
from sample_jira.operations import Call
from sample_jira.schemas import IssueQuery, NoBody, PermissionsQuery, ProjectQuery
from sample_jira.service import Service, ServiceOptions
from sample_jira.webhooks import DeliveryFaults, Webhooks

BUILT = "2026-03-26T22:20:59.000+0000"


class SiteOptions(ServiceOptions):
    """How a site behaves; assign to change it.

    `reject_credentials`: every credential counts as wrong. `archived_by_id`: an archived issue is
    shown when asked for by itself. `clock_skew_seconds`: how far the site's clock is ahead.
    `administrator`: our account administers Jira, so it may make webhooks.
    """

    reject_credentials: bool = False
    archived_by_id: bool = True
    clock_skew_seconds: float = 0
    administrator: bool = True


Options = TypeVar("Options", bound=SiteOptions)


class JiraSite(IssueBook, Service[Options]):
    """A site with issues, accounts, options and an address."""

    api_version: int

    def __init__(self, name: str, clock: Clock, options: Options, account: Account, context_path: str = "") -> None:
        IssueBook.__init__(self, clock)
        Service.__init__(self, name, clock, options)
        self.account = account
        self.webhooks = Webhooks(clock, lambda: self.url, self.described, self._administers)
        self.keyring = Keyring(())
        self.context_path = context_path
        self._listener: Listener | None = None
        self._port = 0

    # Being reachable

    def listen(self, port: int = 0) -> None:
        """Be reachable, at a free port for 0."""
        self._listener = Listener(self, port)
        self._port = self._listener.port
        self.url = f"{self._listener.url}{self.context_path}"

    def down(self) -> None:
        """Refuse connections and end those there are."""
        if self._listener:
            self._listener.close()
            self._listener = None

    def up(self) -> None:
        """Be reachable again at the same address."""
        if self._listener is None:
            self.listen(self._port)

    def leave(self) -> Listener | None:
        """Move to a new address; the listener of the old one is left to the caller."""
        left = self._listener
        self.listen()
        return left

    # Webhooks

    def happened(self, event: Event, issue: Issue, *items: Mapping[str, object]) -> None:
        """Deliver it to every webhook that is about it."""
        self.webhooks.happened(event, issue, items)

    def _administers(self, viewer: Viewer) -> bool:
        return self.options.administrator and not viewer.anonymous and viewer.app_secret is None

    def described(self, issue: Issue) -> Mapping[str, object]:
        """The issue as deliveries have it."""
        described: Mapping[str, object] = json.loads(self.encoder(("status",)).encode(issue))
        return described

    def add_webhook(self, url: str, secret: str | None = None, jql: str = "") -> str:
        """An administrator makes a webhook in the browser; its id."""
        return self.webhooks.add(url, secret, jql=jql)

    def remove_webhook(self, hook_id: str) -> bool:
        """An administrator removes a webhook."""
        return self.webhooks.remove(hook_id)

    def expire_webhooks(self) -> None:
        """Webhooks of apps end, as after 30 days."""
        self.webhooks.expire()

    def list_webhooks(self) -> list[dict[str, object]]:
        """What is registered, without secrets."""
        return self.webhooks.hooks()

    def deliveries(self) -> list[dict[str, object]]:
        """Every try of a delivery so far, oldest first."""
        return [asdict(one) for one in self.webhooks.delivered]

    def spoil_deliveries(  # noqa: PLR0913 - each is a fault of its own
        self,
        *,
        drop: float = 0,
        double: float = 0,
        delay_seconds: float = 0,
        reorder: bool = False,
        retry_seconds: float = 300,
        private_app: bool = False,
    ) -> None:
        """Let deliveries go wrong from now on; without arguments they go right again."""
        self.webhooks.faults = DeliveryFaults(drop, double, delay_seconds, reorder, retry_seconds, private_app)

    # Credentials

    def add_key(
        self,
        kind: KeyKind,
        secret: str,
        user: str | None = None,
        scopes: Sequence[str] | None = None,
        expires_at: datetime | None = None,
    ) -> None:
        """Let a secret prove our account, or that of another user name."""
        account = self.account if user in (None, self.account.name) else self.new_account(str(user))
        granted = None if scopes is None else frozenset(scopes)
        self.keyring.add(Key(kind, secret, account, granted, expires_at))

    @abstractmethod
    def new_account(self, name: str) -> Account:
        """An account of that name."""

    def revoke(self, secret: str) -> None:
        """Let the secret prove nothing any more."""
        self.keyring.set_revoked(secret, revoked=True)

    def reinstate(self, secret: str) -> None:
        """Undo `revoke`."""
        self.keyring.set_revoked(secret, revoked=False)

    def key(self, kinds: Sequence[KeyKind], secret: str, user: str | None = None) -> Key | None:
        """The key that the secret is, if it opens."""
        if self.options.reject_credentials:
            return None
        return self.keyring.find(kinds, secret, self.clock.now(), user)

    def skew_seconds(self) -> float:
        """How far this site's clock is ahead."""
        return self.options.clock_skew_seconds

    # Answers

    def encoder(self, fields: Sequence[str] | None) -> IssueEncoder:
        """Writes issues with these fields."""
        return IssueEncoder(
            self.statuses,
            lambda key: self.project_json(self.projects[key]),
            self.url,
            self.api_version,
            fields,
        )

    def project_json(self, project: Project) -> dict[str, object]:
        """A project as Jira shows it."""
        return {
            "self": f"{self.url}/rest/api/{self.api_version}/project/{project.id}",
            "id": str(project.id),
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "software",
            "archived": project.archived,
        }

    def server_info(self, version: str, numbers: Sequence[int], kind: str, **more: str) -> Answer:
        """GET serverInfo: anybody may ask."""
        now = self.clock.now() + timedelta(seconds=self.options.clock_skew_seconds)
        return json_answer(
            {
                "baseUrl": self.url,
                "version": version,
                "versionNumbers": list(numbers),
                "deploymentType": kind,
                "buildNumber": 100000,
                "buildDate": BUILT,
                "serverTime": jira_time(now),
                "scmInfo": "0" * 40,
                "serverTitle": self.name,
                **more,
            }
        )

    def seen(self, issue: Issue | None, viewer: Viewer) -> Issue | None:
        """The issue, if the viewer may see it when asking for it by itself."""
        if issue is None or not self.visible(issue, anonymous=viewer.anonymous):
            return None
        if self.is_archived(issue) and not self.options.archived_by_id:
            return None
        return issue

    def get_issue(self, call: Call[IssueQuery, NoBody]) -> Answer:
        """GET issue/{issue}, by id, key or old key."""
        with self.lock:
            issue = self.seen(self.find(call.arguments["issue"]), call.viewer)
            if issue is None:
                return self.issue_refused(call.arguments["issue"], call.viewer)
            return Answer(200, self.encoder(call.query.fields).encode(issue).encode())

    @abstractmethod
    def issue_refused(self, name: str, viewer: Viewer) -> Answer:
        """The answer for an issue that is not shown."""

    def get_project(self, call: Call[ProjectQuery, NoBody]) -> Answer:
        """GET project/{project}, by id or key."""
        with self.lock:
            project = self.browsed(call.arguments["project"], call.viewer)
            if project is None:
                return errors_answer(404, f"No project could be found with key '{call.arguments['project']}'.")
            return json_answer(self.project_json(project))

    def browsed(self, name: str, viewer: Viewer) -> Project | None:
        """The project of that id or key, if the viewer may browse it."""
        for project in self.projects.values():
            if name in (project.key, str(project.id)):
                return project if self.browsable(project, anonymous=viewer.anonymous) else None
        return None

    def get_permissions(self, call: Call[PermissionsQuery, NoBody], asked: Sequence[str]) -> Answer:
        """GET mypermissions, of the whole site or of one project or issue."""
        with self.lock:
            has = self._may_browse(call.query, call.viewer)
        if has is None:
            return errors_answer(404, "The project or issue does not exist.")
        return json_answer({"permissions": {name: _permission(name, has=has) for name in asked}})

    def _may_browse(self, query: PermissionsQuery, viewer: Viewer) -> bool | None:
        """Whether the viewer may browse what is named; None when it does not exist for them."""
        if name := query.issue_key or query.issue_id:
            return None if self.seen(self.find(name), viewer) is None else True
        if name := query.project_key or query.project_id:
            return None if self.browsed(name, viewer) is None else True
        anonymous = viewer.anonymous
        return any(self.browsable(one, anonymous=anonymous) for one in self.projects.values())


def _permission(key: str, *, has: bool) -> Mapping[str, object]:
    return {
        "id": "10",
        "key": key,
        "name": key.replace("_", " ").title(),
        "type": "PROJECT",
        "description": "",
        "havePermission": has,
    }
