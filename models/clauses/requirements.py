"""Share of requirements: the buyer covers a part of its need under this contract."""

from typing import Literal

from models.base import Document, Share


class Requirements(Document):
    """In every period at least `share` of the buyer's new demand for each product of the offer, at the sites that it delivers to, is taken here.

    Where only a part of the committed volume can be delivered, the obligation shrinks by as much. The commitment has to be large enough for it.
    """

    kind: Literal["requirements"]
    share: Share = 0.0
    """Share of the need, period by period; 0 = no obligation."""
