"""Keys that press what the page offers, shown by ``?``, at rest while somebody types."""

import re

from playwright.sync_api import Page, expect

from tests.browser.test_lists import MANY


def test_keys_lead_through_the_page(page: Page) -> None:
    page.goto("/#/overview")
    expect(page.locator(".tile").first).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_role("heading", level=1)).to_have_text("Scans List")
    page.keyboard.press("i")
    expect(page.get_by_role("heading", level=1)).to_have_text("Integrations")
    page.keyboard.press("o")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("opis?")
    expect(page.get_by_role("searchbox")).to_have_value("opis?")
    expect(page.get_by_role("heading", level=1)).to_have_text("Scans List")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_keys_turn_pages_and_refresh(page: Page) -> None:
    page.goto(f"{MANY}&size=25")
    expect(page.locator("tbody tr")).to_have_count(25)
    first = page.locator("tbody tr").first.inner_text()
    page.keyboard.press("n")
    expect(page.get_by_text("26 to 50 shown, more follow.")).to_be_visible()
    page.keyboard.press("p")
    expect(page.locator("tbody tr").first).to_have_text(re.compile(re.escape(first.split("\t")[0])))
    page.keyboard.press("r")
    expect(page.locator(".notice-title")).to_have_text(re.compile(r"tickets? refreshed, \d+ changed"))


def test_a_question_mark_lists_the_keys_and_they_can_be_switched_off(page: Page) -> None:
    page.goto("/#/scans")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("?")
    window = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(window.locator("dl > div").filter(has_text="Go to the overview").locator("kbd")).to_have_text("o")
    page.keyboard.press("o")  # the page beneath does not hear it
    expect(window).to_be_visible()
    window.get_by_role("switch", name="Use keyboard shortcuts").uncheck()
    page.keyboard.press("Escape")
    expect(window).to_be_hidden()
    page.keyboard.press("i")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", level=1)).to_have_text("Scans List")
    page.get_by_role("button", name="Keyboard shortcuts").click()
    window.get_by_role("switch").check()
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    expect(page.get_by_role("heading", level=1)).to_have_text("Integrations")


def test_a_key_with_a_modifier_is_the_browser_s(page: Page) -> None:
    page.goto("/#/scans")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Alt+i")
    page.keyboard.press("Control+o")
    expect(page.get_by_role("heading", level=1)).to_have_text("Scans List")
