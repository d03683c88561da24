"""An event that neither party decides, as clauses about it have it in common."""

from typing import Self

from pydantic import model_validator

from models.base import Document, Identifier, Positive, Share


class Event(Document):
    """What marks the periods in which the event holds: an index that stands at a level or above, or too little that can be delivered. Nothing given: none."""

    index: Identifier | None = None
    """Index that tells of the event."""
    from_level: Positive | None = None
    """Level of the index from which on the event holds."""
    deliverable_below: Share = 0.0
    """The event holds, too, where a smaller share than this of the committed volume can be delivered; 0 = it tells nothing."""

    @model_validator(mode="after")
    def _index_with_level(self) -> Self:
        if (self.index is None) != (self.from_level is None):
            raise ValueError("give `index` and `from_level` together: the index tells of the event from that level on")
        return self
