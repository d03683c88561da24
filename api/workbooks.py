"""The verbs that make Excel workbooks of scenarios, and scenarios of workbooks. Solving and checking take a workbook wherever they take JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.exit_codes import ExitCode, UsageProblem
from api.options import option
from api.printing import tell
from api.sources import check_file, read_source

ENDINGS = (".json", ".xlsx")


def template(
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx", help="The workbook to write.")],
    example: Annotated[str | None, option("--example", metavar="NAME", text="Fill it with this bundled scenario (default: empty tables).")] = None,
) -> ExitCode:
    """Write an Excel workbook to describe a scenario in: empty, or filled with an example."""
    from scenarios import library
    from scenarios.files import parse_scenario, write_whole
    from scenarios.workbook import write_template, write_workbook

    path = check_file(_ending(file, (".xlsx",)), "FILE.xlsx")
    if example is not None and example not in library.names():
        raise UsageProblem(f"There is no bundled scenario '{example}'. Known are: {', '.join(library.names())}.")
    write_whole(path, write_template() if example is None else write_workbook(parse_scenario(library.read(example))))
    tell(f"Wrote the template {path}")
    return ExitCode.OPTIMAL


def convert(
    source: Annotated[str, typer.Argument(metavar="IN", help="A scenario (JSON or .xlsx), '-' for standard input, or the name of a bundled scenario.")],
    file: Annotated[Path, typer.Argument(metavar="OUT", help="What to write: .xlsx or .json.")],
) -> ExitCode:
    """Turn a scenario into an Excel workbook, or a workbook into JSON. Nothing is lost either way."""
    from scenarios.files import dump_scenario, parse_scenario, write_whole
    from scenarios.workbook import write_workbook

    path = check_file(_ending(file, ENDINGS), "OUT", inputs=(source,))
    scenario = parse_scenario(read_source(source))
    write_whole(path, write_workbook(scenario) if path.suffix.lower() == ".xlsx" else dump_scenario(scenario))
    tell(f"Wrote the scenario {path}")
    return ExitCode.OPTIMAL


def write_form(source: str, offer: str, file: Path, alternative: str | None) -> ExitCode:
    """Write the form for a supplier's counter-offer. Raises UsageProblem, InvalidScenario."""
    from optimizer.negotiation.levers import levers_of, offer_named
    from scenarios.files import parse_scenario, write_whole
    from scenarios.workbook_counter import write_counter

    path = check_file(_ending(file, (".xlsx",)), "FILE.xlsx", inputs=(source,))
    scenario = parse_scenario(read_source(source))
    named = offer_named(scenario, offer)
    alternatives = tuple(x.id for x in named.alternatives)
    if alternative is not None and alternative not in alternatives:
        raise UsageProblem(f"--alternative: offer '{offer}' has no alternative '{alternative}'; it has: {', '.join(alternatives)}.")
    write_whole(path, write_counter(levers_of(scenario, offer), named.currency or scenario.currency, alternatives, named.name, alternative))
    tell(f"Wrote the form {path}")
    return ExitCode.OPTIMAL


def _ending(path: Path, endings: tuple[str, ...]) -> Path:
    """The path, if its name says what is to be written. Raises UsageProblem."""
    if path.suffix.lower() not in endings:
        raise UsageProblem(f"'{path}' must end with {' or '.join(endings)}; the ending says what is written.")
    return path
