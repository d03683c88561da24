"""The verb that traces frontiers of cost and risk."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from rich.console import Console

from api.exit_codes import ExitCode, UsageProblem
from api.interrupt import in_thread, stop_on_interrupt
from api.live import SolveDisplay
from api.solving import results_only
from api.sources import Outputs, read_source, write_each
from models.frontier import FrontierSettings
from models.options import override
from scenarios.files import parse_scenario

if TYPE_CHECKING:
    from models.frontier import Frontier
    from models.scenario import Scenario

OPTIONS = {"risks": "--risk", "points": "--points", "gap": "--gap"}


def wanted_from(risks: list[str] | None, points: int | None, gap: float | None) -> dict[str, Any]:
    """What the command line says about the frontiers, checked before anything is read. Raises UsageProblem."""
    given = {"risks": tuple(dict.fromkeys(risks)) if risks else None, "points": points, "gap": gap}
    given = {name: value for name, value in given.items() if value is not None}
    try:
        FrontierSettings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UsageProblem(f"{OPTIONS[str(first['loc'][0])]}: {first['msg'][:1].lower()}{first['msg'][1:]}.") from None
    return given


def frontier_one(source: str, settings: dict[str, Any], given: dict[str, Any]) -> tuple[Frontier, Scenario]:
    """The frontiers of one scenario. Ctrl-C once keeps what is proven so far, twice raises KeyboardInterrupt."""
    raw = read_source(source)
    stop = threading.Event()
    display = SolveDisplay(Console(stderr=True, markup=False, highlight=False))

    def work() -> tuple[Frontier, Scenario]:
        scenario = parse_scenario(raw)
        wanted = FrontierSettings.model_validate({**(scenario.frontier or FrontierSettings()).model_dump(), **given})
        from optimizer.frontier import frontier  # a second of imports, which a document full of mistakes needn't wait for

        return frontier(scenario, override(scenario.solve, **settings), wanted, on_progress=display, stop=stop), scenario

    with stop_on_interrupt(stop, display.stopping), display, results_only():
        return in_thread(work)


def write_frontier(found: Frontier, scenario: Scenario, outputs: Outputs) -> tuple[list[str], Exception | None]:
    """Write what was asked for. Returns a phrase for each thing written, and the first problem: one that fails doesn't stop the others."""
    from optimizer.report import html_frontier, write_frontier_tables
    from scenarios.files import write_whole

    def tables(path: Path) -> None:
        write_frontier_tables(found, path)

    return write_each(
        [
            ("frontier", outputs.plan, lambda path: write_whole(path, dump_frontier(found))),
            ("report", outputs.report, lambda path: write_whole(path, html_frontier(found, scenario))),
            ("tables", outputs.tables, tables),
        ]
    )


def dump_frontier(found: Frontier) -> str:
    """Frontiers as one JSON document, with a newline at its end."""
    return found.model_dump_json(indent=1) + "\n"


def exit_code_of(found: Frontier) -> ExitCode:
    """5 where a frontier was cut short."""
    return ExitCode.OPTIMAL if all(curve.status == "proven" for curve in found.curves) else ExitCode.LIMIT_WITH_PLAN
