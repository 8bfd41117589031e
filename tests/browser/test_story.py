"""What the page is for, as one story.

An administrator who never used a shell connects a Jira, sees what is Unknown and why, mends it, finds SEC-1 from a
pasted key, refreshes a page of fifty, and exports the rest: in the page alone.

The world around the page plays along: a scanner registers tickets, Jira's administrators let a token end.
"""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from sample_jira import SampleJira
from sample_jira.data_center import DataCenterSite
from sample_jira.model import Issue
from tests.browser.test_procedures import NOT_FRESH_AFTER_SECONDS
from tests.e2e.driver import Service, ticket

NAME = "story-jira"
RESOURCE: dict[str, object] = {"type": "artifact", "name": "story/portal", "version": "7"}
TICKETS = 60
NEW_TOKEN = "a-new-token"


@pytest.fixture
def site(jira: SampleJira) -> DataCenterSite:
    """A Jira that nobody has connected yet."""
    return jira.add_data_center(NAME)


@pytest.fixture
def issues(site: DataCenterSite, service: Service) -> Iterator[list[Issue]]:
    """Its issues, SEC-1 the first of them."""
    yield site.create("SEC", TICKETS, status="To Do")
    service.call("DELETE", f"/jira-integrations/{NAME}")


def connects_a_jira(page: Page, site: DataCenterSite) -> None:
    page.goto("/")
    page.get_by_role("link", name="Integrations").click()
    page.get_by_role("button", name="Add an integration").click()
    window = page.get_by_role("dialog", name="Add an integration")
    window.get_by_label("Name").fill(NAME)
    window.get_by_label("Jira Server or Data Center").check()
    window.get_by_label("Jira address").fill(site.url)
    expect(window.get_by_text("In Jira, under Profile, Personal Access Tokens")).to_be_visible()
    window.get_by_label("Personal access token").last.fill(site.pat)
    window.get_by_role("button", name="Test and add").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)


def sees_what_is_unknown_and_why(page: Page) -> None:
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("alert").filter(has_text=f"{NAME} is broken: its tickets show Unknown")).to_be_visible()
    reasons = page.get_by_role("table", name="Unknown tickets by reason")
    broken = reasons.get_by_role("row").filter(has_text="Integration is broken")
    expect(broken).to_contain_text(f"{NAME} ({TICKETS})")
    expect(broken).to_contain_text("Fix the integration")


def mends_it(page: Page) -> None:
    page.get_by_role("link", name=f"Open {NAME} to fix it").click()
    page.get_by_role("alert").get_by_role("button", name="Edit Integration").click()
    wizard = page.get_by_role("dialog", name="Edit Integration")
    wizard.get_by_role("button", name="Next").click()
    wizard.get_by_label("Personal access token").fill(NEW_TOKEN)
    wizard.get_by_role("button", name="Save and continue").click()
    wizard.get_by_role("button", name="Test Integration").click()
    expect(wizard.get_by_text("The integration works")).to_be_visible()
    wizard.get_by_role("button", name="Done").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("region", name="Tickets by status")).to_contain_text("To Do", timeout=60_000)


def finds_sec_1_from_a_pasted_key(page: Page) -> None:
    page.evaluate("navigator.clipboard.writeText(' SEC-1 ')")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Control+V")
    found = page.get_by_role("table", name="Violations", exact=True)
    found.get_by_role("link", name="STORY-001").click()
    expect(page.get_by_role("table", name="Tickets of the violation")).to_contain_text("SEC-1")


def refreshes_a_page_of_fifty(page: Page) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Scans List").click()
    page.get_by_role("link", name="story/portal").click()
    expect(page.locator("tbody tr")).to_have_count(50)
    page.get_by_role("button", name="Refresh this page").click()
    expect(page.locator(".notice-title")).to_have_text("50 tickets refreshed, 1 changed")
    expect(page.get_by_text("SEC-1: To Do → Done")).to_be_visible()


def exports_the_rest(page: Page) -> list[str]:
    page.get_by_role("button", name="To do", exact=True).click()
    expect(page).to_have_url(re.compile("filter=new"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as CSV").click()
    return download.value.path().read_text().splitlines()[1:]


@pytest.mark.slow(reason="a whole afternoon of an administrator")
def test_an_administrator_needs_no_shell(
    page: Page, service: Service, site: DataCenterSite, issues: list[Issue]
) -> None:
    connects_a_jira(page, site)
    # The scanner opens tickets, as it does from now on; then somebody's token ends, and the schedule notices.
    names = [f"STORY-{number:03}" for number in range(1, TICKETS + 1)]
    service.register(*(ticket(NAME, issue, name, resource=RESOURCE) for issue, name in zip(issues, names, strict=True)))
    service.retrieve(NAME)
    site.revoke(site.pat)
    service.retrieve(NAME)
    sees_what_is_unknown_and_why(page)
    site.add_pat(NEW_TOKEN)
    mends_it(page)
    finds_sec_1_from_a_pasted_key(page)
    site.move(issues[0].key, "Done")
    time.sleep(NOT_FRESH_AFTER_SECONDS)  # a ticket retrieved within ten seconds is not asked for again
    refreshes_a_page_of_fifty(page)
    exported = exports_the_rest(page)
    assert len(exported) == TICKETS - 1
    assert all(",To Do,new," in line for line in exported)
