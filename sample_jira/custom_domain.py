"""A custom domain of a Cloud site: the address that people open. The API stays at the site's own."""

from collections.abc import Callable

from sample_jira.cloud import CloudSite
from sample_jira.messages import Answer, Request, html_answer, json_answer


class CustomDomain:
    """Shows pages, and tells which site it is; requests stay in the site's log."""

    def __init__(self, site: CloudSite) -> None:
        self._site = site

    def serve(self, request: Request, send: Callable[[Answer], None]) -> None:
        """Answer a browser, or a client that asks for the site's id."""
        with self._site.traffic.watch(request) as exchange:
            answer = self._answered(request)
            exchange.status = answer.status
            send(answer)

    def _answered(self, request: Request) -> Answer:
        if request.headers.get("authorization", "").lower().startswith("bearer"):
            self._site.traffic.violated(request, "a token was sent to a custom domain")
        if (request.method, request.path) == ("GET", "/_edge/tenant_info"):
            return json_answer({"cloudId": self._site.cloud_id})
        if request.path.startswith("/rest/"):
            return html_answer("Page not found", "The API is not served here.", 404)
        return html_answer(self._site.name, "Log in to continue")

    def date(self) -> str:
        """The present, as the Date header has it."""
        return self._site.date()
