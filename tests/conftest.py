"""What all tests share: compiled modules, so that the hundreds of processes that tests start don't each compile the project anew."""

from __future__ import annotations

import compileall
import os
from pathlib import Path

import pytest

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in `optimizer`, for tests that begin with NumPy
PACKAGES = ("models", "optimizer", "scenarios", "api")


def pytest_configure(config: pytest.Config) -> None:
    """Compile once, before workers begin: an environment may forbid processes to keep what they compile (container images usually do)."""
    if not hasattr(config, "workerinput"):
        for package in PACKAGES:
            compileall.compile_dir(Path(__file__).parents[1] / package, quiet=1)
