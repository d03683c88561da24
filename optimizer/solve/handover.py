"""What one search leaves for another."""

from __future__ import annotations

import threading
from typing import Any


class Handover:
    """A basis that one search gives to others of the same matrix, which may be waiting for it in another thread."""

    def __init__(self) -> None:
        self._basis: Any = None
        self._settled = threading.Event()
        self._settled.set()

    def expect(self) -> None:
        """There is a basis to come, or word that there is none."""
        self._settled.clear()

    def give(self, basis: Any) -> None:
        """Here it is."""
        self._basis = basis
        self._settled.set()

    def settle(self) -> None:
        """If it has not been given, it is not to come."""
        self._settled.set()

    def take(self, seconds: float) -> Any:
        """What was given; None if nothing was, or is not to come in time."""
        self._settled.wait(seconds)
        return self._basis
