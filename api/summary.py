"""The summary of a batch as a table for an 80-column terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from api.page import Page, figure, percent

if TYPE_CHECKING:
    from api.batch import Run


def print_summary(runs: Sequence[Run], console: Console) -> None:
    """Print one row per scenario, then why some have no plan, then how many ended how."""
    page = Page(console)
    columns = [("Scenario", "left"), ("Status", "left"), ("Objective", "right"), ("Gap", "right"), ("Time", "right"), ("Note", "left")]
    page.table(columns, [_row(run) for run in runs], limit=len(runs))
    for run in runs:
        if run.plan is None:
            page.say(f"{run.name}: {reason(run)}", mark="!")
    counts = Counter(run.status.replace("_", " ") for run in runs)
    earlier = sum(run.skipped for run in runs)
    ended = ", ".join(f"{count:,} {status}" for status, count in counts.items())
    page.say(f"{len(runs):,} scenario{'s' if len(runs) != 1 else ''}: {ended}{f'; {earlier:,} of them solved earlier' if earlier else ''}.", mark="•")


def _row(run: Run) -> tuple[str, ...]:
    objective = f"{run.currency} {figure(run.objective)}" if run.objective is not None else ""
    note = "solved earlier" if run.skipped else {"time": "time limit", "user": "stopped by you"}.get(run.stop_reason or "", "")
    return (run.name, run.status.replace("_", " "), objective, percent(run.gap) if run.gap is not None else "", f"{run.seconds:,.1f} s", note)


def reason(run: Run) -> str:
    """Why there is no plan: the message, cut to the first of many findings."""
    if not run.findings:
        return run.message
    first, others = run.findings[0], len(run.findings) - 1
    return f"{first['path']}: {first['message']}{f' (and {others} more)' if others else ''}".removeprefix(": ")
