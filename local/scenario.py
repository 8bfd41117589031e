"""What the demo shows: sites, integrations, tickets in every state, and the status that each must show in the end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sample_jira import SampleJira
from sample_jira.cloud import CloudSite
from sample_jira.data_center import DataCenterSite
from sample_jira.model import Issue

ARTIFACT = {"type": "artifact", "name": "libs/payment.jar", "version": "2.4.1"}
BUILD = {"type": "build", "name": "checkout", "version": "512"}
BUNDLE = {"type": "release_bundle", "name": "webshop", "version": "2026.11"}
IMAGE = {"type": "artifact", "name": "docker/base-image", "version": "12"}

CLOUD = "acme-cloud"
DATA_CENTER = "acme-dc"
SWITCHED_OFF = "acme-off"
BROKEN = "acme-broken"

# Tickets that make the progress bar move: all in one integration, over most of the year.
CROWD = 180
CROWD_DAYS = 300


@dataclass(frozen=True, slots=True)
class Expected:
    """What a ticket must show in the end."""

    ticket_status: str | None
    ticket_status_category: str | None = None
    unknown_reason: str | None = None
    last_known_status: str | None = None
    refresh_state: str = "active"

    def fits(self, ticket: Mapping[str, Any]) -> bool:
        """Whether a ticket, as the API shows it, is so."""
        return all(ticket[name] == getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class Linked:
    """A violation of a resource with one of its tickets."""

    violation_id: str
    resource: Mapping[str, str]
    integration_name: str
    issue: Issue
    expected: Expected

    def registration(self) -> dict[str, object]:
        """As ``POST /tickets`` takes it."""
        return {
            "integration_name": self.integration_name,
            "issue_key": self.issue.key,
            "issue_id": str(self.issue.id),
            "violation_id": self.violation_id,
            "resource": dict(self.resource),
            "created_at": f"{self.issue.created.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }


@dataclass(slots=True)
class Scenario:
    """The sample Jira filled with issues, and what the service is to make of them."""

    jira: SampleJira
    now: datetime
    linked: list[Linked] = field(default_factory=list)

    @property
    def switched_off(self) -> CloudSite:
        """The site of the integration that is switched off."""
        return _cloud(self.jira, SWITCHED_OFF)

    @property
    def broken(self) -> DataCenterSite:
        """The site of the integration that breaks."""
        site = self.jira.site(BROKEN)
        if not isinstance(site, DataCenterSite):
            raise TypeError(site)
        return site

    def integrations(self) -> Iterator[dict[str, object]]:
        """The integrations as ``POST /jira-integrations`` takes them."""
        yield _basic(CLOUD, self.jira.cloud)
        yield _token(DATA_CENTER, self.jira.data_center)
        yield _basic(SWITCHED_OFF, self.switched_off)
        yield _token(BROKEN, self.broken)

    def moving(self) -> Linked:
        """The ticket that moves in Jira after the table was shown."""
        return next(one for one in self.linked if one.expected.ticket_status == "In Progress")

    def following(self) -> Linked:
        """The ticket that moves in Jira once the webhook is set up."""
        waiting = [
            one for one in self.linked if one.integration_name == CLOUD and one.expected.ticket_status == "To Do"
        ]
        return waiting[-1]

    def happens_in_jira(self) -> None:
        """After the first retrieval one issue is deleted, and one token revoked."""
        deleted = next(one for one in self.linked if one.expected.unknown_reason == "DELETED")
        self.jira.cloud.delete(deleted.issue.key)
        self.broken.revoke(self.broken.pat)


def fill(jira: SampleJira, now: datetime) -> Scenario:
    """Make the sites and the issues."""
    jira.add_cloud(SWITCHED_OFF)
    jira.add_data_center(BROKEN)
    scenario = Scenario(jira, now)
    scenario.linked += [*_artifact(scenario), *_build(scenario), *_bundle(scenario)]
    scenario.linked += _crowd(scenario)
    return scenario


def _artifact(scenario: Scenario) -> Iterator[Linked]:
    """Two tickets of one violation in two integrations; one ticket of two violations."""
    cloud, data_center, created = scenario.jira.cloud, scenario.jira.data_center, scenario.now - timedelta(days=20)
    [waiting] = data_center.create("OPS", 1, status="To Do", created=created - timedelta(days=10))
    [moving] = cloud.create("SEC", 1, status="In Progress", created=created)
    [shared] = cloud.create("SEC", 1, status="To Do", created=created)
    yield Linked("V-101", ARTIFACT, CLOUD, moving, _seen("In Progress", "indeterminate"))
    yield Linked("V-101", ARTIFACT, DATA_CENTER, waiting, _seen("To Do", "new"))
    yield Linked("V-102", ARTIFACT, CLOUD, shared, _seen("To Do", "new"))
    yield Linked("V-103", ARTIFACT, CLOUD, shared, _seen("To Do", "new"))


def _build(scenario: Scenario) -> Iterator[Linked]:
    """A ticket that is done, one that gets deleted, and one that is too old to be asked for."""
    cloud, data_center, created = scenario.jira.cloud, scenario.jira.data_center, scenario.now - timedelta(days=90)
    [done] = data_center.create("OPS", 1, status="Done", created=created)
    [deleted] = cloud.create("SEC", 1, status="To Do", created=created)
    [old] = cloud.create("SEC", 1, status="Done", created=scenario.now - timedelta(days=400))
    yield Linked("V-201", BUILD, DATA_CENTER, done, _seen("Done", "done"))
    gone = Expected("Unknown", None, "DELETED", "To Do", "deleted")
    yield Linked("V-202", BUILD, CLOUD, deleted, gone)
    never_seen = Expected("Unknown", None, "NOT_RETRIEVED_YET", None, "outside_window")
    yield Linked("V-203", BUILD, CLOUD, old, never_seen)


def _bundle(scenario: Scenario) -> Iterator[Linked]:
    """A ticket of an integration that is switched off, and one of an integration that breaks."""
    created = scenario.now - timedelta(days=5)
    [hidden] = scenario.switched_off.create("WEB", 1, status="In Progress", created=created)
    [cut_off] = scenario.broken.create("WEB", 1, status="In Progress", created=created)
    off = Expected(None, None, None, "In Progress", "retrieval_disabled")
    yield Linked("V-301", BUNDLE, SWITCHED_OFF, hidden, off)
    unknown = Expected("Unknown", None, "INTEGRATION_BROKEN", "In Progress", "active")
    yield Linked("V-302", BUNDLE, BROKEN, cut_off, unknown)


def _crowd(scenario: Scenario) -> Iterator[Linked]:
    categories = {"To Do": "new", "In Progress": "indeterminate", "Done": "done"}
    for number in range(CROWD):
        status = list(categories)[number % len(categories)]
        created = scenario.now - timedelta(days=1 + number * CROWD_DAYS // CROWD)
        [issue] = scenario.jira.cloud.create("BASE", 1, status=status, created=created)
        yield Linked(f"V-9{number:03}", IMAGE, CLOUD, issue, _seen(status, categories[status]))


def _seen(status: str, category: str) -> Expected:
    return Expected(status, category, last_known_status=status)


def _basic(name: str, site: CloudSite) -> dict[str, object]:
    credentials = {"auth_type": "basic", "username": site.email, "password": site.api_token}
    return {"connection_name": name, "installation_type": "cloud", "jira_server_url": site.url, **credentials}


def _token(name: str, site: DataCenterSite) -> dict[str, object]:
    credentials = {"auth_type": "pat", "token": site.pat}
    return {"connection_name": name, "installation_type": "server", "jira_server_url": site.url, **credentials}


def _cloud(jira: SampleJira, name: str) -> CloudSite:
    return next(site for site in jira.cloud_sites() if site.name == name)
