"""What can go wrong in or before Jira, one entry each; the rows say what comes of it."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime

from tests.faults.credentials import (
    access_token_goes_stale,
    anonymous_without_a_word,
    another_presses,
    at_token_endpoint,
    broke_and_mended,
    client_is_refused,
    deleted_then_expired,
    gets_scoped_token,
    grant_is_revoked,
    granted_less,
    has_scoped_token,
    other_account,
    other_account_in_mid_proof,
    points_are_spent,
    secret_ends,
    tokens_live_long,
    tokens_throttled,
)
from tests.faults.happenings import (
    Happens,
    all_of,
    another_site,
    anything,
    clocks_differ,
    dc,
    gets_new_status,
    has_large_ids,
    hundreds,
    impossible_id,
    in_chunk_37,
    joined_by_second_site,
    missing_and,
    moves,
    nothing,
    overtaken,
    overtaken_by_a_run,
    reading,
    registered_too_early,
    switched_off,
    switched_off_in_mid_run,
    too_many,
    until,
    vanish,
    was_throttled,
)
from tests.faults.world import PROJECT, Setting
from ticket_status.core.model import AuthType
from ticket_status.jira.settings import Limits

ISSUE = "*/issue/1*"
"""The call for one issue by itself: ids begin at 10001."""

NOT_FOUND_PAGE = "<html>Oops, you've found a dead link.</html>"

BRIEF = Setting(limits=Limits(read=0.2, total=0.2), patience=0.3)
"""Bounds of a call, so that a Jira that hangs is given up at once."""

LESS_BRIEF = Setting(limits=Limits(read=0.5, total=0.5), patience=0.8)
"""Where other calls have to come through before."""

PASSWORD = Setting(auth=AuthType.BASIC)
OAUTH1 = Setting(auth=AuthType.OAUTH1)
OAUTH2 = Setting(auth=AuthType.OAUTH2)
OAUTH2_BRIEF = replace(BRIEF, auth=AuthType.OAUTH2)
ONE = Setting(tickets=1)
BY_KEY = Setting(key_only=True)
YEAR = timedelta(days=365)

NEVER = "not needed"
GONE = "never; an administrator can have it checked again"
LIKE_GONE = "never: a limit, since Jira answers as for a deleted issue"
NEXT_RUN = "by every later run"
IF_BROKEN = "by every scheduled run, and by a probe every 15 minutes"
AUTHORISED = "when it was authorised again; the same refresh token is never sent again"
LASTS = "after 60 s, three times in all, then as any broken integration"
MINUTE = "at once, within the same work; if that fails too, after 60 s by the run, and by the next press of the button"
WHEN_TOLD = "when Jira's wait is over, by the run itself"
AT_ONCE = "at once, within the same retrieval"
STOPPED = "when it is switched on again"
BUG = "never: it raises an alarm"


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong, or is odd but true."""

    name: str
    retried: str
    """What is tried again, and when: for the page on reliability."""
    strikes: Happens = nothing
    """After a first retrieval, in which all was well."""
    before: Happens = nothing
    """Before the integration is connected."""
    setting: Setting = field(default_factory=Setting)
    concerned: int | None = None
    """The first so many tickets; ``None``: all."""
    unheard: bool = False
    """Whether calls do not reach the site."""
    source: str = ""
    """Where somebody reported it of a client like this one."""


