"""The scenario manual says what the documents have."""

from __future__ import annotations

import json
import re
from pathlib import Path

from models.clauses import CLAUSES
from models.offer import Offer
from models.rules import RULES
from models.scenario import Scenario

MANUAL = (Path(__file__).parents[2] / "docs" / "scenario.md").read_text()


def test_the_manual_names_every_table_clause_and_rule() -> None:
    """If this fails, a field was added or renamed and the manual does not know it."""
    kinds = [document.model_fields["kind"].annotation.__args__[0] for document in (*CLAUSES, *RULES)]
    fields = [*Scenario.model_fields, *Offer.model_fields]
    missing = [name for name in (*kinds, *fields) if f"`{name}`" not in MANUAL and name not in ("id", "note", "name")]
    assert not missing


def test_the_manual_s_offer_is_a_valid_offer() -> None:
    """If this fails, a reader who copies the manual's example gets findings."""
    blocks = re.findall(r"```json\n(.*?)```", MANUAL, re.DOTALL)
    assert blocks
    for block in blocks:
        json.loads(block)
        Offer.model_validate_json(block)
