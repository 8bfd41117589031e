"""One browser, one stack with the demo's sites and tickets, and the console over them, for all tests of this folder.

The browser is the distribution's Chromium; nothing is downloaded. The stack is this folder's own: what people see
depends on all that is there.
"""

import io
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from rich.console import Console

from local.console import ConsoleServer
from local.demo import play
from local.scenario import CLOUD
from local.stack import Stack, running_stack
from sample_jira import SampleJira
from tests.e2e.driver import Service

# The shell is the same engine without what draws windows, and takes a third of the processor.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, PROGRAMS)), None)
# No sandbox because tests may run as root; no look-ups of its own because there may be no network.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A function that was not called for a while starts from nothing, beside everything else on a small machine.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser; without one the tests of this folder cannot run."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt-get install chromium-headless-shell, or put one on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def jira(browser: Browser) -> Iterator[SampleJira]:  # noqa: ARG001 - nothing is started when there is no browser
    """The sample Jira; every request that it got must have been one that Jira documents, or a browser's for an icon."""
    with SampleJira() as jira:
        yield jira
        assert [violation for violation in jira.violations if violation.path != "/favicon.ico"] == []


@pytest.fixture(scope="package")
def stack(jira: SampleJira) -> Iterator[Stack]:
    """A stack on which the demo was played: tickets in every state, one integration off, one broken."""
    atlassian = {"AtlassianApiUrl": jira.atlassian_url, "AtlassianAuthUrl": jira.atlassian_url}
    with running_stack("browser", parameters=atlassian) as stack:
        assert play(Console(file=io.StringIO()), stack, jira)
        # The tests move tickets in Jira and look at what the button makes of it.
        Service(stack).call("DELETE", f"/jira-integrations/{CLOUD}/webhook")
        yield stack


@pytest.fixture(scope="package")
def service(stack: Stack) -> Service:
    """The API beneath the page."""
    return Service(stack)


@pytest.fixture(scope="package")
def address(stack: Stack) -> Iterator[str]:
    """Where the console is."""
    with ConsoleServer(stack.api_url, lambda: stack.token("admin")) as server:
        yield server.url


@pytest.fixture
def context(browser: Browser, address: str) -> Iterator[BrowserContext]:
    """A reader of their own: in Paris, reading British English, at a desk."""
    with browser.new_context(
        base_url=address,
        viewport={"width": 1280, "height": 800},
        locale="en-GB",
        timezone_id="Europe/Paris",
        permissions=["clipboard-read", "clipboard-write"],
    ) as context:
        context.set_default_timeout(PATIENCE_MS)
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """An empty tab. At the end the page must not have failed, nor tried what its policy forbids."""
    faults: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # An answer that is not well is the page's business: it says so itself.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            faults.append(message.text)

    page = context.new_page()
    page.on("console", hear)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    assert faults == []
