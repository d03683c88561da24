"""The `offtake` command line. Its verbs mirror the HTTP routes; its exit codes are in `api.exit_codes`.

Standard output holds the result and nothing else; progress and messages go to standard error. Everything heavy is imported by the command that needs it.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api import contracts, explain, key_verbs, model_verb, negotiate, store_verbs, workbooks
from api.exit_codes import ExitCode, UsageProblem, error_document, exit_code_of, message_of, outcome_of, worst
from api.options import AsJson, Seed, Threads
from api.options import option as _option
from api.printing import print_json as _print_json
from api.printing import show as _show
from api.printing import tell as _tell
from api.sources import check_file, dump_plan, print_whole, read_source

EPILOG = (
    "Exit codes: 0 optimal, 2 usage, 3 invalid input, 4 infeasible, 5 stopped early with a plan, 6 stopped early without one, "
    "70 internal error, 74 result not written, 130 interrupted."
)
app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]})
app.add_typer(negotiate.app, name="negotiate")
app.add_typer(store_verbs.app, name="store")
app.add_typer(key_verbs.app, name="keys")
app.command()(key_verbs.audit)
app.command()(workbooks.template)
app.command()(workbooks.convert)
app.command()(model_verb.model)
app.command()(explain.why)
app.command()(explain.repair)
app.command()(contracts.contract)
app.command()(contracts.replay)


Gap = Annotated[float | None, _option("--gap", metavar="SHARE", text="Stop when the plan is proven to be this close to the optimum (0.001 = 0.1 %).")]
TimeLimit = Annotated[float | None, _option("--time-limit", metavar="SECONDS", text="Stop after this long and keep the best plan.")]
NoBaselines = Annotated[bool, _option("--no-baselines", text="Leave out the three baselines (no VSS, no EVPI).")]
Cluster = Annotated[str | None, _option("--cluster", metavar="ADDRESS", text="Let a Dask cluster do the work: the address of its scheduler, tcp://host:8786.")]
Version = Annotated[bool, _option("--version", text="Print the version.")]


class Schema(StrEnum):
    """The documents that have a schema."""

    scenario = "scenario"
    plan = "plan"
    frontier = "frontier"
    negotiation = "negotiation"
    session = "session"
    contract = "contract"


class RiskFigure(StrEnum):
    """What expected cost is traded against."""

    cvar = "cvar"
    shortage = "shortage"


def main() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # an old terminal shows "?" rather than a traceback
    try:
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # one more Ctrl-C, while the last was being answered
        code = ExitCode.INTERRUPTED
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        sys.exit(code)  # in a closed pipe, say
    # Not sys.exit: a model is a web of objects that takes a while to take apart, and after Ctrl-C a solver may still run in a thread that can't be joined.
    os._exit(code)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code. Whatever goes wrong becomes a message, and with `--json` a document."""
    as_json = "--json" in arguments
    try:
        code = app(arguments, prog_name="offtake", standalone_mode=False)
    except BaseException as error:  # SystemExit of a library included: the exit codes are ours
        if isinstance(error, SystemExit) and isinstance(error.__context__, BrokenPipeError):  # the reader of a help page has seen enough of it
            return ExitCode.OPTIMAL
        return _complain(error, as_json)
    if isinstance(code, ExitCode) or not code:
        return code or ExitCode.OPTIMAL
    return _complain(KeyboardInterrupt(), as_json)  # typer answers Ctrl-C with a bare number


def _complain(error: BaseException, as_json: bool) -> ExitCode:
    """Say what went wrong: to the reader on standard error, to a script on standard output."""
    if hasattr(error, "format_message"):  # typer's own: an unknown option, a missing argument
        error.show()  # type: ignore[attr-defined]
        error = UsageProblem(error.format_message())
    else:
        error = KeyboardInterrupt() if type(error).__name__ == "Abort" else error  # older typers' word for Ctrl-C
        outcome = outcome_of(error)
        _tell(f"Error: {message_of(error)}")
        if outcome.kind == "internal":
            traceback.print_exception(error, limit=-8)
    if as_json:
        _print_json(error_document(error))
    return outcome_of(error).exit_code


