"""``SettingsFunction``: integrations, their settings, tests, authorisations and sync runs."""

import re
from functools import cache
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from msgspec.structs import asdict

from ticket_status.api.application import Api, Routes
from ticket_status.api.bodies import CONNECTION_NAME, Text
from ticket_status.api.call import BASE_PATH, PAGING, Call, Reply, json_reply, page_reply
from ticket_status.api.callback_page import callback_page
from ticket_status.api.integration_bodies import CREATION, EDITS, SWITCH
from ticket_status.api.presenters import (
    health_reason,
    present_integration,
    present_past_summary,
    present_run,
    present_summary,
    present_ticket,
    present_time,
)
from ticket_status.api.problems import integration_not_found
from ticket_status.api.refusals import granted, problem_of
from ticket_status.api.scopes import Scope
from ticket_status.api.webhooks import AUTHORIZATION, WEBHOOK, present_set_up, present_webhook
from ticket_status.composition import settings as composition
from ticket_status.core.model import HealthStatus, Integration
from ticket_status.service.administration.authorization import Begun
from ticket_status.service.administration.connection_test import Finding
from ticket_status.service.administration.refusals import SyncRunNotFound
from ticket_status.service.administration.services import SettingsServices

_ONE = "/jira-integrations/{connection_name}"
OAUTH1_CALLBACK = "/oauth1/callback"
OAUTH2_CALLBACK = "/oauth2/callback"

RUN_ID = Text("the id of a sync run", "[A-Za-z0-9._:-]{1,64}")

routes: Routes[SettingsServices] = Routes()


# --- Integrations ---------------------------------------------------------------------------------------------------


@routes.get("/jira-integrations", Scope.READ, query=PAGING)
def list_integrations(call: Call, services: SettingsServices) -> Reply:
    """A page of all integrations."""
    page = services.integrations.page(*call.paging)
    shown = [present_integration(one.integration, one.last_sync, call.now) for one in page.items]
    return page_reply("integrations", shown, page.next_token)


@routes.post("/jira-integrations", Scope.ADMIN)
def create_integration(call: Call, services: SettingsServices) -> Reply:
    """Create an integration."""
    created = granted(services.integrations.create(call.body(CREATION)), call.now)
    return _integration(created, services, call, HTTPStatus.CREATED)


@routes.get(_ONE, Scope.READ)
def get_integration(call: Call, services: SettingsServices) -> Reply:
    """One integration."""
    return _integration(_found(call, services), services, call)


@routes.patch(_ONE, Scope.ADMIN)
def edit_integration(call: Call, services: SettingsServices) -> Reply:
    """Edit address and credentials."""
    auth_type = _found(call, services).auth_type
    edit = call.body(EDITS[auth_type])
    edited = granted(services.editing.edit(_name(call), edit), call.now)
    services.webhooks.follow(edited, edit.secrets.get("client_secret"))
    return _integration(edited, services, call)


@routes.delete(_ONE, Scope.ADMIN)
def delete_integration(call: Call, services: SettingsServices) -> Reply:
    """Delete an integration and its secret."""
    integration = services.integrations.get(_name(call))
    if isinstance(integration, Integration):
        services.webhooks.forget(integration)
    granted(services.integrations.delete(_name(call)), call.now)
    return Reply(HTTPStatus.NO_CONTENT, "", "application/json")


@routes.get(_ONE + "/summary", Scope.READ)
def get_summary(call: Call, services: SettingsServices) -> Reply:
    """An integration's tickets, counted by status."""
    return json_reply(present_summary(granted(services.integrations.summary(_name(call)), call.now)))


@routes.get(_ONE + "/summary/history", Scope.READ, query=PAGING)
def list_past_summaries(call: Call, services: SettingsServices) -> Reply:
    """What the runs of an integration counted, newest first."""
    page = granted(services.integrations.past_summaries(_name(call), *call.paging), call.now)
    return page_reply("history", [present_past_summary(past) for past in page.items], page.next_token)


# --- Settings, test, runs -------------------------------------------------------------------------------------------


