"""What the template promises about tables, queues, secrets and events."""

from typing import Any

import pytest

TABLES = ["IntegrationsTable", "TicketsTable", "ViolationsTable", "SyncRunsTable", "WebhooksTable"]
QUEUES = ["SyncQueue", "SyncDeadLetterQueue", "EventsDeadLetterQueue"]
FOURTEEN_DAYS = 14 * 24 * 3600


def of_type(resources: dict[str, Any], type_: str) -> set[str]:
    """Logical ids of one type."""
    return {logical_id for logical_id, resource in resources.items() if resource["Type"] == type_}


def test_the_tables_and_queues_tested_here_are_all_there_are(resources: dict[str, Any]) -> None:
    assert of_type(resources, "AWS::DynamoDB::Table") == set(TABLES)
    assert of_type(resources, "AWS::SQS::Queue") == set(QUEUES)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_encrypted_recoverable_and_survives_its_stack(table: str, resources: dict[str, Any]) -> None:
    properties = resources[table]["Properties"]
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["DeletionProtectionEnabled"] is True
    assert resources[table]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert resources[table]["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("table", ["TicketsTable", "ViolationsTable", "SyncRunsTable"])
def test_rows_of_tickets_violations_and_runs_expire(table: str, resources: dict[str, Any]) -> None:
    assert resources[table]["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


@pytest.mark.parametrize("table", ["TicketsTable", "IntegrationsTable"])
def test_changes_of_tickets_and_integrations_are_streamed_with_both_images(
    table: str, resources: dict[str, Any]
) -> None:
    assert resources[table]["Properties"]["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_no_attribute_is_defined_that_no_key_uses(resources: dict[str, Any]) -> None:
    for table in (resources[name]["Properties"] for name in TABLES):
        keys = [table["KeySchema"], *(index["KeySchema"] for index in table.get("GlobalSecondaryIndexes", []))]
        used = {key["AttributeName"] for schema in keys for key in schema}
        assert {attribute["AttributeName"] for attribute in table["AttributeDefinitions"]} == used


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_is_encrypted_and_keeps_messages_as_long_as_it_can(queue: str, resources: dict[str, Any]) -> None:
    assert resources[queue]["Properties"]["SqsManagedSseEnabled"] is True
    assert resources[queue]["Properties"]["MessageRetentionPeriod"] == FOURTEEN_DAYS


def test_a_message_stays_hidden_six_times_as_long_as_the_worker_may_take(
    resources: dict[str, Any], functions: dict[str, Any]
) -> None:
    hidden = resources["SyncQueue"]["Properties"]["VisibilityTimeout"]
    assert hidden >= 6 * functions["SyncWorkerFunction"]["Timeout"]


def test_a_message_that_fails_five_times_is_a_dead_letter(resources: dict[str, Any]) -> None:
    assert resources["SyncQueue"]["Properties"]["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["SyncDeadLetterQueue", "Arn"]},
        "maxReceiveCount": 5,
    }


def test_secrets_have_a_rotated_key_of_the_stack(resources: dict[str, Any], functions: dict[str, Any]) -> None:
    assert resources["SecretKey"]["Properties"]["EnableKeyRotation"] is True
    keys = [one["Environment"]["Variables"].get("SECRET_KEY_ID") for one in functions.values()]
    assert {str(key) for key in keys if key} == {str({"Fn::GetAtt": ["SecretKey", "Arn"]})}


def test_nothing_reaches_a_queue_unencrypted(resources: dict[str, Any]) -> None:
    policy = resources["QueuesPolicy"]["Properties"]
    [statement] = policy["PolicyDocument"]["Statement"]
    assert {one["Ref"] for one in policy["Queues"]} == set(QUEUES)
    assert {one["Fn::GetAtt"][0] for one in statement["Resource"]} == set(QUEUES)
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "sqs:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
