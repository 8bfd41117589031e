"""The three procedures of the product's page, only through the API, the sync function and the sample Jira."""

import re
import uuid
from html import unescape

import pytest
import requests

from sample_jira import SampleJira
from tests.e2e.driver import Service, ticket, wait_for


@pytest.fixture
def name() -> str:
    return f"proc-{uuid.uuid4().hex[:8]}"


def test_procedure_1_manual_retrieval(service: Service, jira: SampleJira, name: str) -> None:
    service.add_cloud(name, jira)
    issues = jira.cloud.create("PROA", 2, status="To Do")
    build = {"type": "build", "name": f"{name}-build", "version": "17"}
    service.register(*(ticket(name, issue, f"{name}-v", resource=build) for issue in issues))
    service.retrieve(name)

    # 1. On the Scans List page, click the resource.
    resources = service.get("/resources", type="build", limit="100")["resources"]
    assert {**build, "violations": 1} in resources
    # 2. On its Policy Violations page, select the violation.
    listed = service.get(
        "/violations", resource_type="build", resource_name=build["name"], resource_version=build["version"]
    )["violations"]
    assert [(one["violation_id"], one["ticket_status"], one["tickets"]) for one in listed] == [
        (f"{name}-v", "To Do", 2)
    ]
    # 3. On the Tickets Info tab, click the refresh button: the statuses of all its tickets are retrieved and shown.
    jira.cloud.move(issues[0].key, "In Progress")
    jira.cloud.move(issues[1].key, "Done")
    moved = {issues[0].key: "In Progress", issues[1].key: "Done"}

    def refreshed() -> bool:
        """Unless they were asked for a moment ago, the new statuses are in the answer itself."""
        return {one["ticket_no"]: one["ticket_status"] for one in service.refresh(f"{name}-v")} == moved

    wait_for(refreshed, "the statuses to be asked for")
    assert {one["ticket_no"]: one["ticket_status"] for one in service.tickets(f"{name}-v")} == moved


def test_procedure_2_disable_and_enable(service: Service, jira: SampleJira, name: str) -> None:
    service.add_cloud(name, jira)
    issue = jira.cloud.create("PROB", 1, status="In Progress")[0]
    service.register(ticket(name, issue, f"{name}-v"))
    service.retrieve(name)
    settings = f"/jira-integrations/{name}/settings"
    assert service.get(settings) == {"retrieve_jira_tickets": True}

    # Off: the statuses disappear at once, and nothing is asked any more.
    assert service.put(settings, {"retrieve_jira_tickets": False}) == {"retrieve_jira_tickets": False, "run_id": None}
    shown = service.tickets(f"{name}-v")[0]
    assert (shown["ticket_status"], shown["refresh_state"]) == (None, "retrieval_disabled")
    jira.cloud.forget_requests()
    assert service.sync({"integration_name": name})["integrations"][0]["reason"] == "retrieval_disabled"
    assert service.refresh(f"{name}-v")[0]["refresh"] == {"outcome": "skipped", "reason": "retrieval_disabled"}
    assert jira.cloud.requests() == []

    # On again: a run starts at once; until it has come by, the ticket is not retrieved yet.
    switched = service.put(settings, {"retrieve_jira_tickets": True})
    assert switched["run_id"]
    run = service.ended(name, switched["run_id"])
    assert (run["trigger"], run["state"]) == ("enabled", "succeeded")
    assert service.tickets(f"{name}-v")[0]["ticket_status"] == "In Progress"
    # On when it is on starts none.
    assert service.put(settings, {"retrieve_jira_tickets": True})["run_id"] is None


def test_procedure_3_enabling_for_oauth_2_on_jira_cloud(service: Service, jira: SampleJira, name: str) -> None:
    three = ["read:issue-details:jira", "read:field.default-value:jira", "read:field.option:jira"]
    atlassian = jira.atlassian
    everything = atlassian.options.grant_scopes
    body = {
        "connection_name": name,
        "installation_type": "cloud",
        "jira_server_url": jira.cloud.url,
        "auth_type": "oauth2",
        "client_id": atlassian.client_id,
        "client_secret": atlassian.client_secret,
        "created_in_version": "3.111.4",
    }
    created = service.post("/jira-integrations", body, 201)
    assert created["retrieve_jira_tickets"] is False
    assert created["health"]["status"] == "PENDING_AUTHORIZATION"
    try:
        # It was authorised before the feature came, with scopes that only open tickets.
        atlassian.options.grant_scopes = [scope for scope in _old_scopes() if scope not in three]
        _grant_in_popup(service, name)
        issue = jira.cloud.create("PROC", 1, status="Done")[0]
        service.register(ticket(name, issue, f"{name}-v"))
        refused = service.call("PUT", f"/jira-integrations/{name}/settings", {"retrieve_jira_tickets": True})
        assert (refused.status_code, refused.json()["code"]) == (409, "missing_scopes")
        assert set(three) <= set(refused.json()["missing_scopes"])

        # 1, 2. In Atlassian's console the three scopes are added to the app.
        atlassian.options.grant_scopes = _all_scopes()
        # 3, 4. Edit the integration; only the secret has to be entered.
        edited = service.call("PATCH", f"/jira-integrations/{name}", {"client_secret": atlassian.client_secret})
        assert edited.status_code == 200, edited.text
        # 5. Grant access in the popup.
        page = _grant_in_popup(service, name)
        assert "close" in page.lower()
        # 6. Test Integration, and go on.
        tested = service.post(f"/jira-integrations/{name}/test")
        assert (tested["status"], tested["missing_scopes"]) == ("HEALTHY_INTEGRATION", [])
        assert [check["ok"] for check in tested["checks"]] == [True] * 5
        # 7. Enable.
        switched = service.put(f"/jira-integrations/{name}/settings", {"retrieve_jira_tickets": True})
        assert service.ended(name, switched["run_id"])["state"] == "succeeded"
        assert service.tickets(f"{name}-v")[0]["ticket_status"] == "Done"
    finally:
        atlassian.options.grant_scopes = everything


def _grant_in_popup(service: Service, name: str) -> str:
    """What the popup does: Atlassian's page, the person's consent, back to our callback; the page that it ends on."""
    started = service.post(f"/jira-integrations/{name}/oauth2/authorization")
    with requests.Session() as browser:
        browser.trust_env = False
        page = browser.get(started["authorization_url"], timeout=30)
        kept = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)">', page.text)}
        page = browser.post(page.url.partition("?")[0], data={**kept, "decision": "accept"}, timeout=30)
    assert page.status_code == 200, page.text
    return page.text


def _all_scopes() -> list[str]:
    from ticket_status.core.scopes import REQUIRED_SCOPES  # noqa: PLC0415 - the data of R16

    return [*REQUIRED_SCOPES, "read:jira-user", "offline_access"]


def _old_scopes() -> list[str]:
    return [*_all_scopes(), "write:jira-work"]