@app.callback(invoke_without_command=True, epilog=EPILOG)
def offtake(version: Version = False) -> None:
    """Which supply contracts to sign, how much to commit, what to leave to the spot market, and what it costs in every future."""
    if version:
        from importlib.metadata import version as installed

        print_whole(f"offtake {installed('offtake')}\n")


@app.command()
def solve(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A scenario (JSON or .xlsx), '-' for standard input, or the name of a bundled scenario.")],
    output: Annotated[Path | None, _option("--output", "-o", metavar="PLAN.json", text="Write the plan here.")] = None,
    report: Annotated[Path | None, _option("--report", metavar="REPORT.html", text="Write a report with charts here.")] = None,
    csv: Annotated[Path | None, _option("--csv", metavar="DIR", text="Write the plan's tables into this folder, one CSV file each.")] = None,
    xlsx: Annotated[Path | None, _option("--xlsx", metavar="PLAN.xlsx", text="Write the plan as an Excel workbook with charts here.")] = None,
    as_json: AsJson = False,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    seed: Seed = None,
    threads: Threads = None,
    no_baselines: NoBaselines = False,
    cluster: Cluster = None,
) -> ExitCode:
    """Solve a scenario and print the plan. Ctrl-C stops the search and keeps the best plan."""
    from api.solving import outputs_for, settings_given, solve_one
    from api.terminal import print_report

    settings = settings_given(gap, time_limit, seed, threads, no_baselines)
    outputs = outputs_for(file, output, report, csv, xlsx)
    plan, scenario = solve_one(file, settings, cluster)
    written, problem = outputs.write(plan, scenario)
    if as_json:
        print_whole(dump_plan(plan))
    else:
        _show(lambda console: print_report(plan, console))
    for phrase in written:
        _tell(f"Wrote the {phrase}")
    return _complain(problem, as_json=False) if problem else exit_code_of(plan)


@app.command()
def stress(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A scenario (JSON or .xlsx), '-' for standard input, or the name of a bundled scenario.")],
    plan: Annotated[Path | None, _option("--plan", metavar="PLAN.json", text="Put this plan to the test, instead of solving the scenario.")] = None,
    output: Annotated[Path | None, _option("--output", "-o", metavar="PLAN.json", text="Write the plan with its tests here.")] = None,
    report: Annotated[Path | None, _option("--report", metavar="REPORT.html", text="Write a report with charts here.")] = None,
    csv: Annotated[Path | None, _option("--csv", metavar="DIR", text="Write the plan's tables into this folder, one CSV file each.")] = None,
    xlsx: Annotated[Path | None, _option("--xlsx", metavar="PLAN.xlsx", text="Write the plan as an Excel workbook with charts here.")] = None,
    as_json: AsJson = False,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    seed: Seed = None,
    threads: Threads = None,
    no_baselines: NoBaselines = False,
) -> ExitCode:
    """Put a plan to the test: what-ifs and regret, probabilities at which the award changes, wrong probabilities."""
    from api.solving import outputs_for, settings_given
    from api.stress import stress_one
    from api.stress_page import print_stress

    settings = settings_given(gap, time_limit, seed, threads, no_baselines)
    outputs = outputs_for(file, output, report, csv, xlsx)
    tested, scenario = stress_one(file, settings, plan)
    written, problem = outputs.write(tested, scenario)
    if as_json:
        print_whole(dump_plan(tested))
    else:
        _show(lambda console: print_stress(tested, console))
    for phrase in written:
        _tell(f"Wrote the {phrase}")
    return _complain(problem, as_json=False) if problem else exit_code_of(tested)


