"""Expedite: more than was agreed, at once, at a premium."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import Document


class Expedite(Document):
    """In every period the buyer may call off up to `cap` of the deliverable commitment on top of what the contract allows otherwise, and pays `premium` of
    the contract price more for it. It counts neither as what must be taken nor as what is owed."""

    kind: Literal["expedite"]
    cap: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Share of the period's deliverable committed volume."""
    premium: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Share of the contract price that a unit costs on top of it."""
