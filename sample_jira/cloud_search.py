"""Cloud's search/jql: bounded queries, walked by tokens, without a total."""

from collections.abc import Sequence
from secrets import token_urlsafe
from typing import Literal, Protocol

from sample_jira.book import IssueBook
from sample_jira.encoding import IssueEncoder
from sample_jira.jql import JqlError, parse
from sample_jira.messages import Answer, errors_answer
from sample_jira.model import Issue
from sample_jira.operations import Call
from sample_jira.schemas import CloudSearch, CloudSearchQuery, NoBody, NoParameters
from sample_jira.search import Search

PAGE_CAP = 100  # issues of one page with real fields
PAGE_CAP_IDS = 5000  # the same with ids only

UnknownIds = Literal["omit", "400", "nothing"]


class SearchOptions(Protocol):
    """The site's options that a search depends on."""

    unknown_ids: UnknownIds
    time_zone: str


class Encoders(Protocol):
    """Makes encoders of the site's issues."""

    def __call__(self, fields: Sequence[str] | None) -> IssueEncoder:
        """Writes issues with these fields."""


class CloudSearches:
    """The searches of one site, and the pages that are still to be fetched."""

    def __init__(self, book: IssueBook, options: SearchOptions, encoder: Encoders) -> None:
        self._book = book
        self._options = options
        self._encoder = encoder
        self._pages: dict[str, tuple[int, ...]] = {}

    def by_query(self, call: Call[CloudSearchQuery, NoBody]) -> Answer:
        """GET search/jql."""
        query = call.query
        body = CloudSearch.model_validate(
            {
                "jql": query.jql,
                "fields": query.fields,
                "maxResults": query.max_results,
                "nextPageToken": query.next_page_token,
                "reconcileIssues": query.reconcile_issues,
            }
        )
        return self._page(body, anonymous=call.viewer.anonymous)

    def by_body(self, call: Call[NoParameters, CloudSearch]) -> Answer:
        """POST search/jql."""
        return self._page(call.body, anonymous=call.viewer.anonymous)

    def _page(self, body: CloudSearch, *, anonymous: bool) -> Answer:
        with self._book.lock:
            try:
                ids = self._continued(body.next_page_token) or self._found(body.jql, anonymous=anonymous)
            except JqlError as error:
                return errors_answer(400, *str(error).split("\n"))
            size = min(body.max_results, PAGE_CAP_IDS if _ids_only(body.fields) else PAGE_CAP)
            issues = self._read(ids[:size], frozenset(body.reconcile_issues))
            return self._page_answer(body.fields, issues, ids[size:])

    def _read(self, ids: Sequence[int], reconciled: frozenset[int]) -> list[Issue]:
        """The issues as the index has them, the reconciled ones as they are."""
        index = self._book.indexed()
        sources = ((number, self._book.issues if number in reconciled else index) for number in ids)
        return [source[number] for number, source in sources if number in source]

    def _page_answer(self, fields: Sequence[str] | None, issues: Sequence[Issue], rest: tuple[int, ...]) -> Answer:
        encoded = self._encoder(fields or ("id",)).encode_all(issues)
        if not rest:
            return Answer(200, f'{{"issues":{encoded},"isLast":true}}'.encode())
        token = token_urlsafe(24)
        self._pages[token] = rest
        text = f'{{"issues":{encoded},"nextPageToken":"{token}","isLast":false}}'
        return Answer(200, text.encode())

    def _continued(self, token: str | None) -> tuple[int, ...] | None:
        if token is None:
            return None
        if token not in self._pages:
            raise JqlError("The provided next page token is invalid or has expired.")
        return self._pages[token]

    def _found(self, text: str, *, anonymous: bool) -> tuple[int, ...]:
        jql = parse(text)
        if jql.condition is None:
            raise JqlError("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
        search = Search(self._book, self._book.clock.now(), self._options.time_zone, anonymous)
        found = tuple(issue.id for issue in search.run(jql))
        if not search.missing or anonymous or self._options.unknown_ids == "omit":
            return found
        if self._options.unknown_ids == "400":
            raise JqlError("\n".join(search.missing))
        return ()


def _ids_only(fields: Sequence[str] | None) -> bool:
    return not fields or {"id", "key"}.issuperset(fields)
