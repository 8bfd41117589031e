"""What a deleted stack left behind: list it, bring it back under a new stack, or delete it for good.

``python -m tools.kept [--bring-back | --delete NAME] [--stack-name NAME]``, or ``make kept [STACK=name]
[BRING_BACK=yes | DELETE=name]``. It talks to the AWS account of the environment, and to the embedded AWS when
``AWS_ENDPOINT_URL`` says so.

Bringing back makes a stack of the old name around the old tables, user pool and key (CloudFormation's resource import);
``make deploy`` then makes the rest. The secrets are found by their names, and read with the old key.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import ClientError

from local.template import load

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ResourceToImportTypeDef

IDENTIFIERS: Final = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Cognito::UserPool": "UserPoolId",
    "AWS::KMS::Key": "KeyId",
}
"""By type, the identifier with which CloudFormation imports a resource."""

CHANGE_SET: Final = "bring-back"
KEY_DAYS: Final = 30
"""How long a key's deletion can be cancelled; the longest that KMS allows."""
SECRET_DAYS: Final = 30
"""The same for secrets."""


class KeptError(Exception):
    """Raised when something is not as expected; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A resource of the template that outlived its stack."""

    logical_id: str
    type_: str
    physical_id: str

    def __str__(self) -> str:
        """For a terminal."""
        return f"{self.logical_id:<18} {self.type_:<24} {self.physical_id}"


def kept_resources(template: Mapping[str, Any]) -> dict[str, str]:
    """Logical ids and types of what the template keeps when its stack is deleted, as far as it can come back."""
    return {
        name: one["Type"]
        for name, one in template["Resources"].items()
        if one.get("DeletionPolicy", "").startswith("Retain") and one["Type"] in IDENTIFIERS
    }


class Account:
    """An AWS account, with what a stack may have left behind."""

    def __init__(self, session: boto3.Session, stack_name: str) -> None:
        self._client = session.client
        self._stack = stack_name
        self._template = load()

    # --- Looking --------------------------------------------------------------------------------------------------

    def find(self) -> list[Kept]:
        """What is there."""
        look = {
            "AWS::DynamoDB::Table": self._tables,
            "AWS::Cognito::UserPool": self._pools,
            "AWS::KMS::Key": self._keys,
        }
        return [
            Kept(name, type_, found)
            for name, type_ in kept_resources(self._template).items()
            for found in look[type_](name)
        ]

    def secrets(self) -> list[str]:
        """Names of the integrations' secrets, which are not part of the stack."""
        pages = self._client("secretsmanager").get_paginator("list_secrets").paginate()
        names = [secret["Name"] for page in pages for secret in page["SecretList"]]
        return [name for name in names if name.startswith((f"{self._stack}/integrations/", f"{self._stack}/hooks/"))]

    def _tables(self, logical_id: str) -> Iterator[str]:
        pages = self._client("dynamodb").get_paginator("list_tables").paginate()
        names = (name for page in pages for name in page["TableNames"])
        return (name for name in names if name.startswith(f"{self._stack}-{logical_id}-"))

    def _pools(self, _: str) -> Iterator[str]:
        pages = self._client("cognito-idp").get_paginator("list_user_pools").paginate(PaginationConfig={"PageSize": 60})
        pools = (pool for page in pages for pool in page["UserPools"])
        return (pool["Id"] for pool in pools if pool["Name"] == self._stack)

    def _keys(self, logical_id: str) -> Iterator[str]:
        kms = self._client("kms")
        described = self._template["Resources"][logical_id]["Properties"]["Description"]["Fn::Sub"]
        ours = described.replace("${AWS::StackName}", self._stack)
        for page in kms.get_paginator("list_keys").paginate():
            for key in page["Keys"]:
                about = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
                if about.get("Description") == ours and about["KeyState"] == "Enabled":
                    yield key["KeyId"]

    def has_stack(self) -> bool:
        """Whether a stack of the name is there (again)."""
        try:
            stacks = self._client("cloudformation").describe_stacks(StackName=self._stack)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return False
            raise
        return any(stack["StackStatus"] != "DELETE_COMPLETE" for stack in stacks)

    # --- Bringing back --------------------------------------------------------------------------------------------

    def bring_back(self) -> list[Kept]:
        """Import what is there into a new stack. Raises ``KeptError`` unless each resource exists exactly once."""
        if self.has_stack():
            raise KeptError(f"there is a stack {self._stack}: what it keeps cannot be brought back beside it")
        found = self.find()
        _once_each(found, kept_resources(self._template))
        cloudformation = self._client("cloudformation")
        cloudformation.create_change_set(
            StackName=self._stack,
            ChangeSetName=CHANGE_SET,
            ChangeSetType="IMPORT",
            TemplateBody=json.dumps(skeleton(self._template, found)),
            ResourcesToImport=[_to_import(one) for one in found],
        )
        cloudformation.get_waiter("change_set_create_complete").wait(StackName=self._stack, ChangeSetName=CHANGE_SET)
        cloudformation.execute_change_set(StackName=self._stack, ChangeSetName=CHANGE_SET)
        cloudformation.get_waiter("stack_import_complete").wait(StackName=self._stack)
        return found

    # --- Deleting -------------------------------------------------------------------------------------------------

    def delete(self, confirmed: str) -> Iterator[str]:
        """Delete all of it, listing what; keys and secrets can be recovered for 30 days."""
        if confirmed != self._stack:
            raise KeptError(f"to delete what {self._stack} left behind, give DELETE={self._stack}")
        if self.has_stack():
            raise KeptError(f"there is a stack {self._stack}: sam delete it first")
        for one in self.find():
            self._delete(one)
            yield str(one)
        for name in self.secrets():
            self._client("secretsmanager").delete_secret(SecretId=name, RecoveryWindowInDays=SECRET_DAYS)
            yield name

    def _delete(self, one: Kept) -> None:
        match one.type_:
            case "AWS::DynamoDB::Table":
                dynamodb = self._client("dynamodb")
                dynamodb.update_table(TableName=one.physical_id, DeletionProtectionEnabled=False)
                dynamodb.get_waiter("table_exists").wait(TableName=one.physical_id)
                dynamodb.delete_table(TableName=one.physical_id)
            case "AWS::Cognito::UserPool":
                cognito = self._client("cognito-idp")
                cognito.update_user_pool(UserPoolId=one.physical_id, DeletionProtection="INACTIVE")
                cognito.delete_user_pool(UserPoolId=one.physical_id)
            case _:
                self._client("kms").schedule_key_deletion(KeyId=one.physical_id, PendingWindowInDays=KEY_DAYS)


