"""SAM's own translator over ``template.yaml``: ``python transform.py '{"Parameter": "value"}' < template.json``.

Runs in the environment of the SAM CLI, which has the translator; nothing of the project is there.
"""

import json
import sys

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

# What `sam build` would have put in the place of folders.
CODE = "s3://artifacts/code"


def transform(template: dict, parameters: dict) -> dict:
    """The template as CloudFormation gets it."""
    template["Resources"]["CommonLayer"]["Properties"]["ContentUri"] = CODE
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = CODE
    translator = Translator({}, Parser())
    return translator.translate(sam_template=template, parameter_values=parameters)


if __name__ == "__main__":
    json.dump(transform(json.load(sys.stdin), json.loads(sys.argv[1])), sys.stdout)
