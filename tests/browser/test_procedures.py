"""The three procedures of the product's page, clicked through as a person does."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from sample_jira import SampleJira
from tests.e2e.driver import Service, ticket
from ticket_status.core.scopes import REQUIRED_SCOPES

ADDED_BY_PROCEDURE_3 = ["read:issue-details:jira", "read:field.default-value:jira", "read:field.option:jira"]
PATIENCE_MS = 60_000
NOT_FRESH_AFTER_SECONDS = 11


def row(page: Page, name: str) -> Locator:
    """The row of a list that is named so."""
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=re.compile(re.escape(name))))


def choose(page: Page, integration: str, action: str) -> None:
    """Choose from the menu at the right of an integration."""
    page.get_by_role("button", name=f"Actions for {integration}").click()
    page.get_by_role("menuitem", name=action).click()


def test_procedure_1_manual_retrieval(page: Page, jira: SampleJira, service: Service) -> None:
    key = service.tickets("V-102")[0]["ticket_no"]
    page.goto("/")

    # 1. On the Scans List page, click the resource.
    page.get_by_role("link", name="Scans List").click()
    page.get_by_role("link", name="libs/payment.jar").click()
    # 2. On its Policy Violations page, select the violation.
    expect(page.get_by_role("heading", name="Policy Violations")).to_be_visible()
    expect(row(page, "V-102")).to_contain_text("To Do")
    page.get_by_role("link", name="V-102").click()
    # 3. On the Tickets Info tab, click the refresh button.
    expect(page.get_by_role("tab", name="Tickets Info", selected=True)).to_be_visible()
    jira.cloud.move(key, "In Progress")
    time.sleep(NOT_FRESH_AFTER_SECONDS)  # a ticket retrieved within ten seconds is not asked for again
    page.get_by_role("button", name="Refresh").click()

    expect(page.get_by_text("1 ticket refreshed, 1 changed")).to_be_visible()
    expect(page.get_by_text(f"{key}: To Do → In Progress")).to_be_visible()
    expect(row(page, key)).to_contain_text("In Progress")
    # Again at once: it says why nothing was asked.
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("Not asked: retrieved less than 10 seconds ago")).to_be_visible()
    # Back is the list, which knows it too; the ticket serves another violation as well.
    page.go_back()
    expect(row(page, "V-102")).to_contain_text("In Progress")
    expect(row(page, "V-103")).to_contain_text("In Progress")


def test_the_refresh_button_shows_that_it_works(page: Page) -> None:
    page.goto("/#/violations/V-101/tickets")

    def dawdle(route: Route) -> None:
        time.sleep(1)
        route.continue_()

    page.route("**/refresh", dawdle)
    page.get_by_role("button", name="Refresh").click()
    working = page.get_by_role("button", name="Asking Jira…")
    expect(working).to_be_disabled()
    expect(page.get_by_role("button", name="Refresh")).to_be_enabled()
    expect(page.get_by_role("button", name="Refresh")).to_be_focused()


def test_procedure_2_disable_and_enable(page: Page) -> None:
    # 1, 2. Under Integrations, choose Settings from the menu at the right of the integration.
    page.goto("/#/integrations")
    choose(page, "acme-dc", "Settings")
    window = page.get_by_role("dialog", name="Settings")
    toggle = window.get_by_role("switch", name="Retrieve Jira Tickets")
    expect(toggle).to_be_checked()
    expect(window.get_by_role("button", name="Apply")).to_be_disabled()
    # 3, 4. Set the toggle, and apply.
    toggle.uncheck()
    expect(window.get_by_text("disappear at once")).to_be_visible()
    window.get_by_role("button", name="Apply").click()
    expect(window.get_by_text("Retrieval is off")).to_be_visible()
    window.get_by_role("button", name="Close").last.click()
    expect(window).to_be_hidden()
    expect(row(page, "acme-dc")).to_contain_text("Off")
    page.goto("/#/scans/build/checkout?version=512")
    expect(row(page, "V-201").get_by_role("cell").first).to_have_text("Not shown: retrieval is switched off")
    expect(row(page, "V-201").locator(".dot")).to_have_count(0)

    # On again: what will happen, and that it happens.
    page.goto("/#/integrations")
    choose(page, "acme-dc", "Settings")
    toggle.check()
    expect(
        window.get_by_text(re.compile(r"about 2 tickets, with \d+ requests? to Jira, in about \d+ second"))
    ).to_be_visible()
    window.get_by_role("button", name="Apply").click()
    expect(window.get_by_text("all tickets have been retrieved")).to_be_visible(timeout=PATIENCE_MS)
    page.keyboard.press("Escape")
    expect(window).to_be_hidden()
    page.goto("/#/scans/build/checkout?version=512")
    expect(row(page, "V-201")).to_contain_text("Done")


@pytest.fixture
def old_app(jira: SampleJira, service: Service) -> Iterator[str]:
    """An integration from before 3.112 with OAuth 2.0 on Cloud, authorised for opening tickets only."""
    options = jira.atlassian.options
    everything = options.grant_scopes
    options.grant_scopes = [scope for scope in _old_scopes() if scope not in ADDED_BY_PROCEDURE_3]
    body = {
        "connection_name": "acme-oauth",
        "installation_type": "cloud",
        "jira_server_url": jira.cloud.url,
        "auth_type": "oauth2",
        "client_id": jira.atlassian.client_id,
        "client_secret": jira.atlassian.client_secret,
        "created_in_version": "3.111.4",
    }
    service.post("/jira-integrations", body, 201)
    yield "acme-oauth"
    options.grant_scopes = everything


def test_procedure_3_enabling_for_oauth_2_on_jira_cloud(
    page: Page, jira: SampleJira, service: Service, old_app: str
) -> None:
    issue = jira.cloud.create("AUTH", 1, status="Done")[0]
    service.register(ticket(old_app, issue, "V-501"))
    page.goto("/#/integrations")
    expect(row(page, old_app)).to_contain_text("Waiting for authorisation")
    choose(page, old_app, "Authorise")
    _accept_in_popup(page)
    expect(page.get_by_text("Access was granted")).to_be_visible()
    page.get_by_role("button", name="Close").last.click()

    # Switching on is refused, and the missing permissions are named with the way to add them.
    choose(page, old_app, "Settings")
    page.get_by_role("switch").check()
    page.get_by_role("button", name="Apply").click()
    refused = page.get_by_role("alert").filter(has_text="Permissions are missing in Jira")
    for scope in ADDED_BY_PROCEDURE_3:
        expect(refused.get_by_text(scope, exact=True)).to_be_visible()
    expect(refused.get_by_role("link", name="Atlassian developer console")).to_be_visible()
    refused.get_by_role("button", name="Copy").click()
    assert set(ADDED_BY_PROCEDURE_3) <= set(page.evaluate("navigator.clipboard.readText()").split())

    # 1, 2. In the developer console the scopes are added to the app.
    jira.atlassian.options.grant_scopes = _old_scopes()
    # 3, 4. Edit Integration; only the secret key has to be entered.
    refused.get_by_role("button", name="Edit Integration").click()
    wizard = page.get_by_role("dialog", name="Edit Integration")
    wizard.get_by_role("button", name="Next").click()
    wizard.get_by_label("Secret key").fill(jira.atlassian.client_secret)
    wizard.get_by_role("button", name="Save and continue").click()
    # 5. Grant access in the popup.
    _accept_in_popup(page)
    # 6. Test Integration, and go on.
    wizard.get_by_role("button", name="Test Integration").click()
    expect(wizard.get_by_text("The integration works")).to_be_visible()
    expect(wizard.get_by_text("Passed:")).to_have_count(5)
    # 7. Enable, as in procedure 2.
    wizard.get_by_role("button", name="Settings").click()
    page.get_by_role("switch").check()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("all tickets have been retrieved")).to_be_visible(timeout=PATIENCE_MS)
    page.goto("/#/violations/V-501/tickets")
    expect(row(page, issue.key)).to_contain_text("Done")


def _accept_in_popup(page: Page) -> None:
    """Press the button, accept on Jira's page, and let its window close itself."""
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Grant access in Jira…").click()
    opened.value.get_by_role("button", name="Accept").click()


def _old_scopes() -> list[str]:
    return [*REQUIRED_SCOPES, "read:jira-user", "write:jira-work", "offline_access"]
