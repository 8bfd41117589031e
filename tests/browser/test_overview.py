"""The overview: where the tickets stand, what is Unknown and how to mend it, and what the runs found, day by day."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from sample_jira import SampleJira
from tests.browser.test_procedures import row
from tests.e2e.driver import Service

SUMMED = {"new": "To do", "indeterminate": "In progress", "done": "Done"}
MOST_REQUESTS_EACH = 4
"""Of an integration with fewer than a hundred runs: its summary, its webhook, its runs, and what they counted."""


def tile(page: Page, name: str) -> str:
    """The number in the tile of this name."""
    return page.locator(".tile").filter(has_text=name).locator(".tile-number").inner_text()


def summaries(service: Service) -> dict[str, dict[str, Any]]:
    """The summary of each integration, by name."""
    return {name: service.get(f"/jira-integrations/{name}/summary") for name in service.integration_names()}


def test_the_page_begins_with_the_overview_whose_numbers_are_those_of_the_api(page: Page, service: Service) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    expect(page.get_by_role("link", name="Overview")).to_have_attribute("aria-current", "page")
    expect(page.locator(".tile").first).to_be_visible()
    known = summaries(service)
    for category, name in SUMMED.items():
        tickets = [
            one["tickets"]
            for summary in known.values()
            for one in summary["by_status"]
            if one["ticket_status_category"] == category
        ]
        assert tile(page, name) == str(sum(tickets))
    assert tile(page, "Unknown") == str(sum(sum(one["unknown"].values()) for one in known.values()))
    assert tile(page, "Older than a year") == str(sum(one["outside_window"] for one in known.values()))
    expect(page.get_by_role("img", name=re.compile(r"Shares of the tickets: To do \d+"))).to_be_visible()


def test_unknown_says_how_many_why_where_and_what_to_do(page: Page) -> None:
    page.goto("/#/overview")
    unknown = page.get_by_role("table", name="Unknown tickets by reason")
    broken = unknown.get_by_role("row").filter(has_text="Integration is broken")
    expect(broken).to_contain_text("Fix the integration: its page says what is wrong.")
    deleted = unknown.get_by_role("row").filter(has_text="Deleted in Jira")
    deleted.get_by_role("button", name="Check again: acme-cloud").click()
    expect(page.get_by_role("dialog", name="Check deleted tickets again")).to_contain_text("acme-cloud")
    page.keyboard.press("Escape")
    broken.get_by_role("link", name="acme-broken").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tickets")
    expect(page.get_by_role("table", name="Tickets of the integration").get_by_role("row")).to_have_count(2)


def test_the_numbers_of_an_integration_lead_to_its_tickets(page: Page, service: Service) -> None:
    done = next(
        one["tickets"]
        for one in service.get("/jira-integrations/acme-cloud/summary")["by_status"]
        if one["ticket_status"] == "Done"
    )
    page.goto("/#/overview")
    line = page.get_by_role("table", name="By integration").get_by_role("row").filter(has_text="acme-cloud")
    line.get_by_role("link", name=str(done)).last.click()
    expect(page).to_have_url(re.compile("filter=done"))
    expect(page.get_by_text(re.compile(rf"^1 to 50 of {done} tickets"))).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(50)


def test_an_integration_that_is_well_is_no_banner_and_a_broken_one_leads_to_its_repair(page: Page) -> None:
    page.goto("/#/overview")
    banner = page.get_by_role("alert")
    expect(banner).to_have_count(1)
    banner.get_by_role("link", name="Open acme-broken to fix it").click()
    expect(page.get_by_role("alert").filter(has_text="The integration is broken")).to_be_visible()


@pytest.fixture
def soon_expired(jira: SampleJira, service: Service) -> Iterator[str]:
    """An integration whose credential expires in five days."""
    expires = (datetime.now(UTC) + timedelta(days=5)).isoformat(timespec="seconds")
    service.add_cloud("acme-expires", jira, credential_expires_at=expires)
    yield "acme-expires"
    service.call("DELETE", "/jira-integrations/acme-expires")


def test_a_credential_that_is_about_to_expire_is_a_banner(page: Page, soon_expired: str) -> None:
    page.goto("/#/overview")
    banner = page.get_by_role("status").filter(has_text=f"The credential of {soon_expired} expires soon")
    expect(banner).to_contain_text("Renew it in Jira")


@pytest.mark.parametrize(
    ("state", "words"),
    [("silent", "is silent"), ("failing", "is losing deliveries"), ("expired", "has expired")],
)
def test_a_webhook_that_loses_what_happens_is_a_banner(page: Page, service: Service, state: str, words: str) -> None:
    known = service.get("/jira-integrations/acme-dc/webhook")
    ill = {**known, "state": state, "reason": "nothing came for a day"}
    page.route("**/acme-dc/webhook", lambda route: route.fulfill(json=ill))
    page.goto("/#/overview")
    banner = page.get_by_role("status").filter(has_text=f"The webhook of acme-dc {words}")
    expect(banner).to_contain_text("Nothing came for a day. Statuses are still retrieved every 8 hours.")
    banner.get_by_role("button", name="Open the webhook of acme-dc").click()
    expect(page.get_by_role("dialog", name="Webhook")).to_be_visible()


def test_a_pause_is_a_banner_that_says_until_when(page: Page, service: Service) -> None:
    until = (datetime.now(UTC) + timedelta(minutes=10)).isoformat(timespec="seconds")
    paused = {**service.integration("acme-dc"), "paused_until": until}
    page.route("**/jira-integrations?**", lambda route: route.fulfill(json={"integrations": [paused]}))
    page.goto("/#/overview")
    expect(page.get_by_text("Jira asked for a pause: acme-dc resumes by itself")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Until \d\d:\d\d:\d\d Jira is not asked"))).to_be_visible()


def test_the_charts_count_what_the_runs_of_the_api_count(page: Page, service: Service) -> None:
    runs = [
        run
        for name in service.integration_names()
        for run in service.get(f"/jira-integrations/{name}/sync-runs", limit="100")["sync_runs"]
        if run["completed_at"]
    ]
    changed = sum(run["counts"]["changed"] for run in runs)
    page.goto("/#/overview?days=7")
    expect(page.get_by_role("button", name="7 days")).to_have_attribute("aria-pressed", "true")
    figure = page.locator("figure").filter(has_text="What the retrievals found, by day")
    expect(figure).to_contain_text(f"{changed} statuses new or changed")
    succeeded = sum(run["state"] == "succeeded" for run in runs)
    expect(page.locator("figure").last).to_contain_text(f"{succeeded} of {len(runs)} runs succeeded.")
    page.locator("summary").click()
    days = page.get_by_role("table", name="The same as a table")
    cells = [[cell.inner_text() for cell in line.get_by_role("cell").all()] for line in days.locator("tbody tr").all()]
    assert sum(int(line[3]) for line in cells) == changed
    assert sum(int(line[0]) for line in cells) == succeeded


def test_what_tickets_showed_is_what_the_last_runs_counted(page: Page, service: Service) -> None:
    counted = dict.fromkeys(("To do", "In progress", "Done"), 0)
    for name in service.integration_names():
        for past in service.get(f"/jira-integrations/{name}/summary/history", limit="100")["history"][:1]:
            for label, category in zip(counted, ("new", "indeterminate", "done"), strict=True):
                counted[label] += past["by_category"][category]
    assert sum(counted.values()) > 100
    page.goto("/#/overview?days=7")
    figure = page.locator("figure").filter(has_text="What tickets showed, by day")
    expect(figure.locator(".plot rect").first).to_be_visible()
    # The last day only: the reader's midnight may have passed since the runs, and a day shows what the one before did.
    titles = figure.locator(".plot title").all_text_contents()[-len(counted) :]
    assert [title.partition(": ")[2] for title in titles] == [f"{label} {number}" for label, number in counted.items()]
    page.locator("summary").click()
    newest = page.get_by_role("table", name="The same as a table").locator("tbody tr").first
    assert [cell.inner_text() for cell in newest.get_by_role("cell").all()][-3:] == [
        str(one) for one in counted.values()
    ]


def test_parts_of_a_chart_are_told_apart_without_colour(page: Page) -> None:
    page.goto("/#/overview")
    expect(page.locator(".plot rect").first).to_be_visible()
    for figure in page.locator("figure").all():
        fills = [swatch.get_attribute("fill") for swatch in figure.locator(".legend rect").all()]
        assert all(fill and fill.startswith("url(#pattern-") for fill in fills)
        drawn = page.evaluate("fills => fills.map(fill => document.querySelector(fill.slice(4, -1)).innerHTML)", fills)
        shapes = {re.sub(r'class="[^"]*"', "", pattern) for pattern in drawn}
        assert len(shapes) == len(fills) >= 3


def test_it_prints_with_its_charts_and_without_its_controls(page: Page) -> None:
    page.goto("/#/overview")
    expect(page.locator(".plot rect").first).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".plot rect").first).to_be_visible()
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(page.get_by_role("group", name="Period")).to_be_hidden()
    expect(page.locator(".plot").first).to_have_css("print-color-adjust", "exact")


@pytest.mark.slow(reason="the page looks again every half a minute")
def test_it_asks_four_times_for_each_integration_and_then_only_for_what_changed(page: Page, service: Service) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/" in request.url else None)
    page.goto("/#/overview")
    expect(page.locator(".tile").first).to_be_visible()
    names = service.integration_names()
    assert len(asked) <= 1 + MOST_REQUESTS_EACH * len(names)
    asked.clear()
    page.wait_for_timeout(31_000)  # it looks again every half a minute
    assert [url for url in asked if "/summary" in url or "sync-runs" in url] == []
    assert len(asked) >= 1


def test_without_integrations_the_overview_leads_to_the_first(page: Page) -> None:
    page.route("**/jira-integrations?**", lambda route: route.fulfill(json={"integrations": []}))
    page.goto("/")
    expect(page.get_by_text("No integrations yet")).to_be_visible()
    page.get_by_role("button", name="Add an integration").click()
    expect(page.get_by_role("dialog", name="Add an integration")).to_be_visible()


def test_an_integration_whose_numbers_cannot_be_read_does_not_hide_the_others(page: Page) -> None:
    page.route("**/acme-dc/summary", lambda route: route.fulfill(status=500, json={"code": "internal_error"}))
    page.goto("/#/overview")
    expect(row(page, "acme-dc")).to_contain_text("The numbers could not be read")
    expect(row(page, "acme-cloud")).to_contain_text("Healthy")
