"""Both functions of the API over a world in memory."""

import logging
import re
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.refresh.app import routes as refresh_routes
from functions.settings.app import routes as settings_routes
from tests.fakes.api_document import conforms
from tests.fakes.gateway import Answer, request
from tests.fakes.world import World
from ticket_status.api.application import Api, ApiContext


class InMemoryApi:
    """Answers calls as API Gateway hands them on; every answer fits the API document."""

    def __init__(self, world: World, public_address: str | None = None) -> None:
        self.world = world
        logger, metrics = Logger(service="test", level=logging.CRITICAL), Metrics(namespace="Test", service="test")
        around = ApiContext(logger, metrics, world.clock, None, public_address)
        self._refresh = Api(refresh_routes, world.of_refresh_function, around)
        self._settings = Api(settings_routes, world.services, around)

    def __call__(self, method: str, path: str, body: object = None, **parts: Any) -> Answer:  # noqa: ANN401 - parts of a request
        forms = (re.sub(r"\{\w+\}", "[^/]+", one.path) for one in refresh_routes if one.method == method)
        of_refresh = any(re.fullmatch(form, path) for form in forms)
        api: Api[Any] = self._refresh if of_refresh else self._settings
        answer = Answer.of(api.answer(request(method, path, body=body, **parts), LambdaContext()))
        conforms(method, path, answer)
        return answer
