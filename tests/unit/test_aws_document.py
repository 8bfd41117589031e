"""`docs/aws.md` names every rule and fault of the gate, and only tests that exist."""

import re
from pathlib import Path

from local.gate.faults import FAULTS
from local.gate.gate import all_rules
from local.gate.rules import event_bridge, sqs

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "aws.md").read_text(encoding="utf-8")


def test_every_rule_and_every_fault_is_in_the_document() -> None:
    names = {rule.name for rule in all_rules()} | {fault.name for fault in FAULTS}
    names |= {rule.name for rule in (*sqs.ENTRY_RULES, *event_bridge.ENTRY_RULES)}
    assert [name for name in sorted(names) if f"`{name}`" not in DOCUMENT] == []


def test_every_file_that_the_document_names_exists() -> None:
    named = set(re.findall(r"`((?:tests|local|docs)/[\w/.]+)`", DOCUMENT))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
