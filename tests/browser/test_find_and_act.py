"""What a security team does in the page alone: find, filter, refresh, export, add, mend, delete."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from local.console import ConsoleServer
from local.stack import Stack
from sample_jira import SampleJira
from tests.e2e.driver import Service, ticket, wait_for

# As in console/js/views/violation.js.
WATCH_MS, SHOWS_WITHIN_MS = 5_000, 15_000


@pytest.mark.parametrize("text", ["V-101", "SEC-2", "sec-2"])
def test_a_violation_or_a_ticket_is_found_by_its_whole_name(page: Page, text: str) -> None:
    page.goto("/#/scans")
    page.get_by_label("Search resources, violations and tickets").fill(text)
    found = page.get_by_role("table", name="Violations", exact=True)
    expect(found.get_by_role("link").first).to_have_text(re.compile("V-10[123]"))
    found.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("V-10[123]"))


def test_violations_are_filtered_in_the_address_and_refreshed_together(page: Page) -> None:
    page.goto("/#/scans/artifact/docker%2Fbase-image?version=12")
    page.get_by_role("group", name="Status").get_by_role("button", name="Done", exact=True).click()
    expect(page).to_have_url(re.compile("filter=done"))
    table = page.get_by_role("table", name="Policy violations")
    expect(table.get_by_role("row").nth(1)).to_contain_text("Done")
    expect(table).not_to_contain_text("To Do")
    page.get_by_role("button", name="Refresh this page").click()
    expect(page.locator(".notice-title")).to_have_text(re.compile(r"ticket.* refreshed, \d+ changed"))


def test_what_is_chosen_is_refreshed_and_nothing_else(page: Page) -> None:
    page.goto("/#/scans/artifact/docker%2Fbase-image?version=12")
    page.get_by_role("checkbox", name="Select V-9003").check()
    page.get_by_role("checkbox", name="Select V-9007").check()
    with page.expect_request("**/violations/refresh") as asked:
        page.get_by_role("button", name="Refresh 2 selected").click()
    assert asked.value.post_data_json == {"violation_ids": ["V-9003", "V-9007"]}
    expect(page.locator(".notice-title")).to_have_text(re.compile(r"\d tickets? refreshed, \d changed"))
    page.get_by_role("checkbox", name="Select V-9003").uncheck()
    page.get_by_role("checkbox", name="Select V-9007").uncheck()
    expect(page.get_by_role("button", name="Refresh this page")).to_be_visible()


def test_all_violations_of_a_filter_are_exported(page: Page) -> None:
    page.goto("/#/scans/artifact/docker%2Fbase-image?version=12&filter=done")
    expect(page.get_by_role("table", name="Policy violations")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert lines[0].startswith("violation_id,ticket_no,ticket_status")
    assert len(lines) == 61
    assert all(",done," in line for line in lines[1:])


def test_the_start_says_what_is_broken_and_leads_to_its_repair(page: Page) -> None:
    page.goto("/#/scans")
    banner = page.get_by_role("alert").filter(has_text="acme-broken is broken")
    banner.get_by_role("link", name="Open acme-broken to fix it").click()
    expect(page.get_by_role("alert").filter(has_text="The integration is broken")).to_be_visible()
    page.get_by_role("button", name="Edit Integration").click()
    expect(page.get_by_role("dialog", name="Edit Integration")).to_be_visible()


def test_an_integration_is_added_and_deleted_with_its_name_typed(page: Page, jira: SampleJira) -> None:
    page.goto("/#/integrations")
    page.get_by_role("button", name="Add an integration").click()
    window = page.get_by_role("dialog", name="Add an integration")
    window.get_by_label("Name").fill("by-hand")
    window.get_by_label("Jira address").fill(jira.cloud.url)
    window.get_by_label("E-mail address").fill(jira.cloud.email)
    window.get_by_label("API token").fill("wrong")
    window.get_by_role("button", name="Test and add").click()
    expect(window.get_by_role("alert")).to_contain_text("The connection to Jira failed")
    window.get_by_label("API token").fill(jira.cloud.api_token)
    window.get_by_role("button", name="Test and add").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("by-hand")
    page.get_by_role("button", name="Actions for by-hand").click()
    page.get_by_role("menuitem", name="Delete…").click()
    sure = page.get_by_role("dialog", name="Delete the integration")
    delete = sure.get_by_role("button", name="Delete for good")
    expect(delete).to_be_disabled()
    sure.get_by_label("Type by-hand to delete it").fill("by-hand")
    delete.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Integrations")
    expect(page.get_by_role("table", name="Integrations")).not_to_contain_text("by-hand")


def test_a_webhook_is_set_up_by_hand_and_its_secret_shown_once(page: Page) -> None:
    page.goto("/#/integrations/acme-dc")
    page.get_by_role("button", name="Actions for acme-dc").click()
    page.get_by_role("menuitem", name="Webhook…").click()
    window = page.get_by_role("dialog", name="Webhook")
    window.get_by_role("button", name="Set up by hand").click()
    expect(window).to_contain_text("The secret is shown only once")
    expect(window).to_contain_text("/hooks/acme-dc")
    window.get_by_role("button", name="Copy the secret").click()
    assert len(page.evaluate("navigator.clipboard.readText()")) >= 32
    window.get_by_role("button", name="Remove").click()
    expect(window).to_contain_text("No webhook is set up")


@pytest.fixture
def live_issue(jira: SampleJira, service: Service) -> Iterator[str]:
    """The key of a ticket, in violation V-LIVE, whose integration is live."""
    issue = jira.cloud.create("SEEN", 1, status="To Do")[0]
    service.add_cloud("acme-live", jira)
    service.put("/jira-integrations/acme-live/webhook", {"mode": "register"})
    service.register(ticket("acme-live", issue, "V-LIVE"))
    jira.cloud.move(issue.key, "In Progress")
    wait_for(lambda: service.get("/jira-integrations/acme-live/webhook")["state"] == "live", "the first delivery")
    yield issue.key
    service.call("DELETE", "/jira-integrations/acme-live")


@pytest.mark.slow(reason="a delivery is waited for, and then that none comes")
def test_a_violation_follows_jira_while_its_integration_is_live(page: Page, jira: SampleJira, live_issue: str) -> None:
    page.goto("/#/integrations")
    row = page.get_by_role("table", name="Integrations").get_by_role("row")
    expect(row.filter(has_text="acme-live")).to_contain_text("Live")
    expect(row.filter(has_text="acme-dc")).not_to_contain_text("Live")
    page.goto("/#/violations/V-LIVE")
    table = page.get_by_role("table", name="Tickets of the violation")
    expect(table).to_contain_text("In Progress")

    page.wait_for_timeout(SHOWS_WITHIN_MS + 3_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    page.wait_for_timeout(2 * WATCH_MS + 1_000)
    assert set(asked) == {"webhook"}, "nothing was delivered, so nothing else is asked"

    jira.cloud.move(live_issue, "Done")
    expect(table).to_contain_text("Done", timeout=20_000)


def test_what_a_token_may_not_is_not_offered(browser: Browser, stack: Stack) -> None:
    with (
        ConsoleServer(stack.api_url, lambda: stack.token("viewer")) as server,
        browser.new_context(base_url=server.url) as context,
    ):
        page = context.new_page()
        page.goto("/#/integrations")
        expect(page.get_by_role("table", name="Integrations")).to_contain_text("acme-cloud")
        expect(page.get_by_role("button", name=re.compile("Actions for|Add an integration"))).to_have_count(0)
        page.goto("/#/violations/V-101")
        expect(page.get_by_role("button", name="Refresh")).to_be_visible()


def test_a_ticket_that_grew_too_old_before_it_was_retrieved_says_so_and_waits_for_nothing(page: Page) -> None:
    page.goto("/#/violations/V-203")
    cell = page.get_by_role("table").get_by_role("row").nth(1)
    expect(cell).to_contain_text("Older than a year")
    expect(cell).not_to_contain_text("Not retrieved yet")


@pytest.mark.parametrize("width", [320, 850, 1000, 1110])
def test_no_word_of_the_runs_is_broken_at_any_width(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/#/integrations/acme-cloud")
    expect(page.get_by_role("table", name="Runs, newest first")).to_contain_text("Succeeded")
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    height = page.get_by_text("Succeeded", exact=True).first.bounding_box()
    assert height is not None
    assert height["height"] < 40