ISSUES = (
    Fault("nothing is wrong", NEVER),
    Fault("status moved", NEVER, moves(), concerned=1),
    Fault("status renamed", NEVER, lambda w: w.site.rename_status("To Do", "Open")),
    Fault("status named Unknown", NEVER, gets_new_status("Unknown"), concerned=1),
    Fault("status without a category", NEVER, gets_new_status("Parked"), concerned=1),
    Fault("moved to another project", NEVER, lambda w: w.site.move_to_project(w.issue, "OPS"), concerned=1),
    Fault("deleted", GONE, vanish(1), concerned=1),
    Fault(
        "deleted, and ids without an issue are rejected (400)",
        GONE,
        vanish(1),
        lambda w: dc(w).configure(always_validates=True),
        concerned=1,
    ),
    Fault("hidden by issue security", LIKE_GONE, lambda w: w.site.hide(w.issue), concerned=1),
    Fault(
        "hidden, and Jira says so (403)",
        NEXT_RUN,
        lambda w: w.site.hide(w.issue),
        lambda w: dc(w).configure(hidden_issue_status=403),
        concerned=1,
    ),
    Fault(
        "moved into a project that cannot be browsed",
        LIKE_GONE,
        all_of(lambda w: w.site.move_to_project(w.issue, "HID"), lambda w: w.site.make_private("HID")),
        concerned=1,
    ),
    Fault("registered a moment ago, not shown yet", NEXT_RUN, registered_too_early, concerned=1),
    Fault("project made private", NEXT_RUN, lambda w: w.site.make_private(PROJECT)),
    Fault("project archived", NEXT_RUN, lambda w: w.site.archive_project(PROJECT)),
    Fault("issue archived", NEVER, lambda w: w.site.archive(w.issue), concerned=1),
    Fault(
        "issue archived, not shown by itself",
        LIKE_GONE,
        lambda w: w.site.archive(w.issue),
        lambda w: w.site.configure(archived_by_id=False),
        concerned=1,
    ),
    Fault("half vanish, more than 20", NEXT_RUN, vanish(21), setting=Setting(tickets=42), concerned=21),
    Fault("half vanish, exactly 20", GONE, vanish(20), setting=Setting(tickets=40), concerned=20),
    Fault("21 vanish, less than half", GONE, vanish(21), setting=Setting(tickets=43), concerned=21),
    Fault("ids beyond 2^53", NEVER, lambda w: w.site.move(2**53 + 1, "Done"), has_large_ids, concerned=1),
    Fault("two sites with the same ids", NEVER, joined_by_second_site, setting=ONE, concerned=1),
    Fault("known by key only", NEVER, setting=BY_KEY),
    Fault("known by key only, moved", NEVER, before=lambda w: w.site.move_to_project(w.issue, "OPS"), setting=BY_KEY),
    Fault("known by key only, deleted", GONE, before=vanish(1), setting=BY_KEY, concerned=1),
    Fault("exactly one year old", NEVER, moves(), setting=Setting(tickets=1, age=YEAR)),
    Fault("a second older", "never", moves(), setting=Setting(tickets=1, age=YEAR + timedelta(seconds=1))),
    Fault("the search index lags", NEXT_RUN, moves(), lambda w: w.site.freeze_index(), concerned=1),
)

