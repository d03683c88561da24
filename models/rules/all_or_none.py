"""All or none: offers that come as a bundle."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.base import Identifier
from models.rules.base import RuleBase


class AllOrNone(RuleBase):
    """Either all of `offers` are signed or none, in every future. Violation: offers missing from the bundle."""

    kind: Literal["all_or_none"]
    offers: Annotated[tuple[Identifier, ...], Field(min_length=2, max_length=1_000)]