def skeleton(template: Mapping[str, Any], found: Sequence[Kept]) -> dict[str, Any]:
    """A template of these resources alone, as they are in the whole one."""
    resources = {one.logical_id: dict(template["Resources"][one.logical_id]) for one in found}
    for resource in resources.values():
        resource.pop("Condition", None)
        resource.pop("Metadata", None)
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def _to_import(one: Kept) -> "ResourceToImportTypeDef":
    return {
        "ResourceType": one.type_,
        "LogicalResourceId": one.logical_id,
        "ResourceIdentifier": {IDENTIFIERS[one.type_]: one.physical_id},
    }


def _once_each(found: Sequence[Kept], wanted: Mapping[str, str]) -> None:
    for name, type_ in wanted.items():
        of_name = [one.physical_id for one in found if one.logical_id == name]
        if not of_name and type_ != "AWS::Cognito::UserPool":
            raise KeptError(f"there is no {name} ({type_}): restore it first, or deploy a new stack")
        if len(of_name) > 1:
            raise KeptError(f"there are several of {name}: {', '.join(of_name)}; delete those of stacks that failed")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.kept", description="What a deleted stack left behind.")
    parser.add_argument("--stack-name", default="ticket-status")
    parser.add_argument(
        "--bring-back", action="store_true", help="import it into a new stack; make deploy does the rest"
    )
    parser.add_argument("--delete", metavar="NAME", help="delete it all; repeat the stack's name as NAME")
    options = parser.parse_args(arguments)
    account = Account(boto3.Session(), options.stack_name)
    try:
        if options.delete:
            for line in account.delete(options.delete):
                print(f"deleted {line}")
            return
        found = account.bring_back() if options.bring_back else account.find()
    except KeptError as error:
        sys.exit(f"kept: {error}")
    for one in found:
        print(one)
    print(f"{len(account.secrets())} secrets of integrations")


if __name__ == "__main__":
    main()
