"""How often somebody may ask: a bucket of tokens for each, filled steadily, emptied by one per request.

Buckets live in the memory of one server. Several servers over one store count each for itself.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

MOST = 10_000
"""So many buckets are kept; when there are more, the full ones are dropped, which changes nothing."""


class Quota:
    """At most `per_minute` requests a minute for each name, that many of them at once."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._size, self._rate, self._clock = float(per_minute), per_minute / 60.0, clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> int:
        """Take a token: 0 if there was one, else the whole seconds until there is one again."""
        now = self._clock()
        left = self._left(name, now)
        if left >= 1.0:
            self._buckets[name] = (left - 1.0, now)
            if len(self._buckets) > MOST:
                self._tidy(now)
            return 0
        return max(1, math.ceil((1.0 - left) / self._rate))

    def _left(self, name: str, now: float) -> float:
        left, then = self._buckets.get(name, (self._size, now))
        return min(self._size, left + (now - then) * self._rate)

    def _tidy(self, now: float) -> None:
        kept = {name: bucket for name, bucket in self._buckets.items() if self._left(name, now) < self._size}
        self._buckets = kept if len(kept) <= MOST else dict(list(kept.items())[-MOST // 2 :])
