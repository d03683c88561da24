"""The `offtake` command with the stand-in solver, as a process of its own: `python -m tests.api.fake_offtake ARGUMENTS`."""

from __future__ import annotations

from api import batch, cli
from optimizer import engine
from tests.api.plans import fake_solve, fake_task

if __name__ == "__main__":
    engine.solve = fake_solve
    batch.solve_task = fake_task
    cli.main()
