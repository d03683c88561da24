"""Contradictions and repairs at the command line: found, printed, and the repaired scenario written."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from api.exit_codes import NotWritten, UsageProblem
from api.interrupt import in_thread, stop_on_interrupt
from api.live import SolveDisplay
from api.page import Page
from api.solving import results_only
from api.sources import read_source
from models.options import override
from scenarios.files import parse_scenario, write_scenario

if TYPE_CHECKING:
    from models.infeasibility import Infeasibility
    from models.scenario import Scenario


def repair_one(source: str, settings: dict[str, Any]) -> tuple[Infeasibility, Scenario]:
    """Why a scenario has no plan, and how it could have one. Ctrl-C once keeps what is found, twice raises KeyboardInterrupt."""
    raw = read_source(source)
    stop = threading.Event()
    display = SolveDisplay(Console(stderr=True, markup=False, highlight=False), "Ctrl-C keeps what is found", "Stopping; what is found is kept.")

    def work() -> tuple[Infeasibility, Scenario]:
        scenario = parse_scenario(raw)
        chosen = override(scenario.solve, **settings)
        from optimizer.conflict import analyse  # a second of imports, which a document full of mistakes needn't wait for
        from optimizer.progress import Progress

        began = time.monotonic()
        display(Progress("looking for contradictions", 0.0))
        left = lambda: 0.0 if stop.is_set() else chosen.time_limit_seconds - (time.monotonic() - began)  # noqa: E731
        return analyse(scenario, chosen, left), scenario

    with stop_on_interrupt(stop, display.stopping), display, results_only():
        return in_thread(work)


def print_repairs(found: Infeasibility, console: Console) -> None:
    """Print contradictions and repairs."""
    page = Page(console)
    page.heading(found.scenario or "Repair")
    if not found.conflicts and not found.notes:
        page.say("A plan keeps all hard rules; there is nothing to repair.")
    for conflict in found.conflicts:
        page.say(conflict.sentence, mark="•")
        page.table((("Where", "left"), ("What", "left")), [(x.path, x.text) for x in conflict.members])
    if found.repairs:
        page.heading("Repairs, cheapest first")
        for i, repair in enumerate(found.repairs, 1):
            page.say(repair.sentence, mark=f"{i}.")
    elif found.conflicts:
        page.say("No change of the limits named mends it.")
    for note in found.notes:
        page.say(note, style="dim")


def write_repaired(found: Infeasibility, scenario: Scenario, choice: int, path: Path) -> str:
    """Write the scenario with one of its repairs; says what was written. Raises UsageProblem, NotWritten."""
    if choice > len(found.repairs):
        raise UsageProblem(f"--choice: there are {len(found.repairs)} repairs; name one of them, the first is 1.")
    from optimizer.conflict import patched

    try:
        write_scenario(patched(scenario, found.repairs[choice - 1]), path)
    except OSError as error:
        raise NotWritten(f"The repaired scenario could not be written to '{path}': {error.strerror or error}.") from None
    return f"the repaired scenario {path}"
