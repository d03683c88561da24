"""One step of a session that is kept in a file: read, asked, printed, and written back whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from api.exit_codes import ExitCode, UsageProblem, message_of, outcome_of
from api.negotiate_page import print_answer
from api.negotiating import answered, desk_of, package_of, read_given, with_option
from api.printing import show, tell
from api.solving import settings_given
from api.sources import check_file, print_whole, read_source, write_each
from models.errors import InvalidScenario
from models.negotiation import Negotiation
from models.scenario import Scenario
from models.session import Event, LeaveTable, Pick, Refusal, Session, SessionSettings, Talk, TheirOffer
from models.session_questions import SessionQuestion
from scenarios.files import check_json, parse_document, parse_scenario


@dataclass(frozen=True)
class Heard:
    """What they did, as it is typed."""

    offer: str | None
    price: float | None
    terms: list[str] | None
    alternative: str | None
    refusal: bool
    pick: int | None
    left: bool
    file: Path | None
    workbook: Path | None = None

    def event(self, session: Session) -> Event:
        """The event. Raises UsageProblem."""
        package = self.price is not None or bool(self.terms)
        if sum((package, self.refusal, self.pick is not None, self.left, self.file is not None, self.workbook is not None)) != 1:
            raise UsageProblem("Say one thing that they did: a package (--price, --set, or --workbook), --refusal, --pick, --left, or --event.")
        if self.file is not None:
            return _event(self.file)
        if self.workbook is not None:
            return _counter(self.workbook, self.offer)
        offers = [talk.menu.offer for talk in session.settings.talks]
        if self.offer is None and len(offers) > 1:
            raise UsageProblem(f"--offer: several offers are talked about ({', '.join(offers)}); name one.")
        offer = self.offer or offers[0]
        if self.refusal:
            return Refusal(offer=offer)
        if self.left:
            return LeaveTable(by="supplier", offer=offer)
        if self.pick is not None:
            return _picked(offer, self.pick)
        return TheirOffer(package=package_of(offer, self.alternative, self.price, self.terms))


def _counter(path: Path, offer: str | None) -> TheirOffer:
    """The package in a form that came back. Raises UsageProblem, InvalidScenario."""
    from scenarios.workbook_counter import read_counter

    found = read_counter(read_given(path, "--workbook"))
    if offer is not None and found.offer != offer:
        raise UsageProblem(f"--workbook: the form is about the offer '{found.offer}', not about '{offer}'.")
    return found


def _picked(offer: str, number: int) -> Pick:
    try:
        return Pick(offer=offer, number=number)
    except ValidationError:
        raise UsageProblem(f"--pick: {number} is no number of a package that was put forward.") from None


def _event(path: Path) -> Event:
    raw = read_given(path, "--event")
    try:
        check_json(raw)
    except InvalidScenario as error:
        raise InvalidScenario(error.findings, "event") from None
    try:
        found: Event = TypeAdapter(Event).validate_json(raw)
        return found
    except ValidationError:
        raise UsageProblem(f"--event: '{path}' holds no event of a session; `offtake schema session` says how one looks.") from None


def stored(path: Path) -> Session:
    """The session in a file, its seals checked. Raises UsageProblem, InvalidScenario."""
    from optimizer.negotiation.session_files import read_session

    return read_session(read_given(path, "SESSION"))


def settings_of(raw: bytes, settings: Path | None, brought: Path | None, rounds: int | None) -> SessionSettings:
    """What is agreed before the first word: as written, or made of a desk file. Raises UsageProblem, InvalidScenario."""
    if (settings is None) == (brought is None):
        raise UsageProblem("Give one of --settings and --desk.")
    if settings is not None:
        found = parse_document(read_given(settings, "--settings"), SessionSettings, "settings file")
    else:
        desk = desk_of(brought)
        talks = _talks(desk, parse_scenario(raw))
        if not talks:
            raise UsageProblem("--desk: it has no offer with both a menu and a view of its supplier, so there is nothing to talk about.")
        found = SessionSettings(talks=talks, margin=desk.margin)
    return found if rounds is None else with_option(found, rounds=rounds)


def _talks(desk: Negotiation, scenario: Scenario) -> tuple[Talk, ...]:
    """Every offer of the desk file that has a menu and a supplier of whom something is believed."""
    supplier = {x.id: x.supplier for x in scenario.offers}
    views = {view.supplier: view for view in desk.suppliers}
    return tuple(Talk(menu=menu, view=views[supplier[menu.offer]]) for menu in desk.menus if supplier.get(menu.offer) in views)


def step(
    source: str,
    path: Path,
    question: Callable[[bytes], SessionQuestion],
    as_json: bool,
    time_limit: float | None = None,
    seed: int | None = None,
    threads: int | None = None,
) -> ExitCode:
    """Take one step and write the longer session where it came from."""
    settings = settings_given(None, time_limit, seed, threads, False)
    path = check_file(path, "SESSION", inputs=(source,))
    raw = read_source(source)
    asked = question(raw)
    found, scenario = answered(raw, asked, settings)
    assert isinstance(found, Session)
    written, problem = ([], None) if asked.ask == "session-replay" else write_each([("session", path, lambda to: _write(found, to))])
    _print(found, scenario, as_json, replayed=asked.ask == "session-replay")
    for phrase in written:
        tell(f"Wrote the {phrase}")
    if problem is None:
        return ExitCode.OPTIMAL
    tell(f"Error: {message_of(problem)}")
    return outcome_of(problem).exit_code


def _write(session: Session, path: Path) -> None:
    from optimizer.negotiation.session_files import write_session

    write_session(session, path)


def _print(session: Session, scenario: Scenario, as_json: bool, *, replayed: bool) -> None:
    if as_json:
        print_whole(session.model_dump_json(indent=1) + "\n")
        return

    def draw(console: Console) -> None:
        print_answer(session, scenario, console)

    show(draw)
    if replayed:
        tell(f"Worked out again: {len(session.events)} events, the same bytes.")
