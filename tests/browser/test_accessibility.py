"""Read by a machine (axe-core, WCAG 2.2 A and AA), and used without a mouse."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it has none
from playwright.sync_api import Page, expect

from tests.browser.test_views import VIEWS, WINDOWS

# Only what is wrong is described in full, which takes less time.
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
PLACES = [*VIEWS, *(f"/#/integrations?do={window}&of=acme-broken" for window in WINDOWS)]


def findings(page: Page) -> list[str]:
    """What axe-core finds wrong on the page as it is now."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", PLACES)
def test_axe_finds_nothing(page: Page, place: str, scheme: str) -> None:
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark", reduced_motion="reduce")
    page.goto(place)
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".loading")).to_have_count(0)
    assert findings(page) == []


def test_axe_finds_nothing_in_an_open_menu_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/#/integrations")
    page.get_by_role("button", name="Actions for acme-cloud").click()
    assert findings(page) == []


def test_axe_finds_nothing_in_errors_and_results(page: Page) -> None:
    page.goto("/#/violations/V-302/tickets")
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("The ticket was not refreshed")).to_be_visible()
    assert findings(page) == []
    page.goto("/#/violations/V-0/tickets")
    expect(page.get_by_role("alert")).to_be_visible()
    assert findings(page) == []


def test_the_keyboard_alone_leads_to_the_tickets(page: Page) -> None:
    page.goto("/#/scans")
    expect(page.get_by_role("link", name="libs/payment.jar")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    _tab_to(page, "libs/payment.jar 2.4.1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("libs/payment.jar")
    expect(page.get_by_role("link", name="V-101")).to_be_visible()
    _tab_to(page, "V-101")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Tickets Info")).to_be_visible()
    _tab_to(page, "Tickets Info")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Overview", selected=True)).to_be_visible()


def test_the_keyboard_alone_works_a_menu_and_a_window(page: Page) -> None:
    page.goto("/#/integrations")
    opener = page.get_by_role("button", name="Actions for acme-cloud")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Settings")).to_be_focused()
    page.keyboard.press("End")
    expect(page.get_by_role("menuitem", name="Delete…")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    toggle = page.get_by_role("switch", name="Retrieve Jira Tickets")
    expect(toggle).to_be_visible()
    _tab_to(page, "Retrieve Jira Tickets")
    page.keyboard.press("Space")
    expect(toggle).not_to_be_checked()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(opener).to_be_focused()


def test_what_happens_is_said_to_those_who_do_not_see_it(page: Page) -> None:
    page.goto("/#/violations/V-101/tickets")
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#announcer")).to_have_text("Asking Jira for the statuses")
    expect(page.get_by_role("status").filter(has_text=re.compile("refreshed"))).to_be_visible()


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until what is named so has the focus; names are what a screen reader says."""
    for _ in range(30):
        page.keyboard.press("Tab")
        said = page.evaluate(
            "() => { const at = document.activeElement;"
            " return (at.labels?.[0]?.textContent ?? at.innerText ?? '').replace(/\\s+/g, ' ').trim() }"
        )
        if said == name or said.replace(" ", "") == name.replace(" ", ""):
            return
    raise AssertionError(f"Tab does not lead to {name}")