LOGINS = (
    Fault("scoped token, good at the gateway only", NEVER, moves(), has_scoped_token, concerned=1),
    Fault("OAuth 1.0a", NEVER, moves(), setting=OAUTH1, concerned=1),
    Fault("OAuth 2.0", "the tokens, before they end", moves(), setting=OAUTH2, concerned=1),
    Fault("credential expired, the answer says so", IF_BROKEN, secret_ends),
    Fault("credential expired, nothing says so", IF_BROKEN, anonymous_without_a_word),
    Fault("password refused (401)", IF_BROKEN, lambda w: w.site.configure(reject_credentials=True), setting=PASSWORD),
    Fault("credential refused (401)", IF_BROKEN, reading("status", status=401, body={"message": "Unauthorized"})),
    Fault("token taken for nobody's", IF_BROKEN, secret_ends, lambda w: dc(w).configure(bad_bearer="anonymous")),
    Fault("account locked (CAPTCHA)", IF_BROKEN, lambda w: dc(w).lock_user(dc(w).username), setting=PASSWORD),
    Fault("scoped token on the site's address", IF_BROKEN, gets_scoped_token),
    Fault("another account", IF_BROKEN, other_account),
    Fault("another account in mid-proof", IF_BROKEN, other_account_in_mid_proof, concerned=1),
    Fault("deleted before it broke", IF_BROKEN, deleted_then_expired, concerned=1),
    Fault("OAuth 1.0a grant revoked", IF_BROKEN, grant_is_revoked, setting=OAUTH1),
    Fault("scope missing (401)", IF_BROKEN, granted_less, setting=OAUTH2),
    Fault("access token stale", AT_ONCE, access_token_goes_stale, tokens_live_long, setting=OAUTH2),
    Fault("grant revoked (invalid_grant)", AUTHORISED, grant_is_revoked, setting=OAUTH2),
    Fault("answer of the token endpoint lost", AT_ONCE, at_token_endpoint("lose", times=1), setting=OAUTH2),
    Fault("token endpoint fails once", MINUTE, at_token_endpoint("status", status=500, times=1), setting=OAUTH2),
    Fault("token endpoint throttles", WHEN_TOLD, tokens_throttled, setting=OAUTH2),
    Fault("token endpoint hangs", LASTS, at_token_endpoint("hang"), setting=OAUTH2_BRIEF),
    Fault("two refresh one token at once", AT_ONCE, another_presses, setting=OAUTH2),
    Fault("broken, now well again", "the run that finds it well", broke_and_mended),
)

ANSWERS = (
    Fault("single sign-on redirects", IF_BROKEN, anything("redirect")),
    Fault("login page with 200", IF_BROKEN, anything("login_page")),
    Fault("another content type", IF_BROKEN, reading("content_type", content_type="text/plain")),
    Fault("site gone (404)", IF_BROKEN, anything("status", status=404, body=NOT_FOUND_PAGE)),
    Fault(
        "site gone (404) in mid-proof",
        IF_BROKEN,
        missing_and("status", path=ISSUE, status=404, body={"status": 404}),
        concerned=1,
    ),
    Fault("site renamed", IF_BROKEN, lambda w: w.jira.rename(w.site.name)),
    Fault("no body", MINUTE, reading("empty", times=1)),
    Fault("JSON that ends early", MINUTE, reading("invalid_json", times=1)),
    Fault("answer cut off", MINUTE, reading("truncate", times=1)),
    Fault("answer of 20 MB", AT_ONCE, reading("huge", times=1)),
    Fault("answer beyond 32 MiB", MINUTE, reading("huge", size=34_000_000, times=1)),
    Fault("issues left out of an answer", AT_ONCE, reading("drop_issues", ids=[10001]), concerned=1),
    Fault("issueErrors once", AT_ONCE, reading("issue_errors", ids=[10001], times=1), concerned=1),
    Fault("issueErrors lasting", NEXT_RUN, all_of(moves(), reading("issue_errors", ids=[10001])), concerned=1),
    Fault("no more than 100 ids", AT_ONCE, lambda w: w.site.configure(bulk_cap=100), setting=Setting(tickets=250)),
    Fault("pages of 100 at most", AT_ONCE, lambda w: w.site.configure(page_cap=100), setting=Setting(tickets=250)),
    Fault("our call rejected (400)", BUG, reading("status", status=400, body={"errorMessages": ["no"]})),
)

