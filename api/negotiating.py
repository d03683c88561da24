"""A question typed at the command line: made, checked, answered under a line of progress, printed and written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError
from rich.console import Console

from api.exit_codes import ExitCode, UsageProblem, message_of, outcome_of
from api.interrupt import in_thread, stop_on_interrupt
from api.live import SolveDisplay
from api.negotiate_page import print_answer
from api.printing import show, tell
from api.question import OPTIONS, check_question
from api.solving import results_only, settings_given
from api.sources import check_file, print_whole, read_source, write_each
from models.base import Document
from models.negotiation import Negotiation, Package
from models.options import override
from models.questions import Question
from models.session_questions import SessionQuestion
from models.sheet import ContractSheet
from scenarios.files import parse_document, parse_scenario

if TYPE_CHECKING:
    from api.asking import Answer
    from models.scenario import Scenario

D = TypeVar("D", bound=Document)
ENDINGS = (".json", ".html", ".xlsx", ".csv")
NO_SHEET = (".pdf", ".doc", ".rtf", ".odt", ".csv", ".xlsx")  # endings that promise what a sheet is not written as


@dataclass(frozen=True)
class Given:
    """What is typed besides the question."""

    output: Path | None = None
    as_json: bool = False
    time_limit: float | None = None
    seed: int | None = None
    threads: int | None = None


def ask(source: str, question: Callable[[], Question], given: Given) -> ExitCode:
    """Answer a question: print the answer, write it where asked. Ctrl-C ends the search without an answer."""
    settings = settings_given(None, given.time_limit, given.seed, given.threads, False)
    asked = question()
    output = output_for(given.output, source, asked)
    found, scenario = answered(read_source(source), asked, settings)
    return handed_out(found, scenario, [output], given.as_json)


def handed_out(found: Answer, scenario: Scenario, outputs: Sequence[Path | None], as_json: bool) -> ExitCode:
    """Print an answer, and write it where asked."""
    things: list[tuple[str, Path | None, Callable[[Path], None]]] = [("answer", output, partial(_write, found, scenario)) for output in outputs]
    written, problem = write_each(things)
    if as_json:
        print_whole(found.model_dump_json(indent=1) + "\n")
    elif isinstance(found, ContractSheet):
        if not any(outputs):
            print_whole(_sheet_text(found))
    else:
        show(lambda console: print_answer(found, scenario, console))
    for phrase in written:
        tell(f"Wrote the {phrase}")
    if problem is None:
        return ExitCode.OPTIMAL
    tell(f"Error: {message_of(problem)}")
    return outcome_of(problem).exit_code


def answered(raw: bytes, question: Question | SessionQuestion, settings: dict[str, Any]) -> tuple[Answer, Scenario]:
    """The answer to a question about the scenario in `raw`. Ctrl-C raises Cancelled."""
    stop = threading.Event()
    display = SolveDisplay(Console(stderr=True, markup=False, highlight=False), "Ctrl-C ends without an answer", "Stopping; there is no half an answer.")

    def work() -> tuple[Answer, Scenario]:
        scenario = parse_scenario(raw)
        if not isinstance(question, SessionQuestion):
            check_question(scenario, question)
        from api.asking import answer  # a second of imports, which a document full of mistakes needn't wait for

        return answer(scenario, question, override(scenario.solve, **settings), on_progress=display, stop=stop), scenario

    with stop_on_interrupt(stop, display.stopping), display, results_only():
        return in_thread(work)


def package_of(offer: str, alternative: str | None, price: float | None, terms: list[str] | None) -> Package:
    """The package that is typed. Raises UsageProblem."""
    found: dict[str, float] = {}
    for text in terms or []:
        lever, given, value = text.partition("=")
        if lever.strip() in found:
            raise UsageProblem(f"--set: '{lever.strip()}' is set twice; keep one.")
        try:
            found[lever.strip()] = float(value)
        except ValueError:
            given = ""
        if not given:
            raise UsageProblem(f"--set: '{text}' must be a lever and a number, e.g. take_or_pay.fraction=0.7.")
    if "price" in found:
        raise UsageProblem("--set: the price is an option of its own, --price.")
    try:
        return Package(offer=offer, alternative=alternative, price=price, terms=found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise UsageProblem(f"{OPTIONS[str(first['loc'][0])]}: {first['msg'][:1].lower()}{first['msg'][1:]}.") from None


def at_hand(offers: tuple[str, ...], alternative: str | None, price: float | None, terms: list[str] | None) -> Package | None:
    """The package from whose terms steps are taken, if one is typed. Raises UsageProblem where it is not clear whose."""
    if alternative is None and price is None and not terms:
        return None
    if len(offers) != 1:
        raise UsageProblem("Name the one offer whose package --price, --set and --alternative describe.")
    return package_of(offers[0], alternative, price, terms)


def desk_of(path: Path | None, margin: float | None = None) -> Negotiation:
    """What is brought to the table. Raises UsageProblem, InvalidScenario."""
    found = Negotiation() if path is None else parse_document(read_given(path, "--desk"), Negotiation, "desk file")
    return found if margin is None else with_option(found, margin=margin)


def read_given(path: Path, option: str) -> bytes:
    """What is in a file that an option names. Raises UsageProblem."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageProblem(f"{option}: '{path}' can't be read: {error.strerror or error}.") from None


def with_option(found: D, **given: object) -> D:
    """A document with one field as an option of the same name gives it. Raises UsageProblem."""
    try:
        return type(found).model_validate({**found.model_dump(), **given})
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise UsageProblem(f"--{next(iter(given))}: {told[:1].lower()}{told[1:]}.") from None


def target_of(text: str) -> dict[str, float]:
    """What we want to gain: money, or a share of the most there is. Raises UsageProblem."""
    share = text.strip().endswith("%")
    try:
        value = float(text.strip().removesuffix("%").replace(",", ""))
    except ValueError:
        raise UsageProblem(f"--target: '{text}' must be money (250000) or a share of the most we can gain (60%).") from None
    return {"target_share": value / 100} if share else {"target": value}


def output_for(path: Path | None, source: str, question: Question) -> Path | None:
    """Where the answer goes, checked before any work is done. Raises UsageProblem, ExtraMissing."""
    if path is None:
        return None
    if question.ask == "sheet":
        if path.suffix.lower() in NO_SHEET:
            raise UsageProblem(f"--output: '{path}' must end with .html, .docx, .json, .md or .txt; the ending says what is written.")
        if path.suffix.lower() == ".docx":
            from optimizer.report import word_is_there

            word_is_there()
    elif path.suffix.lower() not in ENDINGS:
        raise UsageProblem(f"--output: '{path}' must end with {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}; the ending says what is written.")
    return check_file(path, "--output", inputs=(source,))


def _write(found: Answer, scenario: Scenario, path: Path) -> None:
    from optimizer.report import csv_negotiation, excel_negotiation, html_negotiation, write_sheet
    from scenarios.files import write_whole

    if isinstance(found, ContractSheet):
        write_sheet(found, path)
    elif path.suffix.lower() == ".json":
        write_whole(path, found.model_dump_json(indent=1) + "\n")
    elif path.suffix.lower() == ".xlsx":
        write_whole(path, excel_negotiation(found, scenario))
    else:
        write_whole(path, csv_negotiation(found) if path.suffix.lower() == ".csv" else html_negotiation(found, scenario))


def _sheet_text(found: ContractSheet) -> str:
    from optimizer.report import text_sheet

    return text_sheet(found)
