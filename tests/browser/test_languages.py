"""The page in the reader's language: that of the browser, or one that they choose."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_procedures import row
from tests.browser.test_views import VIEWS, WINDOWS

UNFILLED = re.compile(r"\{\w+\}|undefined|\bnull\b|NaN|\[object")


@pytest.fixture
def german(browser: Browser, address: str) -> Iterator[Page]:
    """A reader in Berlin, whose browser asks for German first."""
    with browser.new_context(base_url=address, locale="de-DE", timezone_id="Europe/Berlin") as context:
        page = context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        yield page
        assert faults == []


def test_the_browser_s_language_is_spoken_and_jira_s_names_stay(german: Page) -> None:
    german.goto("/#/overview")
    expect(german.locator("html")).to_have_attribute("lang", "de")
    expect(german.get_by_role("heading", level=1)).to_have_text("Übersicht")
    expect(german.get_by_role("link", name="Zum Inhalt springen")).to_be_attached()
    expect(german).to_have_title("Übersicht · Ticket Status")
    german.goto("/#/scans/artifact/docker%2Fbase-image?version=12")
    expect(german.get_by_text("50 Verstöße angezeigt, es folgen weitere.")).to_be_visible()
    expect(german.locator(".ticket-status").filter(has_text="To Do").first).to_be_visible()
    german.goto("/#/violations/V-202")
    german.get_by_role("button", name="Aktualisieren").click()
    expect(german.get_by_text("Nicht abgefragt: in Jira gelöscht")).to_be_visible()
    expect(german.locator("tbody time").last).to_have_text(re.compile(r"\d\d\.\d\d\.20\d\d"))


def test_what_the_api_says_is_marked_as_english(german: Page) -> None:
    german.goto("/#/integrations")
    expect(row(german, "acme-broken")).to_contain_text("Gestört")
    reason = row(german, "acme-broken").locator("[lang=en]").first
    expect(reason).to_contain_text("Jira did not accept the credentials")


def test_another_language_is_chosen_and_remembered(page: Page) -> None:
    page.goto("/#/integrations")
    expect(page.get_by_role("heading", level=1)).to_have_text("Integrations")
    page.get_by_label("Language").select_option("Deutsch")
    expect(page.get_by_role("heading", level=1)).to_have_text("Integrationen")
    page.goto("/#/scans")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Scans")
    page.get_by_label("Sprache").select_option("English")
    expect(page.get_by_role("heading", level=1)).to_have_text("Scans List")


@pytest.mark.parametrize("place", [*VIEWS, *(f"/#/integrations?do={window}&of=acme-cloud" for window in WINDOWS)])
def test_every_place_of_a_sentence_is_filled(german: Page, place: str) -> None:
    german.goto(place)
    expect(german.get_by_role("heading", level=1, include_hidden=True)).to_be_visible()
    expect(german.locator(".loading")).to_have_count(0)
    assert UNFILLED.findall(german.locator("body").inner_text()) == []


def test_a_procedure_is_gone_through_in_german(german: Page) -> None:
    german.goto("/#/integrations")
    german.get_by_role("button", name="Aktionen für acme-off").click()
    german.get_by_role("menuitem", name="Einstellungen").click()
    german.get_by_role("switch", name="Jira-Tickets abrufen").check()
    window = german.get_by_role("dialog", name="Einstellungen")
    expect(window).to_contain_text(re.compile(r"etwa \d+ Tickets? mit \d+ Anfragen? an Jira in etwa \d+ Sekunden?"))
    window.get_by_role("button", name="Schließen").last.click()
    expect(window).to_be_hidden()