@routes.get(_ONE + "/settings", Scope.READ)
def get_settings(call: Call, services: SettingsServices) -> Reply:
    """The toggle."""
    return json_reply({"retrieve_jira_tickets": _found(call, services).retrieve_jira_tickets})


@routes.put(_ONE + "/settings", Scope.ADMIN)
def put_settings(call: Call, services: SettingsServices) -> Reply:
    """Switch retrieval on or off (R5, R6)."""
    on = call.body(SWITCH)["retrieve_jira_tickets"]
    switched = granted(services.switching.switch(_name(call), on=on), call.now)
    services.webhooks.follow(_found(call, services))
    return json_reply({"retrieve_jira_tickets": switched.on, "run_id": switched.run_id})


@routes.post(_ONE + "/test", Scope.ADMIN)
def check_integration(call: Call, services: SettingsServices) -> Reply:
    """Test Integration."""
    finding = granted(services.checking.check(_name(call)), call.now)
    return json_reply(_finding(finding, call))


@routes.post(_ONE + "/sync", Scope.ADMIN)
def start_sync(call: Call, services: SettingsServices) -> Reply:
    """Start a run by hand."""
    run_id = granted(services.switching.sync(_name(call)), call.now)
    return json_reply({"run_id": run_id}, HTTPStatus.ACCEPTED)


@routes.get(_ONE + "/sync-runs", Scope.READ, query=PAGING)
def list_sync_runs(call: Call, services: SettingsServices) -> Reply:
    """A page of an integration's runs, newest first."""
    page = granted(services.integrations.runs(_name(call), *call.paging), call.now)
    return page_reply("sync_runs", [present_run(run) for run in page.items], page.next_token)


@routes.get(_ONE + "/sync-runs/{run_id}", Scope.READ)
def get_sync_run(call: Call, services: SettingsServices) -> Reply:
    """One run."""
    name = _name(call)
    run_id = call.identifier("run_id", RUN_ID, lambda run_id: problem_of(SyncRunNotFound(run_id), call.now))
    return json_reply(present_run(granted(services.integrations.run(name, run_id), call.now)))


@routes.post(_ONE + "/tickets/{issue}/recheck", Scope.ADMIN)
def recheck_ticket(call: Call, services: SettingsServices) -> Reply:
    """Check a ticket in Jira again (R7, R8)."""
    one = granted(services.rechecking.recheck(_name(call), call.path("issue")), call.now)
    return json_reply(present_ticket(one))


@routes.post(_ONE + "/tickets/recheck", Scope.ADMIN)
def recheck_tickets(call: Call, services: SettingsServices) -> Reply:
    """Check all deleted and inaccessible tickets in the window again."""
    run_id = granted(services.rechecking.recheck_all(_name(call)), call.now)
    return json_reply({"run_id": run_id}, HTTPStatus.ACCEPTED)


# --- Webhooks -------------------------------------------------------------------------------------------------------


@routes.put(_ONE + "/webhook", Scope.ADMIN)
def set_up_webhook(call: Call, services: SettingsServices) -> Reply:
    """Set a webhook up, or give it a new secret (R19)."""
    mode = call.body(WEBHOOK)["mode"]
    hooks_url = call.public_address + BASE_PATH + "/hooks"
    return json_reply(present_set_up(granted(services.webhooks.set_up(_name(call), mode, hooks_url), call.now)))


@routes.get(_ONE + "/webhook", Scope.READ)
def get_webhook(call: Call, services: SettingsServices) -> Reply:
    """The state and counts of the webhook."""
    return json_reply(present_webhook(granted(services.webhooks.show(_name(call)), call.now), call.now))


@routes.delete(_ONE + "/webhook", Scope.ADMIN)
def delete_webhook(call: Call, services: SettingsServices) -> Reply:
    """Remove the webhook."""
    granted(services.webhooks.remove(_name(call)), call.now)
    return Reply(HTTPStatus.NO_CONTENT, "", "application/json")


# --- Authorisation --------------------------------------------------------------------------------------------------


