"""The contract file of the manual, for tests that change one thing of it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api.question import read_question
from models.questions import AskReplay
from models.replay import Replay
from models.scenario import Scenario
from optimizer.replay import replay_contracts

MANUAL = (Path(__file__).parents[2] / "docs" / "replay.md").read_text("utf-8")
FILE: dict[str, Any] = json.loads(re.findall(r"```json\n(.*?)```", MANUAL, re.DOTALL)[0])

Edit = Callable[[dict[str, Any]], Any]


def edited(*edits: Edit) -> dict[str, Any]:
    """The manual's file, changed."""
    found = copy.deepcopy(FILE)
    for edit in edits:
        edit(found)
    return found


def read(data: dict[str, Any]) -> tuple[Scenario, AskReplay]:
    """A contract file and its scenario, checked."""
    scenario, asked = read_question(json.dumps(data).encode(), "replay")
    assert isinstance(asked, AskReplay)
    return scenario, asked


def replayed(data: dict[str, Any], onward: bool = False) -> Replay:
    """What a contract file comes to; without what is to come unless asked for."""
    scenario, asked = read(data)
    return replay_contracts(scenario, asked, onward=onward)
