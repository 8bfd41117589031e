"""What the documents say of costs is what the model says, and the model counts what the template has."""

import re

from bench.standing import ALARM_METRICS, Stack, standing, table, total
from local import ROOT
from tests.template.deployed import deployed

EARLIER = 37
"""What a stack of version 0.1 cost, with the same tickets."""


def test_the_table_of_the_document_is_the_model_s() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"<!-- python -m bench\.standing -->\n\n(.*?)\n\n<!-- end -->", page, re.DOTALL)
    assert shown == table(Stack())


def test_the_readme_names_the_same_total() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [dollars] = re.findall(r"About \*\*(\d+) dollars a month\*\*", readme)
    assert round(total(Stack())) == int(dollars)


def test_the_default_stack_costs_less_than_half_of_what_it_did() -> None:
    assert total(Stack()) < EARLIER / 2
    assert total(Stack(clients=3, detailed=True)) > EARLIER, "what is left out is what was dear"


def test_the_lines_are_all_there_is_and_none_is_negative() -> None:
    lines = list(standing(Stack(detailed=True)))
    assert len({line.what for line in lines}) == len(lines)
    assert all(line.dollars > 0 for line in lines)


def test_the_model_counts_the_alarms_and_clients_that_the_template_makes() -> None:
    stack = deployed()
    alarms = stack.of_type("AWS::CloudWatch::Alarm").values()
    watched = sum(sum("MetricStat" in one for one in alarm.get("Metrics", [])) or 1 for alarm in alarms)
    assert watched == ALARM_METRICS
    assert len(stack.of_type("AWS::Cognito::UserPoolClient")) == Stack().clients
    assert len(deployed(ApiClients="all").of_type("AWS::Cognito::UserPoolClient")) == 3
    assert stack.of_type("AWS::CloudWatch::Dashboard") == {}


def test_what_parameters_add_is_as_documented() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert f"`ApiClients=all` adds {total(Stack(clients=3)) - total(Stack()):.1f} " in page
    assert f"`DetailedMonitoring=true` {total(Stack(detailed=True)) - total(Stack()):.2f}" in page
    assert f"about {total(Stack()) - 7.64:.1f}0" in page
