"""Futures drawn from a generator document."""

from __future__ import annotations

from models.errors import Finding, InvalidScenario
from models.scenario import Scenario
from models.uncertainty import Generated
from scenarios.tree import Paths


def draw(scenario: Scenario, generator: Generated, *, futures: int, seed: int) -> Paths:
    """`futures` futures of `generator` around the base values of `scenario`; the same seed gives the same futures."""
    del scenario, generator, futures, seed
    raise InvalidScenario([Finding("uncertainty.kind", "futures can't be drawn yet")])
