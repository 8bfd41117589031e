"""The control interface over HTTP: `POST /_control/{target}/{call}` with arguments as JSON.

A call is a method of the target with the same name; arguments are checked against its types.
"""

import json
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ArgsKwargs, to_jsonable_python

from sample_jira.messages import Answer, Request, json_answer
from sample_jira.model import UnknownNameError
from sample_jira.service import Send, Service
from sample_jira.traffic import Exchange

PREFIX = "/_control"

WHOLE_CALLS = frozenset(
    {
        "sites",
        "add_cloud",
        "add_data_center",
        "add_custom_domain",
        "rename",
        "advance",
        "violations",
        "forget_requests",
    }
)
SERVER_CALLS = frozenset({"fault", "clear_faults", "requests", "max_concurrent", "forget_requests", "configure"})
ATLASSIAN_CALLS = SERVER_CALLS | {"add_app", "add_service_account", "revoke_grants", "expire_access_tokens"}
SITE_CALLS = SERVER_CALLS | {
    "create",
    "issue",
    "issue_statuses",
    "move",
    "move_to_project",
    "delete",
    "hide",
    "show",
    "archive",
    "restore",
    "add_project",
    "make_private",
    "make_browsable",
    "make_public",
    "archive_project",
    "restore_project",
    "add_status",
    "rename_status",
    "revoke",
    "reinstate",
    "down",
    "up",
    "throttle",
    "add_api_token",
    "add_password",
    "add_pat",
    "lock_user",
    "unlock_user",
    "revoke_grants",
    "add_webhook",
    "remove_webhook",
    "expire_webhooks",
    "list_webhooks",
    "deliveries",
    "spoil_deliveries",
    "freeze_index",
    "catch_up_index",
    "register_consumer",
    "add_application_link",
    "rename_account",
    "pass_address_on",
}


class Whole(Protocol):
    """The sample Jira as a whole."""

    def target(self, name: str) -> tuple[object, frozenset[str]]:
        """What a control call's target is, and the calls it takes; UnknownNameError else."""


class Controlled:
    """A service with the control interface beside it, on the same address."""

    def __init__(self, service: Service[Any], whole: Whole) -> None:
        self._service = service
        self._whole = whole

    def serve(self, request: Request, send: Send) -> None:
        """Do a control call, which is not logged; or leave the request to the service."""
        if request.path.startswith(f"{PREFIX}/"):
            send(self._controlled(request))
        else:
            self._service.serve(request, send)

    def date(self) -> str:
        """The present, as the Date header has it."""
        return self._service.date()

    def _controlled(self, request: Request) -> Answer:
        try:
            target, call = request.path.removeprefix(f"{PREFIX}/").split("/")
            return json_answer(self._done(target, call, _arguments(request)))
        except UnknownNameError as error:
            return json_answer({"error": str(error)}, 404)
        except ValidationError as error:
            return json_answer({"error": error.errors(include_url=False, include_input=False)}, 422)
        except ValueError as error:
            return json_answer({"error": str(error)}, 400)

    def _done(self, name: str, call: str, arguments: dict[str, Any]) -> object:
        target, calls = self._whole.target(name)
        if call not in calls:
            raise UnknownNameError(f"{name} takes no call {call!r}, but {', '.join(sorted(calls))}")
        method = getattr(target, call)
        if not callable(method):
            return _presented(method)
        return _presented(TypeAdapter(method).validate_python(ArgsKwargs((), arguments)))


def _arguments(request: Request) -> dict[str, Any]:
    arguments = json.loads(request.body) if request.body else dict(request.query)
    if not isinstance(arguments, dict):
        raise ValueError("the arguments must be a JSON object")  # noqa: TRY004 - answered as 400 with all other values
    return arguments


def _presented(value: object) -> object:
    if isinstance(value, list) and value and isinstance(value[0], Exchange):
        return [exchange.as_json() for exchange in value]
    return to_jsonable_python(value)
