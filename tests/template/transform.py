"""SAM's own translator: reads templates to translate, a line of JSON each, and answers each with a line.

Runs in the environment of the embedded AWS, which has the translator; nothing of the project is there. One process
translates them all, since loading the translator takes longer than translating.
"""

import json
import sys
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

# What `sam build` would have put in the place of folders.
CODE = "s3://artifacts/code"


def transform(template: dict[str, Any], parameters: dict[str, str], region: str) -> dict[str, Any]:
    """The template as CloudFormation gets it in this region."""
    template["Resources"]["CommonLayer"]["Properties"]["ContentUri"] = CODE
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = CODE
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=region))
    translated: dict[str, Any] = translator.translate(sam_template=template, parameter_values=parameters)
    return translated


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(transform(**json.loads(line))) + "\n")
        sys.stdout.flush()
