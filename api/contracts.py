"""The verbs about signed contracts: make a contract file from a plan, and replay one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.exit_codes import ExitCode, UsageProblem
from api.options import AsJson, Seed, Threads, option

if TYPE_CHECKING:
    from models.contract import ContractFile
    from models.questions import AskReplay
    from models.scenario import Scenario

WHAT = "contract file"
File = Annotated[str, typer.Argument(metavar="CONTRACT.json", help="A contract file (docs/replay.md), or '-' for standard input.")]
About = Annotated[
    str | None,
    option("--scenario", metavar="FILE", text="The scenario, instead of the one that the file holds or names: a file, or a bundled scenario's name."),
]
Output = Annotated[Path | None, option("--output", "-o", metavar="FILE", text="Write the answer here: .json, .html, .xlsx or .csv.")]
TimeLimit = Annotated[float | None, option("--time-limit", metavar="SECONDS", text="Plan what is to come only as far as there is time.")]


def replay(
    file: File,
    about: About = None,
    onward: Annotated[bool, option("--onward/--no-onward", text="Also plan what is to come from where things stand (default), or look back only.")] = True,
    output: Output = None,
    report: Annotated[Path | None, option("--report", metavar="FILE.html", text="Write the answer as a page as well.")] = None,
    as_json: AsJson = False,
    time_limit: TimeLimit = None,
    seed: Seed = None,
    threads: Threads = None,
) -> ExitCode:
    """Replay signed contracts: what is owed, which invoices don't match, what lapses when, what to decide by when, and what to do next."""
    from api.negotiating import answered, handed_out, output_for
    from api.question import scenario_in
    from api.solving import settings_given
    from models.questions import AskReplay

    settings = settings_given(None, time_limit, seed, threads, False)
    if report is not None and report.suffix.lower() != ".html":
        raise UsageProblem(f"--report: '{report}' must end with .html; --output writes the other forms.")
    stand_in = AskReplay.model_construct()
    outputs = [output_for(path, file, stand_in) for path in (output, report)]
    body = read_file(file, about)
    _, asked = checked(body)
    asked = asked if onward else asked.model_copy(update={"onward": False})
    found, scenario = answered(scenario_in(body), asked, settings)
    return handed_out(found, scenario, outputs, as_json)


def contract(
    file: Annotated[str, typer.Argument(metavar="SCENARIO", help="The scenario that was solved: a file, or a bundled scenario's name.")],
    plan: Annotated[Path, typer.Argument(metavar="PLAN.json", help="Its plan, as `offtake solve -o PLAN.json` writes it.")],
    output: Annotated[Path, option("--output", "-o", metavar="CONTRACT.json", text="Write the contract file here.")],
    today: Annotated[
        str | None, option("--today", metavar="PERIOD", text="Also what the plan does up to the end of this period (default: nothing yet).")
    ] = None,
    future: Annotated[str | None, option("--future", metavar="ID", text="Along which future; may be left out where there is only one.")] = None,
) -> ExitCode:
    """Make a contract file from a plan: the contracts that it signs, to be filled with what happens."""
    from api.negotiating import read_given
    from api.printing import tell
    from api.sources import check_file, read_source
    from models.plan import Plan
    from optimizer.replay_start import belongs, contract_file
    from scenarios import library
    from scenarios.files import parse_document, parse_scenario, write_whole

    path = check_file(output, "--output", inputs=(file, str(plan)))
    scenario = parse_scenario(read_source(file))
    signed = parse_document(read_given(plan, "PLAN"), Plan, "plan")
    belongs(signed, scenario)
    made = contract_file(scenario, signed, today, future)
    whole = file if not Path(file).exists() and file in library.names() else json.loads(scenario.model_dump_json(by_alias=True))
    write_whole(path, json.dumps(file_with(made, whole), indent=1) + "\n")
    tell(f"Wrote the contract file {path}")
    return ExitCode.OPTIMAL


def file_with(made: ContractFile, scenario: Any) -> dict[str, Any]:
    """A contract file with its scenario, as it is written: what is not said has its default."""
    return {"format": made.format, "scenario": scenario, **made.model_dump(mode="json", by_alias=True, exclude_defaults=True)}


def read_file(file: str, about: str | None = None) -> bytes:
    """A contract file with its scenario inside, as it is sent to the service. Raises UsageProblem, InvalidScenario."""
    from api.sources import read_raw, read_source
    from models.errors import Finding, InvalidScenario
    from scenarios import library
    from scenarios.files import check_json

    if file != "-" and not Path(file).exists():
        raise UsageProblem(f"There is no file '{file}'; `offtake contract` makes one from a plan.")
    try:
        data: Any = check_json(read_raw(file))
    except InvalidScenario as error:
        raise InvalidScenario(error.findings, WHAT) from None
    if not isinstance(data, dict):
        raise InvalidScenario([Finding("", "must be an object with `scenario` and `contracts`; docs/replay.md has one")], WHAT)
    named = about if about is not None else data.get("scenario")
    if not isinstance(named, str) or (about is None and named in library.names()):
        return json.dumps(data).encode()
    path = Path(named) if about is not None or file == "-" else Path(file).parent / named
    if about is None and not path.is_file():
        told = f"there is no file '{path}', and no bundled scenario '{named}'; give the scenario itself, its name, or a path from the contract file's folder"
        raise InvalidScenario([Finding("scenario", told)], WHAT)
    return json.dumps({**data, "scenario": check_json(read_source(str(path)))}).encode()


def checked(body: bytes) -> tuple[Scenario, AskReplay]:
    """The scenario and the contract file in a body. Raises InvalidScenario."""
    from api.question import read_question
    from models.errors import InvalidScenario
    from models.questions import AskReplay

    try:
        scenario, asked = read_question(body, "replay")
    except InvalidScenario as error:
        raise InvalidScenario(error.findings, WHAT) from None
    assert isinstance(asked, AskReplay)
    return scenario, asked
