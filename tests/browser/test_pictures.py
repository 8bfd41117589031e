"""Pictures of the console for docs/console.md.

To renew those of the repository::

CONSOLE_PICTURES=docs/images .venv/bin/python -m pytest tests/browser/test_pictures.py
"""

import os
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from local import ROOT
from tests.browser.test_procedures import NOT_FRESH_AFTER_SECONDS, choose

DESK = {"width": 1280, "height": 720}
TALL = {"width": 1280, "height": 1500}
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the pictures go: aside, unless they are to be kept."""
    asked = os.environ.get("CONSOLE_PICTURES")
    return ROOT / asked if asked else tmp_path


def take(page: Page, path: Path, size: dict[str, int], scheme: str = "light") -> None:
    """Take a picture, once all is there and nothing moves."""
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    expect(page.locator(".loading, .spinner, progress")).to_have_count(0)
    page.mouse.move(0, 0)
    page.screenshot(path=path, animations="disabled")
    assert path.stat().st_size > 0


def test_pictures_of_the_overview(page: Page, folder: Path) -> None:
    page.goto("/#/overview")
    expect(page.locator(".plot rect").first).to_be_visible()
    take(page, folder / "overview.png", TALL)
    take(page, folder / "overview-dark.png", TALL, "dark")
    take(page, folder / "overview-phone.png", PHONE)


def test_pictures_of_the_lists(page: Page, folder: Path) -> None:
    page.goto("/#/scans")
    expect(page.get_by_role("link", name="checkout")).to_be_visible()
    take(page, folder / "scans.png", DESK)
    page.goto("/#/scans/build/checkout?version=512")
    expect(page.get_by_text("Deleted in Jira")).to_be_visible()
    take(page, folder / "violations.png", DESK)
    take(page, folder / "violations-dark.png", DESK, "dark")
    take(page, folder / "violations-phone.png", PHONE)


def test_pictures_of_the_tickets(page: Page, folder: Path) -> None:
    page.goto("/#/violations/V-101/tickets?type=artifact&name=libs%2Fpayment.jar&version=2.4.1")
    time.sleep(NOT_FRESH_AFTER_SECONDS)
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text(re.compile("2 tickets refreshed"))).to_be_visible()
    take(page, folder / "tickets.png", DESK)
    page.goto("/#/violations/V-202/tickets?type=build&name=checkout&version=512")
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("The ticket was not refreshed")).to_be_visible()
    take(page, folder / "tickets-dark.png", DESK, "dark")
    take(page, folder / "tickets-phone.png", PHONE, "dark")


def test_pictures_of_the_integrations(page: Page, folder: Path) -> None:
    page.goto("/#/integrations")
    expect(page.get_by_role("link", name="acme-cloud")).to_be_visible()
    take(page, folder / "integrations.png", DESK)
    take(page, folder / "integrations-phone.png", PHONE)
    choose(page, "acme-off", "Settings")
    page.get_by_role("switch").check()
    expect(page.get_by_text("retrieved at once")).to_be_visible()
    take(page, folder / "settings.png", DESK)
    page.goto("/#/integrations/acme-broken")
    choose(page, "acme-broken", "Test Integration")
    expect(page.get_by_text("The integration does not work")).to_be_visible()
    take(page, folder / "test-dark.png", DESK, "dark")
