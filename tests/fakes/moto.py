"""Sessions whose clients pass the gate's rules in this process, for what runs on moto."""

import boto3
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from local.emulator import REGION
from local.gate.gate import Gate
from local.gate.in_process import gated_clients, moto_key_schema


def gated_session() -> boto3.Session:
    """A session that the gate stands in front of; its clients work within ``mock_aws`` only."""
    gate = Gate(moto_key_schema(lambda: dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION]))
    with gated_clients(gate):
        return plain_session()


def plain_session() -> boto3.Session:
    """A session for the embedded AWS, which has the gate on its own side."""
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
