"""The verbs that explain: why the plan is what it is, and how a scenario without a plan can be mended."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api.exit_codes import ExitCode
from api.options import AsJson, Seed, Threads, option

File = Annotated[str, typer.Argument(metavar="FILE", help="A scenario (JSON or .xlsx), '-' for standard input, or the name of a bundled scenario.")]
TimeLimit = Annotated[float | None, option("--time-limit", metavar="SECONDS", text="Explain no more than there is time for.")]


class Part(StrEnum):
    """Parts of an explanation."""

    offers = "offers"
    rules = "rules"
    limits = "limits"
    drivers = "drivers"


def why(
    file: File,
    offer: Annotated[list[str] | None, option("--offer", metavar="ID", text="Only this offer; may be given several times.")] = None,
    rule: Annotated[
        list[str] | None, option("--rule", metavar="RULE", text="Only this rule: its place (rules[2]), name or kind; several times for more.")
    ] = None,
    part: Annotated[list[Part] | None, option("--part", text="Only this part; may be given several times (default: all).")] = None,
    output: Annotated[Path | None, option("--output", "-o", metavar="FILE", text="Write the answer here: .json, .html, .xlsx or .csv.")] = None,
    as_json: AsJson = False,
    time_limit: TimeLimit = None,
    seed: Seed = None,
    threads: Threads = None,
) -> ExitCode:
    """Explain the best plan: why each offer is signed or not and what would turn that, what rules and limits cost, when another award is best."""
    from api.negotiating import Given, ask
    from api.question import made
    from models.questions import AskWhy

    parts = {"parts": tuple(dict.fromkeys(x.value for x in part))} if part else {}
    question = lambda: made(AskWhy, offers=tuple(offer or ()), rules=tuple(rule or ()), **parts)  # noqa: E731
    return ask(file, question, Given(output, as_json, time_limit, seed, threads))


def repair(
    file: File,
    output: Annotated[Path | None, option("--output", "-o", metavar="REPAIRED.json", text="Write the repaired scenario here.")] = None,
    choice: Annotated[int, option("--choice", min=1, metavar="NUMBER", text="Which of the repairs is written (default: 1, the cheapest).")] = 1,
    as_json: AsJson = False,
    time_limit: TimeLimit = None,
    seed: Seed = None,
    threads: Threads = None,
) -> ExitCode:
    """Say why no plan keeps all hard rules, and mend the scenario in the cheapest way: which limit to move, by how much."""
    from api.printing import print_json, show, tell
    from api.repairing import print_repairs, repair_one, write_repaired
    from api.solving import settings_given
    from api.sources import check_file

    settings = settings_given(None, time_limit, seed, threads, False)
    path = check_file(output, "--output", inputs=(file,)) if output else None
    found, scenario = repair_one(file, settings)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        show(lambda console: print_repairs(found, console))
    if path is not None and found.conflicts:
        tell(f"Wrote {write_repaired(found, scenario, choice, path)}")
    return ExitCode.INFEASIBLE if found.conflicts and not found.repairs else ExitCode.OPTIMAL
