"""Incremental tiers: each further slice of commitment earns its own discount."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import Document
from models.clauses.tier import Tier


class IncrementalTiers(Document):
    """Units are billed at the contract price as taken; the part of the committed volume inside a tier is credited with that tier's discount each period."""

    kind: Literal["incremental_tiers"]
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1, max_length=20)]