@routes.post(_ONE + "/oauth2/authorization", Scope.ADMIN)
def begin_oauth2(call: Call, services: SettingsServices) -> Reply:
    """Where a person grants access by OAuth 2.0."""
    callback_url = call.public_address + BASE_PATH + OAUTH2_CALLBACK
    webhook = call.optional_body(AUTHORIZATION).get("webhook", False)
    return _begun(granted(services.authorization.begin_oauth2(_name(call), callback_url, webhook=webhook), call.now))


@routes.post(_ONE + "/oauth1/authorization", Scope.ADMIN)
def begin_oauth1(call: Call, services: SettingsServices) -> Reply:
    """Where a person grants access by OAuth 1.0a."""
    callback_url = call.public_address + BASE_PATH + OAUTH1_CALLBACK
    return _begun(granted(services.authorization.begin_oauth1(_name(call), callback_url), call.now))


@routes.get(OAUTH2_CALLBACK, scope=None, query=None)
def end_oauth2(call: Call, services: SettingsServices) -> Reply:
    """Where Atlassian, or a Data Center, sends the person back; a callback without a code is a refusal."""
    return callback_page(services.authorization.end_oauth2(call.query("state") or "", call.query("code") or None))


@routes.get(OAUTH1_CALLBACK, scope=None, query=None)
def end_oauth1(call: Call, services: SettingsServices) -> Reply:
    """Where a Data Center sends the person back; after a refusal the verifier is ``denied``."""
    verifier = call.query("oauth_verifier") or None
    ended = services.authorization.end_oauth1(
        call.query("state") or "", call.query("oauth_token") or "", None if verifier == "denied" else verifier
    )
    return callback_page(ended)


# --- The product's own form -----------------------------------------------------------------------------------------


def _status_check_failed(call: Call) -> Reply:
    name = call.query("integrationName") or ""
    reason = "The status could not be read."
    return _status_check(HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR", reason, call, name)


@routes.get("/integrations/status/check", Scope.READ, query=None, failed=_status_check_failed)
def check_status(call: Call, services: SettingsServices) -> Reply:
    """The health of an integration, in the format of the product's own API. Jira is not asked."""
    name = call.query("integrationName") or ""
    found = services.integrations.get(name) if re.fullmatch(CONNECTION_NAME.pattern, name) else None
    if not isinstance(found, Integration):
        reason = f"There is no integration named {name!r}." if name else "integrationName is missing."
        return _status_check(HTTPStatus.NOT_FOUND, "INTEGRATION_NOT_FOUND", reason, call, name)
    healthy = found.health.status is HealthStatus.HEALTHY
    status = HealthStatus.HEALTHY if healthy else HealthStatus.FAULTY
    return _status_check(HTTPStatus.OK, status, health_reason(found.health), call, name)


def _status_check(http: HTTPStatus, status: str, reason: str, call: Call, name: str) -> Reply:
    document = {"status": status, "reason": reason, "time": present_time(call.now), "integration_name": name}
    return json_reply(document, http)


# --- Parts ----------------------------------------------------------------------------------------------------------


def _name(call: Call) -> str:
    return call.identifier("connection_name", CONNECTION_NAME, integration_not_found)


def _found(call: Call, services: SettingsServices) -> Integration:
    return granted(services.integrations.get(_name(call)), call.now)


def _integration(
    integration: Integration, services: SettingsServices, call: Call, status: HTTPStatus = HTTPStatus.OK
) -> Reply:
    last_sync = services.integrations.listed(integration).last_sync
    return json_reply(present_integration(integration, last_sync, call.now), status)


def _begun(begun: Begun) -> Reply:
    document = {"authorization_url": begun.authorization_url, "expires_at": present_time(begun.expires_at)}
    return json_reply(document)


def _finding(finding: Finding, call: Call) -> dict[str, object]:
    health = finding.health(call.now)
    return {
        "status": health.status,
        "reason": health_reason(health),
        "reason_code": health.reason_code,
        "checks": [asdict(check) for check in finding.report.checks],
        "missing_scopes": list(finding.report.missing_scopes),
    }


@cache
def _api() -> Api[SettingsServices]:
    return Api(routes, *composition.settings())


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return _api().answer(event, context)
