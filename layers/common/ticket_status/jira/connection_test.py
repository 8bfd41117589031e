"""Test Integration: the five checks, in the order in which each depends on the one before."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal, TypeAlias

from ticket_status.core.connection import Check, ConnectionReport
from ticket_status.core.model import AuthType, InstallationType, Integration, ReasonCode, Site
from ticket_status.core.observations import Account, Answered
from ticket_status.core.scopes import missing_scopes
from ticket_status.core.trouble import JiraTrouble, Refused, Throttled, Unavailable
from ticket_status.jira.answers import Reply
from ticket_status.jira.discovery import Discovery, ServerInfo
from ticket_status.jira.settings import JiraSettings
from ticket_status.jira.signed_client import SignedClient
from ticket_status.ports.jira import JiraRejectedRequestError

CheckName: TypeAlias = Literal["reachable", "is_jira", "authenticated", "scopes", "can_read_issues"]

CHECKS: Final[tuple[CheckName, ...]] = ("reachable", "is_jira", "authenticated", "scopes", "can_read_issues")

_SOME_ID: Final = "1"
"""An issue id to ask for. Whether there is such an issue does not matter."""


class ConnectionTest:
    """Makes one report."""

    def __init__(self, integration: Integration, line: SignedClient, settings: JiraSettings) -> None:
        self._integration = integration
        self._line = line
        self._settings = settings
        self._discovery = Discovery(integration, line, settings)
        self._cloud = integration.installation_type is InstallationType.CLOUD
        self._checks: dict[CheckName, Check] = {}
        self._missing: tuple[str, ...] = ()
        self._site: Site | None = None

    def report(self) -> ConnectionReport:
        """Check until something fails. A site that rejects our calls is, while testing, none that we can talk to."""
        try:
            trouble = self._identify() or self._authenticate() or self._compare_scopes() or self._read_issues()
        except JiraRejectedRequestError as error:
            reached = next(name for name in CHECKS if name not in self._checks)
            trouble = self._fail(reached, Unavailable(ReasonCode.JIRA_ERROR, str(error)))
        return report(trouble, self._checks, self._missing, self._site, self._line.requests)

    def _identify(self) -> JiraTrouble | None:
        info = self._discovery.server_info()
        if not isinstance(info, ServerInfo):
            reached = not (isinstance(info, Unavailable) and info.reason_code is ReasonCode.UNREACHABLE)
            if reached:
                self._pass("reachable", "Something answers at the address.")
            return self._fail("is_jira" if reached else "reachable", info)
        self._pass("reachable", "The site answers.")
        if info.cloud != self._cloud:
            return self._fail("is_jira", _other_kind(cloud=info.cloud))
        self._site = Site(self._integration.site_url, info.base_url, info.version)
        self._pass("is_jira", f"Jira {'Cloud' if info.cloud else info.version} answers.")
        return None

    def _authenticate(self) -> JiraTrouble | None:
        found, account = self._discovery.find()
        if found is not None and self._site is not None:
            self._site = replace(found, base_url=self._site.base_url, version=self._site.version)
        if isinstance(account, Account):
            self._pass("authenticated", "Jira knows the account.")
            return None
        if isinstance(account, Refused) and account.reason_code is ReasonCode.MISSING_SCOPES:
            self._pass("authenticated", "Jira knows the token.")
            return self._fail("scopes", account)
        return self._fail("authenticated", account)

    def _compare_scopes(self) -> JiraTrouble | None:
        if not self._cloud or self._integration.auth_type is not AuthType.OAUTH2 or self._site is None:
            self._pass("scopes", "These credentials have no scopes that could be listed.")
            return None
        self._missing = missing_scopes(self._site.granted_scopes)
        if not self._missing:
            self._pass("scopes", "All required scopes are granted.")
            return None
        named = ", ".join(self._missing)
        return self._fail(
            "scopes",
            Refused(
                ReasonCode.MISSING_SCOPES,
                f"Scopes are missing: add them to the app in the Atlassian developer console, then authorise again:"
                f" {named}",
            ),
        )

    def _read_issues(self) -> JiraTrouble | None:
        if self._site is None:
            return None
        jira = self._discovery.jira(self._site)
        answer = jira.ask([_SOME_ID])
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
                detail="The account may not browse any project: give it the permission Browse Projects.",
            )
        return None

    def _may_browse(self) -> bool:
        """Whether any project can be browsed; true when Jira does not say."""
        if self._site is None:
            return True
        params = {"permissions": "BROWSE_PROJECTS"} if self._cloud else None
        reply = self._line.get(f"{self._site.api_url}/rest/api/{3 if self._cloud else 2}/mypermissions", params)
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
    requests: int = 0,
) -> ConnectionReport:
    """The report, with the checks that were not come to."""
    waiting = isinstance(trouble, Throttled)
    untried = (
        "Not tried: Jira asked to slow down; test again later."
        if waiting
        else "Not tried: put right what failed before it, then test again."
    )
    every = tuple(checks.get(name) or Check(name, ok=False, detail=untried) for name in CHECKS)
    return ConnectionReport(every, missing, site, trouble, requests)


def unreachable_report(trouble: JiraTrouble, name: CheckName = "reachable") -> ConnectionReport:
    """The report on an integration that could not even be asked."""
    return report(trouble, {name: Check(name, ok=False, detail=sentence(trouble))})


def sentence(trouble: JiraTrouble) -> str:
    """The trouble's reason, with a full stop."""
    return trouble.reason if trouble.reason.endswith(".") else f"{trouble.reason}."