@app.command()
def frontier(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A scenario (JSON or .xlsx), '-' for standard input, or the name of a bundled scenario.")],
    output: Annotated[Path | None, _option("--output", "-o", metavar="FRONTIER.json", text="Write the frontiers here.")] = None,
    report: Annotated[Path | None, _option("--report", metavar="REPORT.html", text="Write a page with charts here.")] = None,
    csv: Annotated[Path | None, _option("--csv", metavar="DIR", text="Write the points into this folder as CSV files.")] = None,
    as_json: AsJson = False,
    risk: Annotated[list[RiskFigure] | None, _option("--risk", text="What cost is traded against; give it twice for both (default: both).")] = None,
    points: Annotated[int | None, _option("--points", metavar="NUMBER", text="How many points each frontier is shown with (default: 20).")] = None,
    gap: Annotated[float | None, _option("--gap", metavar="SHARE", text="No plan may be better than a point by more than this in both figures.")] = None,
    time_limit: TimeLimit = None,
    seed: Seed = None,
    threads: Threads = None,
) -> ExitCode:
    """Trace what less risk costs: expected cost against CVaR and against expected shortage, every point proven."""
    from api.frontier import dump_frontier, exit_code_of, frontier_one, wanted_from, write_frontier
    from api.frontier_page import print_frontier
    from api.solving import outputs_for, settings_given

    settings, wanted = settings_given(None, time_limit, seed, threads, False), wanted_from([x.value for x in risk or []], points, gap)
    outputs = outputs_for(file, output, report, csv)
    found, scenario = frontier_one(file, settings, wanted)
    written, problem = write_frontier(found, scenario, outputs)
    if as_json:
        print_whole(dump_frontier(found))
    else:
        _show(lambda console: print_frontier(found, console))
    for phrase in written:
        _tell(f"Wrote the {phrase}")
    return _complain(problem, as_json=False) if problem else exit_code_of(found)


@app.command()
def batch(
    sources: Annotated[list[str], typer.Argument(metavar="DIR_OR_FILES...", help="Folders (every *.json and *.xlsx in them), files, or bundled names.")],
    out: Annotated[Path, _option("--out", metavar="DIR", text="Folder for the plans and the summary (default: plans).")] = Path("plans"),
    jobs: Annotated[int | None, _option("--jobs", "-j", min=1, max=256, metavar="NUMBER", text="How many at once (default: one per processor).")] = None,
    resume: Annotated[bool, _option("--resume/--no-resume", text="Skip what an earlier batch solved: same scenario, same settings (default).")] = True,
    as_json: AsJson = False,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    seed: Seed = None,
    threads: Threads = None,
    no_baselines: NoBaselines = False,
    cluster: Cluster = None,
) -> ExitCode:
    """Solve many scenarios, each in a process of its own, or on a cluster. One that fails never stops the others; the exit code tells the worst outcome."""
    from api.batch import summary_document
    from api.solving import settings_given, solve_many
    from api.summary import print_summary

    runs = solve_many(sources, out, settings_given(gap, time_limit, seed, threads, no_baselines), jobs, resume, cluster)
    if as_json:
        _print_json(summary_document(runs))
    else:
        _show(lambda console: print_summary(runs, console))
        _tell(f"Plans and summary are in {out}")
    return worst(run.exit_code for run in runs)


@app.command()
def validate(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Scenarios (JSON or .xlsx), '-' for standard input, or names of bundled scenarios.")],
    as_json: AsJson = False,
) -> ExitCode:
    """Check scenarios without solving them, and list every finding."""
    from api.page import clean
    from models.errors import OfftakeError
    from scenarios.files import parse_scenario

    found: list[tuple[str, OfftakeError | None]] = []
    for file in files:
        try:
            parse_scenario(read_source(file))
            found.append((file, None))
        except OfftakeError as error:
            found.append((file, error))
    if as_json:
        rows = [{"file": file, "valid": error is None, **(error_document(error) if error else {})} for file, error in found]
        _print_json({"valid": all(error is None for _, error in found), "files": rows})
    else:
        print_whole("".join(clean(f"{file}: {error or 'valid'}\n") for file, error in found))
    return worst(outcome_of(error).exit_code if error else ExitCode.OPTIMAL for _, error in found)


