"""`offtake negotiate session`: a negotiation in a file, one step at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.exit_codes import ExitCode, UsageProblem
from api.options import AsJson, Seed, Threads, option

if TYPE_CHECKING:
    from models.session_questions import SessionQuestion

app = typer.Typer(no_args_is_help=True, help="Hold a negotiation: rounds of offers both ways, kept in a file with the reasons of every move.")

Scenario = Annotated[str, typer.Argument(metavar="SCENARIO", help="The scenario the session is about.")]
File = Annotated[Path, typer.Argument(metavar="SESSION.json", help="The session's file; it is read, and the longer session is written to it.")]
Offer = Annotated[str | None, option("--offer", metavar="OFFER", text="The offer that is talked about (default: the only one).")]
TimeLimit = Annotated[float | None, option("--time-limit", metavar="SECONDS", text="Give up after this long.")]


@app.command()
def start(
    scenario: Scenario, session: File,
    settings: Annotated[Path | None, option("--settings", metavar="FILE.json", text="What is agreed among ourselves (`settings` of a session).")] = None,
    brought: Annotated[Path | None, option("--desk", metavar="FILE.json", text="Or a desk file: talks about every offer that has a menu and a view.")] = None,
    rounds: Annotated[int | None, option("--rounds", metavar="NUMBER", text="Turns of ours with each supplier (default: 6).")] = None,
    as_json: AsJson = False,
) -> ExitCode:  # fmt: skip
    """Begin a session and write its file."""
    from api.negotiating_session import settings_of
    from models.session_questions import AskSessionStart

    if session.exists():
        raise UsageProblem(f"'{session}' is there already; a session begins in a file of its own.")
    return _step(scenario, session, lambda raw: AskSessionStart(settings=settings_of(raw, settings, brought, rounds)), as_json)


@app.command()
def form(
    scenario: Scenario,
    offer: Annotated[str, typer.Argument(metavar="OFFER", help="The offer that is negotiated.")],
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx", help="The workbook to write.")],
    alternative: Annotated[str | None, option("--alternative", metavar="ID", text="The alternative it is about (default: left open).")] = None,
) -> ExitCode:
    """Write a form for a supplier's counter-offer: the terms of an offer, each with a cell for their value. `receive --workbook` reads it."""
    from api.workbooks import write_form

    return write_form(scenario, offer, file, alternative)


@app.command(name="next")
def next_(
    scenario: Scenario, session: File, offer: Offer = None, as_json: AsJson = False, time_limit: TimeLimit = None, seed: Seed = None, threads: Threads = None
) -> ExitCode:  # fmt: skip
    """Say what to put forward next, or whether to accept or to leave, and why."""
    from api.negotiating_session import stored
    from models.session_questions import AskSessionNext

    return _step(scenario, session, lambda _: AskSessionNext(session=stored(session), offer=offer), as_json, time_limit, seed, threads)


@app.command()
def receive(
    scenario: Scenario, session: File, offer: Offer = None,
    price: Annotated[float | None, option("--price", metavar="PRICE", text="They put a package on the table, at this headline price.")] = None,
    terms: Annotated[list[str] | None, option("--set", metavar="LEVER=VALUE", text="Another term of theirs; may be given several times.")] = None,
    alternative: Annotated[str | None, option("--alternative", metavar="ID", text="The alternative of theirs.")] = None,
    refusal: Annotated[bool, option("--refusal", text="They refuse, and name no package of their own.")] = False,
    pick: Annotated[int | None, option("--pick", metavar="NUMBER", text="They like this one of our packages best.")] = None,
    left: Annotated[bool, option("--left", text="They leave the table.")] = False,
    workbook: Annotated[Path | None, option("--workbook", metavar="FILE.xlsx", text="Their package, in the form that `form` wrote.")] = None,
    event: Annotated[Path | None, option("--event", metavar="FILE.json", text="Anything else, as the schema has it.")] = None,
    as_json: AsJson = False, time_limit: TimeLimit = None, seed: Seed = None, threads: Threads = None,
) -> ExitCode:  # fmt: skip
    """Take down what they did: a package of theirs, a refusal, a pick, their leaving, or any event in a file."""
    from api.negotiating_session import Heard, stored
    from models.session_questions import AskSessionReceive

    heard = Heard(offer, price, terms, alternative, refusal, pick, left, event, workbook)

    def made(_: bytes) -> SessionQuestion:
        now = stored(session)
        return AskSessionReceive(session=now, event=heard.event(now))

    return _step(scenario, session, made, as_json, time_limit, seed, threads)


@app.command()
def accept(
    scenario: Scenario, session: File, offer: Offer = None, as_json: AsJson = False, time_limit: TimeLimit = None, seed: Seed = None, threads: Threads = None
) -> ExitCode:  # fmt: skip
    """Accept their package that is on the table."""
    from api.negotiating_session import stored
    from models.session_questions import AskSessionAccept

    return _step(scenario, session, lambda _: AskSessionAccept(session=stored(session), offer=offer), as_json, time_limit, seed, threads)


@app.command()
def replay(
    scenario: Scenario, session: File, as_json: AsJson = False, time_limit: TimeLimit = None, seed: Seed = None, threads: Threads = None
) -> ExitCode:  # fmt: skip
    """Work a session out again: it must come to the same bytes."""
    from api.negotiating_session import stored
    from models.session_questions import AskSessionReplay

    return _step(scenario, session, lambda _: AskSessionReplay(session=stored(session)), as_json, time_limit, seed, threads)


def _step(scenario: str, session: Path, question: Callable[[bytes], SessionQuestion], as_json: bool, *limits: Any) -> ExitCode:
    from api.negotiating_session import step

    return step(scenario, session, question, as_json, *limits)
