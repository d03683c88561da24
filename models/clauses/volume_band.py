"""Volume band: how far each period's take may leave the committed volume."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import Document, Share


class VolumeBand(Document):
    """Take at least (1 - down) and at most (1 + up) of the deliverable committed volume. Without this clause: down 1, up 0 (a pure option)."""

    kind: Literal["volume_band"]
    down: Share = 1.0
    """Share by which a period's take may fall below the committed volume; 1 = no lower obligation in volume."""
    up: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Share by which a period's take may exceed the committed volume."""