OUTAGES = (
    Fault("connection refused", LASTS, lambda w: w.site.down(), unheard=True),
    Fault("connection closed", LASTS, anything("close")),
    Fault("connection closed once", MINUTE, reading("close", times=1)),
    Fault("hangs before the answer", LASTS, anything("hang"), setting=BRIEF),
    Fault("hangs in mid-answer", LASTS, anything("hang_midway"), setting=BRIEF),
    Fault("drips in", LASTS, anything("drip", seconds=0.02), setting=BRIEF),
    Fault(
        "hangs in mid-proof: the account", LASTS, missing_and("hang", path="*/myself"), setting=LESS_BRIEF, concerned=1
    ),
    Fault(
        "hangs in mid-proof: the project",
        NEXT_RUN,
        missing_and("hang", path="*/project/*"),
        setting=LESS_BRIEF,
        concerned=1,
    ),
    Fault("hangs in mid-proof: the issue", NEXT_RUN, missing_and("hang", path=ISSUE), setting=LESS_BRIEF, concerned=1),
    Fault("500 once", MINUTE, reading("status", status=500, times=1)),
    Fault("500 lasting", LASTS, anything("status", status=500)),
    Fault("500 in mid-proof, once", AT_ONCE, missing_and("status", path=ISSUE, status=500, times=1), concerned=1),
    Fault("503 without Retry-After", MINUTE, too_many(503)),
)

THROTTLING = (
    Fault("503 with Retry-After", WHEN_TOLD, too_many(503, Retry_After="45")),
    Fault("429, Retry-After 0", WHEN_TOLD, too_many(Retry_After="0")),
    Fault("429, Retry-After 45", WHEN_TOLD, too_many(Retry_After="45")),
    Fault("429, Retry-After 1200", WHEN_TOLD, too_many(Retry_After="1200")),
    Fault("429, an HTTP date", WHEN_TOLD, until(lambda at: {"Retry-After": format_datetime(at, usegmt=True)})),
    Fault("429, X-RateLimit-Reset", WHEN_TOLD, until(lambda at: {"X-RateLimit-Reset": f"{at:%Y-%m-%dT%H:%M:%SZ}"})),
    Fault("429, reset without seconds", WHEN_TOLD, until(lambda at: {"X-RateLimit-Reset": f"{at:%Y-%m-%dT%H:%MZ}"})),
    Fault("429 without a hint, three times", "after 1 s, 2 s, 4 s, by the run itself", too_many(times=3)),
    Fault("429 without end", "after pauses of up to 5 minutes, by the run itself", too_many(times=None)),
    Fault("429 in chunk 37", WHEN_TOLD, in_chunk_37, before=hundreds, setting=Setting(tickets=4_000), concerned=1),
    Fault(
        "429 in mid-proof",
        WHEN_TOLD,
        missing_and("status", path=ISSUE, status=429, headers={"Retry-After": "45"}, times=1),
        concerned=1,
    ),
    Fault("429 a moment ago", WHEN_TOLD, was_throttled),
    Fault("Jira's clock an hour ahead", WHEN_TOLD, clocks_differ),
    Fault("rate headers on every answer", NEVER, moves(), lambda w: dc(w).configure(rate_limit=True), concerned=1),
    Fault("hourly points nearly spent", "at the top of the hour, by the run itself", points_are_spent, setting=OAUTH2),
)

MEANWHILE = (
    Fault("an older answer after a newer one", NEVER, overtaken, concerned=1),
    Fault("an older answer after a newer run", NEVER, overtaken_by_a_run, concerned=1),
    Fault("switched off", STOPPED, switched_off),
    Fault("switched off in mid-run", STOPPED, switched_off_in_mid_run, hundreds, setting=Setting(tickets=4_000)),
)

MANY = Setting(tickets=250)
MANY_BRIEF = Setting(tickets=250, limits=Limits(read=0.5, total=0.5), patience=0.3)
SERVICE = Setting(auth=AuthType.CLIENT_CREDENTIALS)
DEACTIVATED = {"code": 410, "message": "This site has been deactivated"}
BLOCKED = "<html><title>Request blocked</title></html>"
ALONE = "by every later run, by itself"
SMALLER = "at once, in smaller calls; larger ones again after a day"
ELSEWHERE = "when the address is the known site's again, or another was entered"
LONG = "after 65 minutes, by one call"

