"""A stack was deleted: what it kept is found again, comes back under a new one, and can be deleted for good."""

import io
import json
import os
import time
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from local.deploy import is_for_here, local_parameters
from local.emulator import CREDENTIALS, REGION, Emulator
from tests.template.deployed import Deployed, deployed
from tools.kept import Account, KeptError, kept_resources

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import WaiterConfigTypeDef

STACK = "kept-stack"
CODE = {"Bucket": "artifacts", "Key": "code"}
TEMPLATE = {"Bucket": "artifacts", "Key": "template.json"}


@pytest.fixture(scope="module")
def session() -> Iterator[boto3.Session]:
    """An embedded AWS of its own, with what a deployment uploads. No function of it is ever run."""
    with Emulator("way-back") as emulator, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", emulator.url)
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        made = boto3.Session(region_name=REGION)
        s3 = made.client("s3")
        s3.create_bucket(Bucket=CODE["Bucket"])
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("app.py", "def handler(event, context): ...")
        s3.put_object(**CODE, Body=packed.getvalue())
        yield made


def deploy(session: boto3.Session, change_set_type: Any) -> dict[str, str]:  # noqa: ANN401 - CREATE or UPDATE
    """The whole template by way of a change set, as SAM does; answers physical ids by logical ids."""
    stack: Deployed = deployed(STACK, **local_parameters())
    template = dict(stack.template)
    template["Resources"] = {name: one for name, one in template["Resources"].items() if is_for_here(one)}
    session.client("s3").put_object(**TEMPLATE, Body=json.dumps(template).encode())
    cloudformation = session.client("cloudformation")
    cloudformation.create_change_set(
        StackName=STACK,
        ChangeSetName="deploy",
        ChangeSetType=change_set_type,
        TemplateURL=f"{os.environ['AWS_ENDPOINT_URL']}/{TEMPLATE['Bucket']}/{TEMPLATE['Key']}",
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in stack.parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    soon: WaiterConfigTypeDef = {"Delay": 1, "MaxAttempts": 120}
    cloudformation.get_waiter("change_set_create_complete").wait(
        StackName=STACK, ChangeSetName="deploy", WaiterConfig=soon
    )
    cloudformation.execute_change_set(StackName=STACK, ChangeSetName="deploy")
    done = "stack_create_complete" if change_set_type == "CREATE" else "stack_update_complete"
    cloudformation.get_waiter(done).wait(StackName=STACK, WaiterConfig=soon)  # type: ignore[call-overload] # one of two
    described = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in described}


def delete_stack(session: boto3.Session) -> None:
    cloudformation = session.client("cloudformation")
    cloudformation.delete_stack(StackName=STACK)
    for _ in range(120):
        if not Account(session, STACK).has_stack():
            return
        time.sleep(0.5)
    pytest.fail("the stack was not deleted")


@pytest.mark.slow(reason="a whole stack is made, deleted, made again and deleted again")
def test_what_a_deleted_stack_kept_comes_back_with_its_data_and_can_be_deleted_for_good(
    session: boto3.Session,
) -> None:
    account = Account(session, STACK)
    before = deploy(session, "CREATE")
    item = {"connection_name": {"S": "cloud-abc"}}
    session.client("dynamodb").put_item(TableName=before["IntegrationsTable"], Item=item)
    secret = f"{STACK}/integrations/cloud-abc/k3f9x2"
    secrets = session.client("secretsmanager")
    secrets.create_secret(Name=secret, KmsKeyId=before["SecretKey"], SecretString="{}")
    with pytest.raises(KeptError, match="there is a stack"):
        account.bring_back()

    delete_stack(session)
    kept = {one.logical_id: one.physical_id for one in account.find()}
    assert set(kept) == set(kept_resources(deployed(STACK, **local_parameters()).template))
    assert kept.items() <= before.items()

    assert {one.logical_id for one in account.bring_back()} == set(kept)
    after = deploy(session, "UPDATE")
    assert {name: after[name] for name in kept} == kept
    assert after["SyncFunction"]
    table = session.client("dynamodb").scan(TableName=after["IntegrationsTable"], ConsistentRead=True)
    assert table["Items"] == [item]
    assert account.secrets() == [secret]

    delete_stack(session)
    with pytest.raises(KeptError, match=f"give DELETE={STACK}"):
        list(account.delete("another"))
    assert len(account.find()) == len(kept)
    assert len(list(account.delete(STACK))) == len(kept) + 1
    assert account.find() == []
    with pytest.raises(KeptError, match="there is no"):
        account.bring_back()
