"""``python -m local.publish_console [STACK]``: puts the console's files where a deployed stack serves them.

The stack was deployed with ``ConsoleAccess=viewer`` or ``admin``. Credentials and region are those of the environment.
"""

import json
import sys
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlsplit

import boto3

from local.console import SESSION, TYPES, files

STACK_NAME = "ticket-status"
# A browser, and the distribution, ask whether a file is still the same before they use it.
CACHE_CONTROL = "no-cache"


class Files(Protocol):
    """What is needed of S3."""

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str, CacheControl: str) -> object:  # noqa: N803 - S3's own spelling
        """Keep a file."""


class NoConsoleError(Exception):
    """Raised when the stack was deployed without a console."""


def main(stack_name: str = STACK_NAME) -> None:
    """Publish, and say where."""
    described = boto3.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
    publish(outputs, boto3.client("s3"))
    sys.stdout.write(f"The console is at {outputs['ConsoleUrl']}\n")


def publish(outputs: Mapping[str, str], s3: Files) -> None:
    """Put every file, then the description of how to sign in, which makes the page work."""
    if "ConsoleBucketName" not in outputs:
        raise NoConsoleError("this stack has no console: deploy it with the parameter ConsoleAccess=viewer or admin")
    contents = {key: (path.read_bytes(), TYPES[path.suffix]) for key, path in files().items()}
    contents[SESSION.removeprefix("/")] = (json.dumps(session(outputs)).encode(), "application/json")
    for key, (body, kind) in contents.items():
        s3.put_object(
            Bucket=outputs["ConsoleBucketName"], Key=key, Body=body, ContentType=kind, CacheControl=CACHE_CONTROL
        )


def session(outputs: Mapping[str, str]) -> dict[str, object]:
    """How to sign in, as ``console/js/core/session.js`` reads it."""
    pool = f"https://{urlsplit(outputs['TokenUrl']).netloc}"
    return {
        "sign_in": {
            "authorize_url": f"{pool}/oauth2/authorize",
            "token_url": outputs["TokenUrl"],
            "logout_url": f"{pool}/logout",
            "client_id": outputs["ConsoleClientId"],
            "scopes": outputs["ConsoleScopes"].split(),
        }
    }


if __name__ == "__main__":
    main(*sys.argv[1:2])
