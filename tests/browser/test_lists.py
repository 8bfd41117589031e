"""How lists are sized, sorted and counted: in the address, and never more than is known."""

import re

import pytest
from playwright.sync_api import Page, expect

MANY = "/#/scans/artifact/docker%2Fbase-image?version=12"


def first_cells(page: Page) -> list[str]:
    """What names each row, from the top."""
    return page.locator("tbody").get_by_role("rowheader").all_inner_texts()


def test_the_size_of_a_page_is_chosen_and_stays_in_the_address(page: Page) -> None:
    page.goto(MANY)
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(50)
    expect(page.get_by_text("50 violations shown, more follow.")).to_be_visible()
    page.get_by_label("Rows per page").select_option("25")
    expect(page).to_have_url(re.compile("size=25"))
    expect(rows).to_have_count(25)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("26 to 50 shown, more follow.")).to_be_visible()
    page.reload()
    expect(rows).to_have_count(25)
    expect(page.get_by_text("25 violations shown, more follow.")).to_be_visible()  # what came before is not known now
    page.get_by_label("Rows per page").select_option("100")
    expect(rows).to_have_count(100)


def test_a_list_that_is_whole_says_so(page: Page) -> None:
    page.goto("/#/scans/build/checkout?version=512")
    expect(page.get_by_text("3 violations shown, that is all.")).to_be_visible()
    expect(page.get_by_role("navigation", name="Pages")).to_have_count(0)
    expect(page.get_by_label("Rows per page")).to_have_count(0)


def test_a_page_of_a_longer_list_is_sorted_and_says_that_it_is_the_page_only(page: Page) -> None:
    page.goto(f"{MANY}&size=25")
    expect(page.locator("tbody tr")).to_have_count(25)
    before = first_cells(page)
    page.get_by_role("button", name="Violation", exact=True).click()
    page.get_by_role("button", name="Violation", exact=True).click()
    expect(page.get_by_role("columnheader", name="Violation")).to_have_attribute("aria-sort", "descending")
    expect(page).to_have_url(re.compile("sort=-violation"))
    expect(page.get_by_text("Sorted by Violation, descending, within this page.")).to_be_visible()
    assert first_cells(page) == sorted(before, reverse=True)
    page.get_by_role("button", name="Ticket Status").click()
    statuses = page.locator("tbody").locator(".ticket-status")
    expect(statuses.first).to_have_text("To Do")
    order = ["To Do", "In Progress", "Done"]
    found = statuses.all_inner_texts()
    assert found == sorted(found, key=order.index)
    page.reload()
    expect(page.get_by_role("columnheader", name="Ticket Status")).to_have_attribute("aria-sort", "ascending")
    assert page.locator("tbody").locator(".ticket-status").all_inner_texts() == found


def test_numbers_are_sorted_as_numbers(page: Page) -> None:
    page.goto("/#/scans?sort=-violations")
    expect(page.locator("tbody tr").nth(1)).to_be_visible()
    numbers = [int(text.replace(",", "")) for text in page.locator("tbody td.number").all_inner_texts()]
    assert numbers == sorted(numbers, reverse=True)
    expect(page.get_by_text("Sorted by Violations, descending.")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_integrations_are_sorted_on_a_phone_too(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/#/integrations")
    expect(page.locator("tbody tr").nth(3)).to_be_visible()
    page.get_by_role("button", name="Health").click()
    expect(page.locator("tbody tr").first).to_contain_text("acme-broken")
    page.get_by_role("button", name="Health").click()
    expect(page.locator("tbody tr").last).to_contain_text("acme-broken")


def test_the_tickets_of_an_integration_are_narrowed_counted_and_exported(page: Page) -> None:
    page.goto("/#/integrations/acme-cloud")
    page.get_by_role("region", name="Tickets by status").get_by_role("link", name="Done", exact=True).click()
    expect(page.get_by_role("button", name="Status: Done: show all again")).to_be_visible()
    count = page.get_by_text(re.compile(r"^1 to 50 of \d+ tickets\.$"))
    expect(count).to_be_visible()
    total = int(re.findall(r"\d+", count.inner_text())[-1])
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert len(lines) == total + 1
    assert all(",Done,done," in line for line in lines[1:])
    page.get_by_role("button", name="Status: Done: show all again").click()
    page.get_by_role("button", name="Deleted in Jira").click()
    expect(page.locator("tbody tr").first).to_contain_text("Last known status: To Do")
    page.get_by_role("link", name="V-202").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("V-202")
