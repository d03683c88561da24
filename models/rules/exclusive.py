"""Exclusive: offers that rule each other out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.base import Identifier
from models.rules.base import RuleBase


class Exclusive(RuleBase):
    """At most one of `offers` is signed, in every future. Violation: offers too many."""

    kind: Literal["exclusive"]
    offers: Annotated[tuple[Identifier, ...], Field(min_length=2, max_length=1_000)]
