"""Test Integration: five checks, each of which depends on the one before."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from msgspec.structs import replace

from ticket_status.core.connection import Check, ConnectionReport
from ticket_status.core.isolation import NO_ISSUE
from ticket_status.core.model import AuthType, InstallationType, Integration, ReasonCode, Site
from ticket_status.core.observations import Account, Answered
from ticket_status.core.scopes import missing_scopes
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.jira.answers import Reply
from ticket_status.jira.discovery import Discovery, ServerInfo
from ticket_status.jira.signed_client import SignedClient
from ticket_status.jira.site import different_site
from ticket_status.ports.jira import JiraRejectedRequestError

CheckName: TypeAlias = Literal["reachable", "is_jira", "authenticated", "scopes", "can_read_issues"]

CHECKS: Final[tuple[CheckName, ...]] = ("reachable", "is_jira", "authenticated", "scopes", "can_read_issues")


class ConnectionTest:
    """Makes one report."""

    def __init__(self, integration: Integration, client: SignedClient, discovery: Discovery) -> None:
        self._integration = integration
        self._client = client
        self._discovery = discovery
        self._cloud = integration.installation_type is InstallationType.CLOUD
        self._checks: dict[CheckName, Check] = {}
        self._missing: tuple[str, ...] = ()
        self._site: Site | None = None

    def report(self) -> ConnectionReport:
        """Check until something fails. For this test, a site that rejects our calls counts as failing."""
        try:
            trouble = self._identify() or self._authenticate() or self._compare_scopes() or self._read_issues()
        except JiraRejectedRequestError as error:
            reached = next(name for name in CHECKS if name not in self._checks)
            trouble = self._fail(reached, Unavailable(ReasonCode.JIRA_ERROR, str(error)))
        return report(trouble, self._checks, self._missing, self._site)

    def _identify(self) -> JiraTrouble | None:
        info = self._discovery.server_info()
        if not isinstance(info, ServerInfo):
            reached = not (isinstance(info, Unavailable) and info.reason_code is ReasonCode.UNREACHABLE)
            if reached:
                self._pass("reachable", "A server answers at the address.")
            return self._fail("is_jira" if reached else "reachable", info)
        self._pass("reachable", "The site answers.")
        if info.cloud != self._cloud:
            return self._fail("is_jira", _other_kind(cloud=info.cloud))
        other = self._other_site()
        if other is not None:
            return self._fail("is_jira", other)
        shown_at = info.display_url if info.display_url != self._integration.site_url else None
        self._site = Site(self._integration.site_url, info.base_url, info.version, display_url=shown_at)
        self._pass("is_jira", f"Jira {'Cloud' if info.cloud else info.version} answers.")
        return None

    def _other_site(self) -> JiraTrouble | None:
        """R15: another Cloud site under the same address is not adopted."""
        known = self._integration.site.cloud_id if self._integration.site is not None else None
        if not self._cloud or known is None:
            return None
        tenant = self._discovery.tenant()
        if isinstance(tenant, Throttled):
            return tenant
        return different_site(known, tenant) if isinstance(tenant, str) else None

    def _authenticate(self) -> JiraTrouble | None:
        found, account = self._discovery.find()
        if found is not None and self._site is not None:
            self._site = self._with_what_it_bears(
                replace(
                    found,
                    base_url=self._site.base_url,
                    version=self._site.version,
                    display_url=self._site.display_url,
                )
            )
        if isinstance(account, Account):
            self._pass("authenticated", "Jira accepts the account.")
            return None
        if isinstance(account, Refused) and account.reason_code is ReasonCode.MISSING_SCOPES:
            self._pass("authenticated", "Jira accepts the token.")
            return self._fail("scopes", account)
        return self._fail("authenticated", account)

    def _with_what_it_bears(self, site: Site) -> Site:
        """The site, with the call sizes that retrieval found out at the same address (R9b)."""
        known = self._integration.site
        if known is None or known.api_url != site.api_url:
            return site
        return replace(
            site,
            ids_per_call=known.ids_per_call,
            ids_too_many=known.ids_too_many,
            ids_too_many_at=known.ids_too_many_at,
            asked_alone=known.asked_alone,
        )

    def _compare_scopes(self) -> JiraTrouble | None:
        site = self._site
        service_account = self._integration.auth_type is AuthType.CLIENT_CREDENTIALS
        untold = service_account and site is not None and not site.granted_scopes
        if not self._discovery.behind_gateway or site is None or untold:
            self._pass("scopes", "These credentials do not use scopes.")
            return None
        self._missing = missing_scopes(site.granted_scopes)
        if not self._missing:
            self._pass("scopes", "All required scopes are granted.")
            return None
        advice = (
            "create new credentials for the service account with them, and enter those"
            if service_account
            else "add them to the app in the Atlassian developer console, then authorise again"
        )
        reason = f"Scopes are missing: {advice}: {', '.join(self._missing)}"
        return self._fail("scopes", Refused(ReasonCode.MISSING_SCOPES, reason, final=True))

    def _read_issues(self) -> JiraTrouble | None:
        if self._site is None:
            return None
        jira = self._discovery.jira(self._site)
        answer = jira.ask([NO_ISSUE])
        if not isinstance(answer, Answered):
            scopes = isinstance(answer, Refused) and answer.reason_code is ReasonCode.MISSING_SCOPES
            self._checks.pop("scopes" if scopes else "can_read_issues", None)
            return self._fail("scopes" if scopes else "can_read_issues", answer)
        if self._may_browse():
            self._pass("can_read_issues", "Issues can be read.")
        else:
            self._checks["can_read_issues"] = Check(
                "can_read_issues",
                ok=False,
                detail="The account may not browse any project: give it the Browse Projects permission.",
            )
        return None

    def _may_browse(self) -> bool:
        """Whether any project can be browsed; true when Jira does not say."""
        if self._site is None:
            return True
        params = {"permissions": "BROWSE_PROJECTS"} if self._cloud else None
        reply = self._client.get(f"{self._site.api_url}/rest/api/{3 if self._cloud else 2}/mypermissions", params)
        match reply:
            case Reply(status=200, data={"permissions": {"BROWSE_PROJECTS": {"havePermission": False}}}):
                return False
            case _:
                return True

    def _pass(self, name: CheckName, detail: str) -> None:
        self._checks[name] = Check(name, ok=True, detail=detail)

    def _fail(self, name: CheckName, trouble: JiraTrouble) -> JiraTrouble:
        self._checks[name] = Check(name, ok=False, detail=sentence(trouble))
        return trouble


def _other_kind(*, cloud: bool) -> Refused:
    found, other = ("Cloud", "cloud") if cloud else ("Server or Data Center", "server")
    return Refused(
        ReasonCode.NOT_JIRA,
        f"This is a Jira {found} site: create the integration with installation type {other}",
    )


def report(
    trouble: JiraTrouble | None,
    checks: Mapping[CheckName, Check],
    missing: tuple[str, ...] = (),
    site: Site | None = None,
) -> ConnectionReport:
    """The report, including the checks that were not reached."""
    waiting = isinstance(trouble, Throttled)
    untried = (
        "Not tried: Jira asked us to slow down; test again later."
        if waiting
        else "Not tried: fix the failed check above first, then test again."
    )
    every = tuple(checks.get(name) or Check(name, ok=False, detail=untried) for name in CHECKS)
    return ConnectionReport(every, missing, site, trouble)


def unreachable_report(trouble: JiraTrouble, name: CheckName = "reachable") -> ConnectionReport:
    """The report for an integration whose site could not be asked at all."""
    return report(trouble, {name: Check(name, ok=False, detail=sentence(trouble))})


def sentence(trouble: JiraTrouble) -> str:
    """The trouble's reason, with a full stop."""
    return trouble.reason if trouble.reason.endswith(".") else f"{trouble.reason}."
