"""Late delivery: liquidated damages for deliveries behind schedule."""

from typing import Literal

from models.base import Document, Share


class LateDelivery(Document):
    """For every week that a period's deliveries run late, `damages_per_week` of their price is credited, up to `cap`.

    Lateness is uncertain data (`lateness`). With or without this clause late volume arrives late: W weeks move the share W / weeks of the period
    into the next one, and what is missing meanwhile is short.
    """

    kind: Literal["late_delivery"]
    damages_per_week: Share = 0.0
    cap: Share = 1.0