PARTS = (
    Fault(
        "one issue fails every call for many (500)", ALONE, reading("status", status=500, naming=[10001]), concerned=1
    ),
    Fault(
        "one issue fails every call for many (400)",
        ALONE,
        reading("status", status=400, body={"errorMessages": ["no"]}, naming=[10001]),
        concerned=1,
    ),
    Fault(
        "one issue makes calls hang",
        ALONE,
        reading("hang", naming=[10001]),
        setting=LESS_BRIEF,
        concerned=1,
    ),
    Fault("an id beyond 64 bits", ALONE, impossible_id, concerned=3),
    Fault(
        "a firewall refuses large bodies (403, HTML)",
        SMALLER,
        reading("status", status=403, body=BLOCKED, body_over=1_000),
        setting=MANY,
    ),
    Fault("large calls are refused (413)", SMALLER, reading("status", status=413, issues_over=100), setting=MANY),
    Fault("large calls take too long", SMALLER, reading("hang", issues_over=100), setting=MANY_BRIEF),
    Fault("an entry without id and key", ALONE, reading("garble_issues", ids=[10001]), concerned=1),
    Fault("JSON in ISO-8859-1", NEVER, reading("charset")),
    Fault("a byte that is not of the charset", NEVER, reading("broken_text")),
    Fault("issueErrors is null", NEVER, reading("null_issue_errors")),
    Fault(
        "deleted, and the rejection (400) is in French",
        GONE,
        vanish(1),
        lambda w: dc(w).configure(always_validates=True, language="fr"),
        concerned=1,
    ),
)

IDENTITY = (
    Fault("another site has the address", ELSEWHERE, another_site),
    Fault("the account was renamed", NEVER, lambda w: dc(w).rename_account("robot of ours")),
    Fault("the site is deactivated (410)", LASTS, anything("status", status=410, body=DEACTIVATED)),
    Fault(
        "the licence is not paid for (402)", LASTS, anything("status", status=402, body={"message": "Payment required"})
    ),
    Fault("calls without credentials meet a login page", NEVER, anything("redirect", signed=False)),
    Fault("401 once", AT_ONCE, reading("status", status=401, times=1)),
    Fault(
        "Jira is starting (302 to /startup.jsp), once", AT_ONCE, reading("redirect", location="/startup.jsp", times=1)
    ),
    Fault(
        "an ingress without backend (404), once",
        AT_ONCE,
        reading("status", status=404, body="default backend", times=1),
    ),
    Fault(
        "passwords are switched off (403)", IF_BROKEN, lambda w: dc(w).configure(basic_disabled=True), setting=PASSWORD
    ),
    Fault("service account", "the token, once per session", moves(), setting=SERVICE, concerned=1),
    Fault("token of a service account refused once", AT_ONCE, reading("status", status=401, times=1), setting=SERVICE),
    Fault("client secret of a service account refused", IF_BROKEN, client_is_refused, setting=SERVICE),
)

WAITS = (
    Fault("429, Retry-After of 68 years", LONG, too_many(Retry_After="2147483647")),
    Fault("429, Retry-After doubled by a proxy", WHEN_TOLD, too_many(Retry_After="40, 40")),
    Fault("429, Retry-After that cannot be read", "after a minute, by the run itself", too_many(Retry_After="soon")),
    Fault("429, RateLimit with t", WHEN_TOLD, too_many(RateLimit='"burst";r=0;t=45')),
)

