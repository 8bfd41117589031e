"""SAM's own translator over ``template.yaml``: ``python transform.py '{"Parameter": "value"}' < template.json``.

Runs in the environment of the embedded AWS, which has the translator; nothing of the project is there.
"""

import json
import sys
from typing import Any

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

# What `sam build` would have put in the place of folders.
CODE = "s3://artifacts/code"


def transform(template: dict[str, Any], parameters: dict[str, str]) -> dict[str, Any]:
    """The template as CloudFormation gets it."""
    template["Resources"]["CommonLayer"]["Properties"]["ContentUri"] = CODE
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = CODE
    translated: dict[str, Any] = Translator({}, Parser()).translate(sam_template=template, parameter_values=parameters)
    return translated


if __name__ == "__main__":
    json.dump(transform(json.load(sys.stdin), json.loads(sys.argv[1])), sys.stdout)
