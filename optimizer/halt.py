"""A stop that somebody sets, on top of one that somebody else may set."""

from __future__ import annotations

import threading


class Halt(threading.Event):
    """Set when it is set itself, or another."""

    def __init__(self, other: threading.Event | None) -> None:
        super().__init__()
        self.other = other

    def is_set(self) -> bool:
        return super().is_set() or (self.other is not None and self.other.is_set())
