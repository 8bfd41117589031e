"""What is put where a deployed stack serves its console."""

import json
from typing import Any

import pytest

from local.publish_console import NoConsoleError, publish

OUTPUTS = {
    "ConsoleBucketName": "files",
    "ConsoleClientId": "a-client",
    "ConsoleScopes": "ticketing/read ticketing/refresh",
    "TokenUrl": "https://ticketing-1.auth.eu-central-1.amazoncognito.com/oauth2/token",
}


class Bucket:
    """Keeps what is put."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}

    def put_object(self, **given: Any) -> None:  # noqa: ANN401 - as boto3 has it
        """Keep an object by its key."""
        self.objects[given["Key"]] = given


def published() -> dict[str, dict[str, Any]]:
    bucket = Bucket()
    publish(OUTPUTS, bucket)
    return bucket.objects


def test_the_pages_and_their_parts_are_put_with_their_types() -> None:
    objects = published()
    assert objects["index.html"]["ContentType"] == "text/html; charset=utf-8"
    assert objects["js/main.js"]["ContentType"] == "text/javascript; charset=utf-8"
    assert objects["api.html"]["ContentType"] == "text/html; charset=utf-8"
    assert objects["openapi.yaml"]["ContentType"] == "application/yaml"
    assert b"SwaggerUIBundle" in objects["swagger-ui/swagger-ui-bundle.js"]["Body"]
    assert {given["Bucket"] for given in objects.values()} == {"files"}
    assert {given["CacheControl"] for given in objects.values()} == {"no-cache"}


def test_the_page_is_told_last_how_to_sign_in_and_no_token() -> None:
    objects = published()
    assert list(objects)[-1] == "session.json"
    session = json.loads(objects["session.json"]["Body"])
    pool = "https://ticketing-1.auth.eu-central-1.amazoncognito.com"
    assert session == {
        "sign_in": {
            "authorize_url": f"{pool}/oauth2/authorize",
            "token_url": f"{pool}/oauth2/token",
            "logout_url": f"{pool}/logout",
            "client_id": "a-client",
            "scopes": ["ticketing/read", "ticketing/refresh"],
        }
    }


def test_a_stack_without_a_console_is_told_how_to_get_one() -> None:
    with pytest.raises(NoConsoleError, match="ConsoleAccess"):
        publish({"TokenUrl": "https://x.example/oauth2/token"}, Bucket())
