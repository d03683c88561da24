"""Stops on top of stops."""

from __future__ import annotations

import threading

from optimizer.halt import Halt


def test_a_halt_is_its_own_and_the_others() -> None:
    """Ctrl-C would stop the plan and not the baselines, or the end of the baselines stop the plan."""
    other = threading.Event()
    halt = Halt(other)
    assert not halt.is_set()
    other.set()
    assert halt.is_set()
    alone = Halt(None)
    alone.set()
    assert alone.is_set()
