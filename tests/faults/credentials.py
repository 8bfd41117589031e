"""What happens to a world's credentials: passwords, tokens, grants."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Unpack

from sample_jira.atlassian import SERVICE_CLIENT
from sample_jira.auth import Keyring
from sample_jira.cloud import CloudSite
from sample_jira.faults import FaultKind, FaultParameters
from tests.faults.happenings import Happens, at, cloud, vanish
from tests.faults.world import PERIOD, World
from ticket_status.core.points import USABLE, hour_of
from ticket_status.core.scopes import REQUESTED_SCOPES

# --- Passwords and tokens ---------------------------------------------------------------------------------------------


def secret_ends(w: World) -> None:
    """The credential that the integration has expires."""
    for secret in (w.secrets.stored[w.ref].get("token"), w.secrets.stored[w.ref].get("password")):
        if secret is not None:
            w.site.revoke(secret)


def anonymous_without_a_word(w: World) -> None:
    """The credential expires, and the answer does not say that it is the anonymous view."""
    secret_ends(w)
    body = {"issues": [], "issueErrors": [], "startAt": 0, "maxResults": 1000, "total": 0}
    w.site.fault("status", path=w.reading_path, status=200, body=body)


def broke_and_mended(w: World) -> None:
    """The credential was refused in the run before, and is good again."""
    w.site.configure(reject_credentials=True)
    w.sync()
    assert w.integration.broken
    w.site.configure(reject_credentials=False)
    w.pass_(PERIOD)


def deleted_then_expired(w: World) -> None:
    """A deleted issue was noticed by the run before; then the credential expires."""
    vanish(1)(w)
    w.sync()
    w.pass_(PERIOD)
    secret_ends(w)


def has_scoped_token(w: World) -> None:
    """The API token has scopes, so it is good behind the gateway only."""
    w.api_token = "scoped-token"
    cloud(w).add_api_token(w.api_token, scopes=REQUESTED_SCOPES)


def gets_scoped_token(w: World) -> None:
    """Somebody replaces the API token by a scoped one."""
    has_scoped_token(w)
    w.secrets.write(w.ref, {"password": w.api_token or ""})


def other_account(w: World) -> None:
    """The same credential is another account's from now on."""
    w.site.keyring = Keyring(())
    if isinstance(w.site, CloudSite):
        w.site.account = replace(w.site.account, id="5b10somebodyelse")
        w.site.add_api_token(w.site.api_token)
    else:
        w.site.add_pat(w.site.pat, username="somebody-else")


def other_account_in_mid_proof(w: World) -> None:
    """An issue is deleted, and the account changes while that is being proven; no header tells."""
    vanish(1)(w)
    if w.cloud:
        w.site.configure(account_header=False)
    w.here.interrupting.interrupt("before", "look_at", lambda: other_account(w))


# --- OAuth -----------------------------------------------------------------------------------------------------------


def tokens_live_long(w: World) -> None:
    """Access tokens live a day, so that the first retrieval's are not about to end."""
    for grants in (w.jira.atlassian.grants, w.jira.data_center.links.grants):
        grants.lifetimes = replace(grants.lifetimes, access=timedelta(days=1))


def access_token_goes_stale(w: World) -> None:
    """Jira forgets the access token before its time."""
    for grants in (w.jira.atlassian.grants, w.jira.data_center.links.grants):
        grants.expire_access()


def grant_is_revoked(w: World) -> None:
    """The person takes the grant back."""
    w.jira.atlassian.revoke_grants()
    w.jira.data_center.revoke_grants()


def at_token_endpoint(kind: FaultKind, **parameters: Unpack[FaultParameters]) -> Happens:
    """A refresh of the tokens meets this."""

    def happens(w: World) -> None:
        if w.cloud:
            w.jira.atlassian.fault(kind, **at("/oauth/token", parameters))
        else:
            w.site.fault(kind, **at("*/rest/oauth2/latest/token", parameters))

    return happens


def tokens_throttled(w: World) -> None:
    """The token endpoint asks to slow down."""
    at_token_endpoint("status", status=429, headers={"Retry-After": "30"}, times=1)(w)


def another_presses(w: World) -> None:
    """Somebody presses the button too, in a function of its own; both come to need new tokens at the same moment."""
    at_token_endpoint("delay", seconds=0.2)(w)
    both = Barrier(2)
    w.elsewhere.interrupting.interrupt("before", "ask", both.wait)

    def together() -> None:
        w.meanwhile.append(w.pool.submit(w.elsewhere.press))
        both.wait()

    w.here.interrupting.interrupt("before", "ask", together)


def granted_less(w: World) -> None:
    """The person authorises again, and grants too little."""
    app = w.jira.atlassian.grants.apps[w.jira.atlassian.client_id]
    w.jira.atlassian.grants.apps[app.client_id] = replace(app, scopes=frozenset({"read:jira-user", "offline_access"}))
    tokens = w.logins.granted(w.site, w.integration, app.client_secret)
    w.secrets.write(w.ref, {"client_secret": app.client_secret, **tokens.as_secrets()})


def points_are_spent(w: World) -> None:
    """The app used up what we allow ourselves of this hour."""
    w.points.spend(w.jira.atlassian.client_id, hour_of(w.clock.now()), USABLE)


def client_is_refused(w: World) -> None:
    """The credentials of the service account are taken back, and its tokens end."""
    for grants in (w.jira.atlassian.grants, w.jira.data_center.links.grants):
        grants.apps.pop(SERVICE_CLIENT, None)
        grants.expire_access()