REPORTED = (
    Fault(
        "a login page (200) for POST only, for our account",
        IF_BROKEN,
        reading("login_page"),
        source="https://github.com/Qytera-Gmbh/cypress-xray-plugin/issues/511",
    ),
    Fault(
        "a page of a megabyte (200) for every call",
        IF_BROKEN,
        anything("status", status=200, body=f"<html><title>Jira</title>{'x' * 1_000_000}</html>"),
        source="https://github.com/textfuel/lazyjira/issues/18",
    ),
    Fault(
        "XSRF check failed (403) for POST only",
        IF_BROKEN,
        reading("status", status=403, body="XSRF check failed", content_type="text/plain"),
        source="https://github.com/stablyai/orca/pull/5957",
    ),
    Fault(
        "answers to many are cut off",
        SMALLER,
        reading("truncate", issues_over=100),
        setting=MANY,
        source="https://github.com/pycontribs/jira/issues/1486",
    ),
    Fault(
        "Internal server error in Jira's own form (500), once",
        AT_ONCE,
        reading("status", status=500, body={"errorMessages": ["Internal server error"], "errors": {}}, times=1),
        source="https://github.com/solidify/jira-azuredevops-migrator/issues/710",
    ),
    Fault(
        "a total above the issues there are",
        NEXT_RUN,
        all_of(vanish(1), reading("large_total")),
        concerned=1,
        source="https://github.com/elastic/integrations/issues/7898",
    ),
    Fault(
        "a control character in a text",
        NEVER,
        reading("control_character"),
        source="https://github.com/GothenburgBitFactory/bugwarrior/issues/678",
    ),
    Fault(
        "an issue whose fields are null",
        NEXT_RUN,
        reading("null_fields", ids=[10001]),
        concerned=1,
        source="https://github.com/databricks/spark-pr-dashboard/issues/44",
    ),
    Fault(
        "an issue without a key",
        ALONE,
        reading("null_key", ids=[10001]),
        concerned=1,
        source="https://github.com/DataDog/gello/pull/134",
    ),
    Fault(
        "429 as a page, without any header",
        "after 1 s, by the run itself",
        reading("status", status=429, body="<html>Too Many Requests</html>", times=1),
        source="https://github.com/psss/did/issues/391",
    ),
    Fault(
        "502 as a page of Atlassian's proxy, once",
        AT_ONCE,
        anything("status", status=502, body="<html>Bad Gateway</html>", times=1),
        source="https://github.com/go-jira/jira/issues/40",
    ),
    Fault(
        "504 lasting",
        LASTS,
        anything("status", status=504, body="<html>Gateway Timeout</html>"),
        source="https://github.com/jenkins-infra/helpdesk/issues/5114",
    ),
    Fault(
        "303 while Jira reindexes, once",
        AT_ONCE,
        reading("status", status=303, headers={"Location": "/rest/api/2/reindex"}, times=1),
        source="https://github.com/atlassian-api/atlassian-python-api/issues/1610",
    ),
    Fault(
        "a suspended site answers 503",
        LASTS,
        anything("status", status=503, body="<html>Your site is temporarily unavailable</html>"),
        source="https://github.com/atlassian/github-for-jira/pull/1193",
    ),
    Fault(
        "a grant for several sites, ours not the first",
        "the tokens, before they end",
        moves(),
        lambda w: w.jira.atlassian.fault("garble_sites", path="*/accessible-resources"),
        setting=OAUTH2,
        concerned=1,
        source="https://github.com/mattermost/mattermost-plugin-jira/pull/1354",
    ),
    Fault(
        "a redirect for every call",
        IF_BROKEN,
        anything("redirect", location="https://jira.example.com/jira"),
        source="https://github.com/ahungry/org-jira/issues/179",
    ),
    Fault(
        "a CAPTCHA after failed logins",
        IF_BROKEN,
        lambda w: dc(w).lock_user(dc(w).username),
        setting=PASSWORD,
        source="https://github.com/bobcarroll/jira-client/pull/192",
    ),
)

GROUPS = {
    "Issues": ISSUES,
    "Credentials": LOGINS,
    "Answers": ANSWERS,
    "Outages": OUTAGES,
    "Throttling": THROTTLING,
    "At the same time": MEANWHILE,
    "The part and the whole": PARTS,
    "Who answers, and for whom": IDENTITY,
    "Waits": WAITS,
    "Reported of others": REPORTED,
}

FAULTS = {fault.name: fault for faults in GROUPS.values() for fault in faults}
