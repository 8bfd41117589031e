"""What each view shows, how one gets around, and what it says when something is not well."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from local.console import CONTENT_SECURITY_POLICY
from sample_jira import SampleJira
from tests.browser.test_procedures import choose, row
from tests.e2e.driver import Service, ticket

VIEWS = {
    "/#/overview": "Overview",
    "/#/scans": "Scans List",
    "/#/scans/build/checkout?version=512": "checkout",
    "/#/violations/V-202/tickets?type=build&name=checkout&version=512": "V-202",
    "/#/violations/V-202/overview": "V-202",
    "/#/integrations": "Integrations",
    "/#/integrations/acme-cloud": "acme-cloud",
    "/#/integrations/acme-cloud/tickets?filter=DELETED": "Tickets",
    "/#/nowhere/at/all": "Nothing here",
}
WINDOWS = {
    "create": "Add an integration",
    "settings": "Settings",
    "edit": "Edit Integration",
    "test": "Test Integration",
    "authorise": "Authorise",
    "webhook": "Webhook",
    "recheck": "Check deleted tickets again",
    "delete": "Delete the integration",
    "keys": "Keyboard shortcuts",
}
WITHOUT_NAME = {"create", "keys"}
"""Windows that are about no integration."""

WIDTHS = (320, 360, 700, 850, 1024, 1110, 1280, 1440, 3840)
BROKEN_WORDS = """() => {
  const broken = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const around = text.parentElement;
    if (!around.checkVisibility() || around.closest("svg, .hidden-text, option, .skip")) continue;
    for (const { index, 0: word } of text.data.matchAll(/[\\p{L}\\p{N}]{2,24}/gu)) {
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) broken.push(word);
    }
  }
  return broken;
}"""
"""Words that stand in two lines."""
MOST_ELEMENTS = 1_500
"""Of a page with 50 rows, whatever there is beyond it."""


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_can_be_linked_to(page: Page, view: str) -> None:
    page.goto(view)
    expect(page.get_by_role("heading", level=1, name=VIEWS[view])).to_be_visible()
    expect(page).to_have_title(f"{VIEWS[view]} · Ticket Status")


@pytest.mark.parametrize("window", WINDOWS)
def test_every_window_can_be_linked_to_and_closing_it_leaves_the_page_beneath(page: Page, window: str) -> None:
    page.goto(f"/#/integrations?do={window}&of=acme-cloud")
    shown = page.get_by_role("dialog", name=WINDOWS[window])
    expect(shown).to_be_visible()
    if window not in WITHOUT_NAME:
        expect(shown).to_contain_text("acme-cloud")
    page.keyboard.press("Escape")
    expect(shown).to_be_hidden()
    assert urlsplit(page.url).fragment == "/integrations"
    expect(row(page, "acme-cloud")).to_be_visible()


def test_back_closes_a_window_and_leads_through_the_pages(page: Page) -> None:
    page.goto("/#/scans")
    page.get_by_role("link", name="Integrations").click()
    choose(page, "acme-cloud", "Settings")
    window = page.get_by_role("dialog")
    expect(window).to_be_visible()
    page.go_back()
    expect(window).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_have_text("Integrations")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Scans List")
    page.go_forward()
    expect(page.get_by_role("heading", level=1)).to_have_text("Integrations")


@pytest.mark.parametrize(
    ("resource", "violation", "reason", "more"),
    [
        ("build/checkout?version=512", "V-202", "Deleted in Jira", "no longer exists in Jira"),
        ("build/checkout?version=512", "V-203", "Older than a year", "more than a year ago"),
        ("release_bundle/webshop?version=2026.11", "V-302", "Integration is broken", "returns by itself"),
    ],
)
def test_unknown_says_why_in_text_and_on_hover(
    page: Page, resource: str, violation: str, reason: str, more: str
) -> None:
    page.goto(f"/#/scans/{resource}")
    cell = row(page, violation).get_by_role("cell").first
    expect(cell).to_have_text(f"Unknown{reason}")
    expect(cell.locator("[title]")).to_have_attribute("title", re.compile(more))


@pytest.mark.parametrize(("status", "category"), [("To Do", "new"), ("In Progress", "indeterminate"), ("Done", "done")])
def test_a_status_has_the_colour_of_its_category(page: Page, status: str, category: str) -> None:
    colours = {"new": "rgb(107, 119, 133)", "indeterminate": "rgb(31, 111, 214)", "done": "rgb(26, 138, 76)"}
    page.goto("/#/scans/artifact/docker%2Fbase-image?version=12")
    dot = page.get_by_role("row").filter(has_text=status).first.locator(".dot")
    expect(dot).to_have_css("background-color", colours[category])


def test_the_tickets_of_a_violation(page: Page, service: Service) -> None:
    known = service.tickets("V-202")[0]
    page.goto("/#/violations/V-202/tickets")
    shown = row(page, known["ticket_no"])
    expect(shown.get_by_role("link", name=known["ticket_no"])).to_have_attribute("href", known["ticket_url"])
    expect(shown).to_contain_text("Last known status: To Do")
    expect(shown).to_contain_text("acme-cloud")
    expect(shown.locator("time").last).to_have_attribute("title", re.compile("CET"))
    expect(page.get_by_text("Times are in your time zone, Europe/Paris.")).to_be_visible()
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text(f"{known['ticket_no']}: Not asked: deleted in Jira.")).to_be_visible()


def test_a_ticket_older_than_a_year_says_that_it_is_not_refreshed_any_more(page: Page) -> None:
    page.goto("/#/violations/V-203/tickets")
    expect(page.get_by_text("Created more than a year ago: no longer refreshed")).to_be_visible()


def test_many_violations_come_in_pages(page: Page) -> None:
    page.goto("/#/scans/artifact/docker%2Fbase-image?version=12")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(50)
    first = rows.first.inner_text()
    page.get_by_role("button", name="Next").click()
    expect(rows.first).not_to_have_text(first)
    expect(rows).to_have_count(50)
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").click()
    expect(rows).to_have_count(30)
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    page.get_by_role("button", name="Previous").click()
    expect(rows).to_have_count(50)
    page.get_by_role("button", name="First page").click()
    expect(page.get_by_role("rowheader", name="V-9000")).to_be_visible()


def test_of_a_thousand_violations_no_page_is_larger_than_of_fifty(
    page: Page, jira: SampleJira, service: Service
) -> None:
    issue = jira.cloud.create("SEC", 1)[0]
    large: dict[str, object] = {"type": "artifact", "name": "zz/a-thousand", "version": "1"}
    names = {f"V-{number}" for number in range(20_000, 21_000)}
    service.register(*(ticket("acme-cloud", issue, name, resource=large) for name in sorted(names)))
    page.goto("/#/scans/artifact/zz%2Fa-thousand?version=1")
    shown: set[str] = set()
    headers = page.locator("tbody").get_by_role("rowheader")
    for number in range(20):
        expect(headers).to_have_count(50)
        first = headers.first.inner_text()
        shown |= set(headers.all_inner_texts())
        assert len(shown) == 50 * (number + 1)
        assert page.locator("*").count() < MOST_ELEMENTS
        if number < 19:
            page.get_by_role("button", name="Next").click()
            expect(headers.first).not_to_have_text(first)
    assert shown == names
    expect(page.get_by_role("button", name="Next")).to_be_disabled()


def test_the_scans_list_is_searched_and_narrowed_by_type(page: Page) -> None:
    page.goto("/#/scans")
    page.get_by_role("searchbox").fill("PAY")
    expect(page.get_by_text("1 resource with “PAY”")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value("PAY")
    page.get_by_role("button", name="Builds").click()
    expect(page.get_by_text("Nothing matches “PAY”")).to_be_visible()
    page.get_by_role("searchbox").fill("")
    expect(page.get_by_role("rowheader")).to_have_text(["checkout512"])


def test_an_integration_shows_its_health_and_its_runs(page: Page) -> None:
    page.goto("/#/integrations")
    expect(row(page, "acme-broken")).to_contain_text("Broken")
    expect(row(page, "acme-broken")).to_contain_text("Jira did not accept the credentials")
    page.get_by_role("link", name="acme-broken").click()
    expect(page.get_by_role("row").filter(has_text="Jira did not accept the credentials")).to_contain_text("Failed")
    expect(page.get_by_role("row").filter(has_text="Succeeded").first).to_be_visible()
    choose(page, "acme-broken", "Test Integration")
    window = page.get_by_role("dialog", name="Test Integration")
    expect(window.get_by_text("The integration does not work")).to_be_visible()
    expect(window.get_by_role("listitem")).to_have_count(5)
    expect(window.get_by_role("listitem").filter(has_text="Failed:")).to_contain_text("The credentials are accepted")


def test_a_run_started_by_hand_is_a_bar_that_moves(page: Page, jira: SampleJira) -> None:
    page.goto("/#/integrations")
    jira.cloud.fault("delay", seconds=3, path="*bulkfetch*", times=1)
    choose(page, "acme-cloud", "Sync now")
    bar = page.get_by_role("progressbar", name="Retrieval of acme-cloud")
    expect(bar).to_be_visible()
    expect(row(page, "acme-cloud")).to_contain_text(re.compile("of 1[0-9]+ tickets"))
    expect(bar).to_be_hidden(timeout=60_000)
    expect(row(page, "acme-cloud")).to_contain_text("Succeeded")


def test_sync_now_says_why_it_cannot(page: Page) -> None:
    page.goto("/#/integrations")
    choose(page, "acme-off", "Sync now")
    expect(page.get_by_role("alert")).to_contain_text("Retrieval is switched off")


def test_an_edit_that_jira_refuses_is_not_stored_and_says_so(page: Page) -> None:
    page.goto("/#/integrations?do=edit&of=acme-cloud")
    window = page.get_by_role("dialog")
    window.get_by_role("button", name="Next").click()
    window.get_by_label("API token").fill("not-the-token")
    window.get_by_role("button", name="Save and continue").click()
    expect(window.get_by_role("alert")).to_contain_text("The connection to Jira failed")
    expect(window.get_by_role("button", name="Save without testing")).to_be_visible()
    expect(window.get_by_role("listitem").filter(has_text="Credentials")).to_have_attribute("aria-current", "step")


def test_text_from_jira_never_becomes_markup(page: Page, jira: SampleJira, service: Service) -> None:
    evil = '<img src=x onerror="document.title=1">'
    jira.cloud.add_status(evil, "new")
    issue = jira.cloud.create("EVIL", 1, status=evil)[0]
    service.register(ticket("acme-cloud", issue, "V-666", resource={"type": "build", "name": evil, "version": "1"}))
    page.goto("/#/scans")
    page.get_by_role("link", name=evil).click()
    expect(row(page, "V-666")).to_contain_text(evil, timeout=90_000)
    page.get_by_role("link", name="V-666").click()
    expect(row(page, issue.key)).to_contain_text(evil)
    expect(page.locator("main img")).to_have_count(0)


def test_a_violation_without_tickets_is_told_in_words(page: Page) -> None:
    page.goto("/#/violations/V-0/tickets")
    expect(page.get_by_role("alert")).to_contain_text("This violation has no ticket")


def test_a_service_that_cannot_be_reached_is_told_and_tried_again(page: Page) -> None:
    page.route("**/api/**", lambda route: route.abort())
    page.goto("/#/integrations")
    expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached")
    page.unroute("**/api/**")
    page.get_by_role("button", name="Try again").click()
    expect(row(page, "acme-cloud")).to_be_visible()


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, {"code": "internal_error", "detail": "x"}, "The service could not answer"),
        (403, {"code": "missing_scope", "detail": "x"}, "You are not allowed to do this"),
        (429, {"code": "too_many_requests", "detail": "x"}, "Too many requests"),
        (502, {}, "The service could not answer"),
    ],
)
def test_a_refusal_is_told_in_words(page: Page, status: int, body: dict[str, str], words: str) -> None:
    page.route("**/api/**", lambda route: route.fulfill(status=status, json=body))
    page.goto("/#/scans")
    expect(page.get_by_role("alert")).to_contain_text(words)


def test_a_token_that_expired_is_renewed_without_a_word(page: Page) -> None:
    expired = {"message": "The incoming token has expired"}
    page.route("**/api/**", lambda route: route.fulfill(status=401, json=expired), times=1)
    page.goto("/#/scans")
    expect(page.get_by_role("link", name="libs/payment.jar")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("view", [*VIEWS, *(f"/#/integrations?do={window}&of=acme-cloud" for window in WINDOWS)])
def test_nothing_is_wider_than_the_screen_and_no_word_is_broken(page: Page, view: str, language: str) -> None:
    page.add_init_script(f"localStorage.setItem('ticket-status-language', '{language}')")
    page.goto(view)
    expect(page.get_by_role("heading", level=1, include_hidden=True)).to_be_visible()
    expect(page.locator(".loading")).to_have_count(0)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, width
        assert page.evaluate(BROKEN_WORDS) == [], width


def test_the_page_asks_nobody_but_its_own_origin_and_allows_no_inline_code(page: Page, address: str) -> None:
    asked: set[str] = set()
    page.on("request", lambda request: asked.add("{0.scheme}://{0.netloc}".format(urlsplit(request.url))))
    answer = page.goto("/#/integrations/acme-cloud")
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    assert asked == {address}
    assert answer is not None
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in CONTENT_SECURITY_POLICY
