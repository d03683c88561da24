"""What is seen while something is solved: one line with bound, incumbent and gap, or one bar per running scenario. On a terminal only.

Drawn on standard error, so that standard output holds results and nothing else; in a pipe nothing is drawn.
"""

from __future__ import annotations

import math
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.spinner import Spinner
from rich.table import Column, Table
from rich.text import Text

from api.page import clean, figure, percent

if TYPE_CHECKING:
    from optimizer.progress import Progress as Event

WORDS = {
    "read": "reading",
    "build": "building the model",
    "solve": "searching",
    "baselines": "baselines",
    "audit": "auditing",
    "quality": "trying the plan on fresh futures",
    "report": "reporting",
    "stress": "putting the plan to the test",
    "frontier": "tracing the frontier",
    "frontier (cvar)": "cost against the worst futures",
    "frontier (shortage)": "cost against shortage",
}
STOPPING = "Stopping; the best plan so far is kept. Ctrl-C again ends at once."


def seconds(value: float) -> str:
    """`value` seconds, short: `4.2 s`, `1 min 05 s`, `2 h 03 min`."""
    if value < 10:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def status_line(event: Event | None) -> str:
    """What is known of the search: phase, best plan, bound and gap."""
    if event is None:
        return "starting"
    parts = [WORDS.get(event.phase, clean(event.phase))]
    if event.incumbent is not None:
        parts.append(f"best {figure(event.incumbent)}")
    if event.bound is not None:
        parts.append(f"bound {figure(event.bound)}")
    if event.gap is not None and math.isfinite(event.gap):
        parts.append(f"gap {percent(event.gap)}")
    return " · ".join(parts)


class SolveDisplay:
    """The line under which a single scenario is solved. Call it with progress events, from any thread."""

    def __init__(self, console: Console, hint: str = "Ctrl-C stops and keeps the best plan", stopping: str = STOPPING) -> None:
        self._console, self._stopping = console, stopping
        self._event: Event | None = None
        self._began = time.monotonic()
        self._spinner = Spinner("dots")
        self._hint = hint
        self._live = Live(get_renderable=self._draw, console=console, refresh_per_second=8, transient=True) if console.is_terminal else None

    def __call__(self, event: Event) -> None:
        self._event = event

    def stopping(self) -> None:
        """Say that the first Ctrl-C was heard."""
        self._hint = self._stopping
        if self._live is None:
            self._console.print(self._stopping)

    def _draw(self) -> Table:
        table = Table.grid(padding=(0, 1))
        table.add_row(self._spinner, Text(f"{status_line(self._event)} · {seconds(time.monotonic() - self._began)}"))
        table.add_row("", Text(self._hint, style="dim"))
        return table

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()


class BatchDisplay:
    """One bar for all scenarios and one for each that is running; how far a run is, is read off its gap."""

    def __init__(self, console: Console, total: int, gap: float) -> None:
        self._console, self._gap = console, gap
        self._lock = threading.Lock()
        self._bars: dict[str, TaskID] = {}
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=16),
            TextColumn("{task.fields[said]}", markup=False, table_column=Column(min_width=26)),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=console, transient=True, refresh_per_second=8, disable=not console.is_terminal, expand=False)
        self._total = self._progress.add_task("all", total=total, said=f"0 of {total}")
        self._count = total

    def started(self, name: str) -> None:
        """A scenario is being solved now."""
        with self._lock:
            self._bars[name] = self._progress.add_task(_short(name), total=None, said="starting")

    def progressed(self, name: str, event: Event) -> None:
        """News from a running scenario; from any thread."""
        with self._lock:
            if name not in self._bars:
                return
            share = fraction_done(event.gap, self._gap)
            self._progress.update(self._bars[name], total=None if share is None else 1.0, completed=share or 0.0, said=_brief(event))

    def finished(self, name: str) -> None:
        """A scenario is done with, however it ended."""
        with self._lock:
            if name in self._bars:
                self._progress.remove_task(self._bars.pop(name))
            self._progress.advance(self._total)
            done = int(self._progress.tasks[0].completed)
            self._progress.update(self._total, said=f"{done} of {self._count}")

    def stopping(self) -> None:
        """Say that the first Ctrl-C was heard."""
        self._console.print(Text("Stopping; running scenarios keep their best plan. Ctrl-C again ends at once."))

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.stop()


def fraction_done(gap: float | None, asked: float) -> float | None:
    """How far a search is: orders of magnitude between a gap of 100 % and the gap asked for. None while there is no gap."""
    if gap is None or not math.isfinite(gap):
        return None
    floor = max(asked, 1e-6)
    return min(1.0, max(0.0, math.log(min(max(gap, floor), 1.0)) / math.log(floor)))


def _brief(event: Event) -> str:
    word = WORDS.get(event.phase, clean(event.phase))
    return f"{word}, gap {percent(event.gap)}" if event.gap is not None and math.isfinite(event.gap) else word


def _short(name: str, width: int = 22) -> str:
    name = clean(name)
    return name if len(name) <= width else f"{name[: width - 1]}…"
