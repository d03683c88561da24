"""Capex smoothing: by how much spending may change from one period to the next."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from models.rules.base import RuleBase


class CapexSmoothing(RuleBase):
    """What is bought, contract and spot, at its price before discounts, differs from the period before by at most `max` per year. Violation: money per year."""

    kind: Literal["capex_smoothing"]
    max: Annotated[float, Field(ge=0, le=1e15)]
    in_: Literal["expected", "every_node"] = Field(default="expected", alias="in")
    """"expected" (on average over the futures) or "every_node" (in every future)."""

    model_config = ConfigDict(serialize_by_alias=True)

    @property
    def over_futures(self) -> bool:
        return self.in_ == "expected"
