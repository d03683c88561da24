"""The scenario manual says what the documents have."""

from __future__ import annotations

import json
import re
from pathlib import Path

from models.clauses import CLAUSES
from models.offer import Offer
from models.rules import RULES
from models.scenario import Scenario
from models.uncertainty import Generated

MANUAL = (Path(__file__).parents[2] / "docs" / "scenario.md").read_text()


def test_the_manual_names_every_table_clause_and_rule() -> None:
    """If this fails, a field was added or renamed and the manual does not know it."""
    kinds = [document.model_fields["kind"].annotation.__args__[0] for document in (*CLAUSES, *RULES)]
    fields = [*Scenario.model_fields, *Offer.model_fields]
    missing = [name for name in (*kinds, *fields) if f"`{name}`" not in MANUAL and name not in ("id", "note", "name")]
    assert not missing


def test_the_manual_s_examples_are_valid() -> None:
    """If this fails, a reader who copies the manual's examples (an offer, a generator) gets findings."""
    blocks = re.findall(r"```json\n(.*?)```", MANUAL, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        document = Generated if json.loads(block).get("kind") == "generated" else Offer
        document.model_validate_json(block)


def test_the_manual_names_every_table_of_a_generator() -> None:
    """If this fails, a field of the generator was added or renamed and the manual does not know it."""
    missing = [name for name in Generated.model_fields if f"`{name}`" not in MANUAL and name not in ("kind", "futures", "seed")]
    assert not missing