@app.command()
def fit(
    history: Annotated[str, typer.Argument(metavar="HISTORY.csv", help="Prices and volumes, one row per month, quarter or year; '-' for standard input.")],
    scenario: Annotated[str | None, _option("--scenario", metavar="SCENARIO.json", text="The scenario that the settings are for: ids and periods.")] = None,
    out: Annotated[Path | None, _option("--out", "-o", metavar="SETTINGS.json", text="Write the settings here: the scenario's `uncertainty` table.")] = None,
    picture: Annotated[Path | None, _option("--picture", metavar="FIT.html", text="Write a picture of fit against data here.")] = None,
    regimes: Annotated[int | None, _option("--regimes", metavar="NUMBER", text="So many market regimes, 2 to 4; 0 for none (default: by BIC).")] = None,
    period_years: Annotated[float | None, _option("--period-years", metavar="YEARS", text="Length of a period (default: the scenario's, otherwise 1).")] = None,
    drift: Annotated[bool, _option("--drift", text="Put the drift of prices into the settings, on top of base values.")] = False,
    futures: Annotated[int | None, _option("--futures", metavar="NUMBER", text="How many futures the plan is to be made for (default: 200).")] = None,
    seed: Annotated[int | None, _option("--seed", metavar="NUMBER", text="The seed that the settings draw with (default: 1).")] = None,
    as_json: AsJson = False,
) -> ExitCode:
    """Make generator settings from a history of prices and volumes, and say how sure they are."""
    from api.fitting import Options, fit_history, paths_for, print_fit, write_fit

    settings, page = paths_for(history, scenario, out, picture)
    found = fit_history(history, scenario, Options(period_years, regimes, drift, futures, seed))
    written, problem = write_fit(found, settings, page)
    if as_json:
        _print_json(found.document())
    else:
        _show(lambda console: print_fit(found, console))
    for phrase in written:
        _tell(f"Wrote the {phrase}")
    return _complain(problem, as_json=False) if problem else ExitCode.OPTIMAL


@app.command()
def schema(document: Annotated[Schema, typer.Argument(help="Which document.")] = Schema.scenario) -> ExitCode:
    """Print the JSON Schema of a scenario, a plan, a frontier, of what is brought to a negotiation, of its session, or of a contract file."""
    if document is Schema.scenario:
        from models.scenario import Scenario

        found = Scenario.model_json_schema()
    elif document is Schema.plan:
        from models.plan import Plan

        found = Plan.model_json_schema(mode="serialization")
    elif document is Schema.negotiation:
        from models.negotiation import Negotiation

        found = Negotiation.model_json_schema()
    elif document is Schema.session:
        from models.session import Session

        found = Session.model_json_schema()
    elif document is Schema.contract:
        from models.contract import ContractFile

        found = ContractFile.model_json_schema()
    else:
        from models.frontier import Frontier

        found = Frontier.model_json_schema(mode="serialization")
    _print_json({"$schema": "https://json-schema.org/draft/2020-12/schema", **found})
    return ExitCode.OPTIMAL


@app.command()
def example(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A bundled scenario; without it, all are listed.", show_default=False)] = None,
    output: Annotated[Path | None, _option("--output", "-o", metavar="FILE", text="Write the scenario here instead of printing it.")] = None,
) -> ExitCode:
    """Print a bundled scenario, or list them all."""
    from scenarios import library
    from scenarios.files import write_whole

    names = list(library.names())
    if name is None:
        width = max(map(len, names), default=0)
        print_whole("".join(f"{each:<{width}}  {json.loads(library.read(each)).get('name', '')}\n" for each in names))
    elif name not in names:
        raise UsageProblem(f"There is no bundled scenario '{name}'. Known are: {', '.join(names)}.")
    elif output is None:
        print_whole(library.read(name).decode())
    elif output.suffix.lower() == ".xlsx":
        return workbooks.template(output, name)
    else:
        write_whole(check_file(output, "--output"), library.read(name))
    return ExitCode.OPTIMAL


@app.command()
def serve(
    host: Annotated[str | None, _option("--host", metavar="ADDRESS", text="Address to listen on (default: 127.0.0.1).")] = None,
    port: Annotated[int | None, _option("--port", metavar="NUMBER", min=0, max=65535, text="Port to listen on (default: 8000); 0 takes a free one.")] = None,
    cluster: Cluster = None,
) -> ExitCode:
    """Start the HTTP service and the web form."""
    from api.serving import serve_until_interrupted

    serve_until_interrupted(host, port, _tell, cluster)
    return ExitCode.OPTIMAL


if __name__ == "__main__":
    main()
