"""A measurement in a fresh process measures that process."""

from __future__ import annotations

import os

from benchmarks.isolated import isolated, peak, resident

GIB = 1024**3


def take(gib: float) -> dict[str, int]:
    """Touch that much memory."""
    block = bytearray(int(gib * GIB))
    block[::4096] = b"x" * len(block[::4096])
    return {"pid": os.getpid()}


def fail() -> dict[str, int]:
    """Raise."""
    raise ValueError("on purpose")


def vanish() -> dict[str, int]:
    """End without an answer, as a killed process does."""
    os._exit(9)


def hang() -> dict[str, int]:
    """Never end."""
    while True:
        pass


def test_memory_is_the_child_s_own() -> None:
    """Memory of a run would be that of whatever ran before in the same process."""
    run = isolated("tests.benchmarks.test_isolated:take", {"gib": 0.25}, 60)
    assert run.ok, run.error
    assert run.value["pid"] != os.getpid()
    assert 0.25 < run.peak_gib < 0.4
    small = isolated("tests.benchmarks.test_isolated:take", {"gib": 0.0}, 60)
    assert small.peak_gib < 0.2


def test_failures_are_results() -> None:
    """One failing tool would end the whole comparison."""
    assert isolated("tests.benchmarks.test_isolated:fail", {}, 60).error == "ValueError: on purpose"
    assert "code 9" in isolated("tests.benchmarks.test_isolated:vanish", {}, 60).error
    assert isolated("tests.benchmarks.test_isolated:hang", {}, 1.5).error == "stopped after 2 s"


def test_memory_of_this_process_is_seen() -> None:
    """Peak memory would be zero in every table."""
    assert 0.01 < resident(os.getpid()) <= 1.5 * peak()
