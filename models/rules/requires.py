"""Requires: one offer only together with another."""

from __future__ import annotations

from typing import Literal

from models.base import Identifier
from models.rules.base import RuleBase


class Requires(RuleBase):
    """If `offer` is signed, `needs` is signed too, in every future. Violation: 1."""

    kind: Literal["requires"]
    offer: Identifier
    needs: Identifier
