"""The API page: the document, searched and tried with the token that the console has."""

from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from local.stack import BASE_PATH, Stack
from tests.browser.test_sign_in import UserPool


def test_an_operation_is_found_and_tried_with_the_local_token(page: Page, address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/api.html")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ticket Status")
    search = page.get_by_label("Search operations")
    search.fill("authorization oauth1")
    expect(page.locator(".opblock")).to_have_count(2)
    search.fill("list_integrations")
    expect(page.locator(".opblock")).to_have_count(1)

    page.get_by_role("button", name="GET /jira-integrations", exact=False).first.click()
    page.get_by_role("button", name="Try it out").click()
    with page.expect_response(f"**{BASE_PATH}/jira-integrations**") as answered:
        page.get_by_role("button", name="Execute").click()
    assert answered.value.status == 200
    tried = page.locator(".live-responses-table")
    expect(tried.locator("tbody td.response-col_status").first).to_have_text("200")
    expect(tried.locator(".response-col_description pre").first).to_contain_text("acme-cloud")
    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {urlsplit(address).netloc}


def test_the_console_and_the_page_lead_to_each_other(page: Page) -> None:
    page.goto("/#/integrations")
    page.get_by_role("contentinfo").get_by_role("link", name="API", exact=True).click()
    expect(page.get_by_label("Search operations")).to_be_visible()
    page.get_by_role("link", name="Ticket Status").click()
    expect(page.get_by_role("link", name="Integrations", exact=True)).to_be_visible()


def test_a_deployed_page_signs_people_in_and_comes_back_to_itself(page: Page, address: str, stack: Stack) -> None:
    pool = UserPool(page, address, stack.token("viewer"))
    page.goto("/api.html")
    expect(page.get_by_label("Search operations")).to_be_visible()
    assert (urlsplit(page.url).path, urlsplit(page.url).query) == ("/api.html", "")
    assert pool.signed_in == 1
    expect(page.get_by_role("button", name="authorization button locked").first).to_be_visible()
