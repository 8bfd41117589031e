"""What the embedded AWS drops from templates, set again through its API, from the same template.

Local only: on AWS, CloudFormation does all of this. A template test checks that ``template.yaml`` has it.
"""

from typing import Any, NamedTuple

import boto3

from local.template import load

PREFLIGHT = "200"


class Method(NamedTuple):
    """One method of a REST API, as its API names it."""

    restApiId: str  # noqa: N815 - API Gateway's own spelling
    resourceId: str  # noqa: N815
    httpMethod: str  # noqa: N815


def fix_up(session: boto3.Session, endpoint_url: str, stack_name: str, parameters: dict[str, str]) -> None:
    """Set what was dropped: expiry and recovery of tables, CORS answers, the workers' concurrency and recursion."""
    template = load()
    cloudformation = session.client("cloudformation", endpoint_url=endpoint_url)
    resources = cloudformation.describe_stack_resources(StackName=stack_name)["StackResources"]
    physical = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            _fix_table(session, endpoint_url, physical[logical_id], resource["Properties"])
    _fix_concurrency(session, endpoint_url, physical["SyncWorkerFunction"], int(parameters["WorkerConcurrency"]))
    _fix_recursion(session, endpoint_url, physical, template["Resources"])
    cors = template["Resources"]["Api"]["Properties"]["Cors"]
    origin = parameters.get("AllowedOrigin", template["Parameters"]["AllowedOrigin"]["Default"])
    _fix_preflight(session, endpoint_url, physical["Api"], {**cors, "AllowOrigin": f"'{origin}'"})


def _fix_table(session: boto3.Session, endpoint_url: str, table: str, properties: dict[str, Any]) -> None:
    dynamodb = session.client("dynamodb", endpoint_url=endpoint_url)
    dynamodb.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification=properties["PointInTimeRecoverySpecification"]
    )
    if "TimeToLiveSpecification" in properties:
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=properties["TimeToLiveSpecification"])


def _fix_concurrency(session: boto3.Session, endpoint_url: str, function: str, concurrency: int) -> None:
    """Make it a number: the event source received the parameter as text, which stops its poller."""
    functions = session.client("lambda", endpoint_url=endpoint_url)
    for mapping in functions.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]:
        functions.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": concurrency})


def _fix_recursion(
    session: boto3.Session, endpoint_url: str, physical: dict[str, str], resources: dict[str, Any]
) -> None:
    """Set for each function what the template says about recursive loops."""
    functions = session.client("lambda", endpoint_url=endpoint_url)
    for logical_id, resource in resources.items():
        if "RecursiveLoop" in resource.get("Properties", {}):
            recursive = resource["Properties"]["RecursiveLoop"]
            functions.put_function_recursion_config(FunctionName=physical[logical_id], RecursiveLoop=recursive)


def _fix_preflight(session: boto3.Session, endpoint_url: str, api_id: str, cors: dict[str, str]) -> None:
    """Give every ``OPTIONS`` method the headers that SAM's ``Cors`` gives it on AWS."""
    gateway = session.client("apigateway", endpoint_url=endpoint_url)
    headers = {
        "method.response.header.Access-Control-Allow-Origin": cors["AllowOrigin"],
        "method.response.header.Access-Control-Allow-Methods": cors["AllowMethods"],
        "method.response.header.Access-Control-Allow-Headers": cors["AllowHeaders"],
        "method.response.header.Access-Control-Max-Age": cors["MaxAge"],
    }
    pages = gateway.get_paginator("get_resources").paginate(restApiId=api_id)
    for resource in (item for page in pages for item in page["items"]):
        if "OPTIONS" in resource.get("resourceMethods", {}):
            method = Method(api_id, resource["id"], "OPTIONS")._asdict()
            allowed = dict.fromkeys(headers, True)
            gateway.put_method_response(**method, statusCode=PREFLIGHT, responseParameters=allowed)
            gateway.put_integration_response(**method, statusCode=PREFLIGHT, responseParameters=headers)
    gateway.create_deployment(restApiId=api_id, stageName="prod")
