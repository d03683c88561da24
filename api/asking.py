"""Answers of the negotiation desk: a scenario and a question in, a document out. The same for the command line and for the service's child processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from api.question import WHAT, placed, view_of
from models.bargain import Bargain, CounterOffer, EquivalentPackages, Zone
from models.errors import Conflict, Finding, Infeasible, InvalidScenario
from models.negotiation import Menu, OfferLedger, Package, PriceGrid, PriceVolumeCurve, TermLedger, WalkAway
from models.options import SolveSettings
from models.questions import (
    AskBargain,
    AskBrief,
    AskCounter,
    AskCurve,
    AskLedger,
    AskLevers,
    AskPackages,
    AskReplay,
    AskSheet,
    AskWalkAway,
    AskWhy,
    AskZone,
    Brief,
    OfferLevers,
    Question,
)  # fmt: skip
from models.replay import Replay
from models.scenario import Scenario
from models.session import Session
from models.session_questions import SessionQuestion
from models.sheet import ContractSheet
from models.why import Why
from optimizer.negotiation import findings
from optimizer.negotiation.curve import price_volume_curve
from optimizer.negotiation.desk import Desk
from optimizer.negotiation.grid import make_table, usual_menu
from optimizer.negotiation.ledger import pairs, term_ledger
from optimizer.negotiation.levers import PRICE, as_offered, headline, levers_of, offer_named, price_of, value_of, with_package
from optimizer.negotiation.packages import most_to_gain
from optimizer.negotiation.sheet import contract_sheet
from optimizer.negotiation.supplier import SupplierGains, refuse_hopeless, supplier_gains
from optimizer.negotiation.table import Table
from optimizer.negotiation.verified import verify, verify_counter
from optimizer.negotiation.walkaway import walk_away
from optimizer.progress import OnProgress, Progress, ignore
from optimizer.replay import replay_contracts
from optimizer.why import explain_plan

Looked = ContractSheet | Session | Why | Replay
Answer = OfferLevers | TermLedger | WalkAway | PriceVolumeCurve | Zone | Bargain | CounterOffer | EquivalentPackages | Brief | Looked
AtTheTable = AskZone | AskBargain | AskCounter | AskPackages | AskBrief
MOST_PAIRED = 5  # steps of an offer that are also taken two by two
LOW, HIGH = 0.7, 1.3  # prices of a curve, relative to the headline price
Tell = Callable[[str], None]


def answer(
    scenario: Scenario,
    question: Question | SessionQuestion,
    settings: SolveSettings | None = None,
    *,
    on_progress: OnProgress = ignore,
    stop: threading.Event | None = None,
) -> Answer:
    """What the desk finds out. Raises InvalidScenario, Infeasible, TimeLimit, Cancelled."""
    if isinstance(question, SessionQuestion):
        from api.asking_session import answer_session

        return answer_session(scenario, question, settings, on_progress=on_progress, stop=stop)
    began = time.monotonic()

    def tell(phase: str) -> None:
        on_progress(Progress(phase, time.monotonic() - began))

    match question:
        case AskLevers():
            names = question.offers or tuple(x.id for x in scenario.offers)
            return OfferLevers(scenario=scenario.name, currency=scenario.currency, offers=tuple(levers_of(scenario, x) for x in names))
        case AskSheet():
            return contract_sheet(scenario, question.package)
        case AskReplay():
            return replay_contracts(scenario, question, settings, onward=question.onward, tell=tell, stop=stop)
        case AskWhy():
            return explain_plan(scenario, question, settings, tell=tell, stop=stop)
    tell("build")
    if isinstance(question, AskLedger) and question.package is not None:
        scenario = with_package(scenario, question.package)
    desk = Desk(scenario, settings, stop=stop)
    tell("solve")
    return _solved(desk, question, tell)


def _solved(desk: Desk, question: Question, tell: Tell) -> Answer:
    """Answers that take solving."""
    scenario, margin = desk.scenario, question.desk.margin
    match question:
        case AskLedger():
            return _ledger(desk, question, tell)
        case AskWalkAway():
            comparable(desk, question.package)
            return walk_away(desk, question.package, margin)
        case AskCurve():
            comparable(desk, question.package)
            return _curve(desk, question)
        case AskBrief():
            return _brief(desk, question, tell)
    assert isinstance(question, AskZone | AskBargain | AskCounter | AskPackages)
    comparable(desk, question.package)
    table, gains, base = _sides(desk, question, tell)
    name, currency = offer_named(scenario, question.package.offer).supplier, scenario.currency
    match question:
        case AskZone():
            return findings.zone_found(table, gains, name, currency, base=base, margin=margin, share=question.share)
        case AskBargain():
            return findings.bargain_found(table, gains, name, currency, power=question.power, share=question.share)
        case AskCounter():
            theirs, target = (base, price_of(scenario, question.package)), _target(table, gains, question)
            found = findings.counter_found(table, gains, name, currency, theirs, target, margin=margin, share=question.share)
            return verify_counter(desk, found)
        case AskPackages():
            return _choices(desk, table, gains, base, question)


def comparable(desk: Desk, package: Package) -> None:
    """Whether there is something to compare: plans with the package and plans without it. Raises Infeasible."""
    desk.side_by_side(package)
    place = next(i for i, x in enumerate(desk.scenario.offers) if x.id == package.offer)
    if not desk.no_deal(package.offer).possible:
        raise Infeasible([Conflict(f"offers[{place}]", f"no plan keeps the hard rules without '{package.offer}', so that there is no deal to do without")])
    if not desk.signed(package).possible:
        raise Infeasible([Conflict(f"offers[{place}]", f"no plan that signs '{package.offer}' on these terms keeps the hard rules")])


def _ledger(desk: Desk, question: AskLedger, tell: Tell) -> TermLedger:
    every = tuple(x.id for x in desk.scenario.offers) if question.package is None else (question.package.offer,)
    offers, done = question.offers or every, [0]

    def heard(_: OfferLedger) -> None:
        done[0] += 1
        tell(f"offer {done[0]} of {len(offers)}")

    found = term_ledger(desk, offers, both_ways=question.both_ways, on_offer=heard)
    if question.pairs:
        tell("pairs")
        told = tuple(x.model_copy(update={"pairs": pairs(desk, x.offer, _worth_most(x))}) for x in found.offers)
        found = found.model_copy(update={"offers": told, "solves": desk.solves})
    return found


def _worth_most(found: OfferLedger) -> dict[str, float]:
    """Steps toward us that are worth most: what is put into pairs."""
    lines = [x for x in found.lines if x.toward == "buyer" and x.possible and x.lever != PRICE and x.worth.upper > 0]
    return {x.lever: x.moved_to for x in lines[:MOST_PAIRED]}


def _curve(desk: Desk, question: AskCurve) -> PriceVolumeCurve:
    top = headline(desk.scenario, question.package).price or 1.0
    low = LOW * top if question.low is None else question.low
    high = HIGH * top if question.high is None else question.high
    return price_volume_curve(desk, question.package, min(low, high), max(low, high), question.points)


def _brief(desk: Desk, question: AskBrief, tell: Tell) -> Brief:
    package, scenario, margin = question.package, desk.scenario, question.desk.margin
    comparable(desk, package)
    tell("walk-away price")
    walk = walk_away(desk, package, margin)
    tell("ledger")
    at_hand = desk if as_offered(package) else Desk(with_package(scenario, package), desk.settings, stop=desk.stop)
    (ledger,) = term_ledger(at_hand, [package.offer]).offers
    tell("curve")
    found = Brief(
        scenario=scenario.name, currency=scenario.currency, walk_away=walk, ledger=ledger, curve=_curve(desk, AskCurve(package=package, desk=question.desk))
    )
    supplier = offer_named(scenario, package.offer).supplier
    if view_of(scenario, question) is None:
        told = f"Nothing is believed about supplier '{supplier}', so that there is no zone and no package to choose; give a view of it to see them."
        return found.model_copy(update={"notes": (told,)})
    try:
        table, gains, base = _sides(desk, question, tell)
    except InvalidScenario as error:
        return found.model_copy(update={"notes": tuple(x.message[:1].upper() + x.message[1:] + "." for x in error.findings)})
    zone = findings.zone_found(table, gains, supplier, scenario.currency, base=base, margin=margin, share=question.share)
    choices = _choices(desk, table, gains, base, AskPackages(package=package, desk=question.desk))
    return found.model_copy(update={"zone": zone, "packages": choices})


def _choices(desk: Desk, table: Table, gains: SupplierGains, base: int, question: AskPackages) -> EquivalentPackages:
    """Packages that cost as much as asked for, or as the package at hand: found on the table, then each of them solved exactly."""
    scenario, margin = desk.scenario, question.desk.margin
    cost = table.cells[base].cost_at(price_of(scenario, question.package)) if question.cost is None else question.cost
    name = offer_named(scenario, question.package.offer).supplier
    found = findings.choices_found(table, gains, name, scenario.currency, cost, count=question.count, margin=margin)
    return verify(desk, found, cost, most=desk.no_deal(question.package.offer).lower - margin)


def _target(table: Table, gains: SupplierGains, question: AskCounter) -> float:
    """What we want to gain, in money."""
    if question.target is not None:
        return question.target
    assert question.target_share is not None
    return question.target_share * max(most_to_gain(table, gains, share=question.share) or 0.0, 0.0)


def _sides(desk: Desk, question: AtTheTable, tell: Tell) -> tuple[Table, SupplierGains, int]:
    """Both sides of the table: what every package is worth to us and to the supplier, and which cell holds the terms at hand."""
    view = view_of(desk.scenario, question)
    assert view is not None
    menu, at_hand = menu_with(desk, question)
    with _told(lambda x: Finding(_menu_path(question), x.message)):
        table = make_table(desk, menu, lambda done, of: tell(f"terms {done} of {of}"))
    with _told(lambda x: placed(x, f"desk.suppliers[{question.desk.suppliers.index(view)}]")):
        gains = supplier_gains(table, view)
        refuse_hopeless(table, view, gains)
    base = max(range(len(table.cells)), key=lambda c: sum(at_hand.get(lever) == value for lever, value in table.cells[c].terms))
    return table, gains, base


def _menu_path(question: AtTheTable) -> str:
    """Where the levers of the package's menu are written; without a menu, where its terms are."""
    about = (question.package.offer, question.package.alternative)
    return next((f"desk.menus[{i}].levers" for i, x in enumerate(question.desk.menus) if (x.offer, x.alternative) == about), "package.terms")


@contextmanager
def _told(place: Callable[[Finding], Finding]) -> Iterator[None]:
    """What is found out about a part of what was brought is said of its place in the question."""
    try:
        yield
    except InvalidScenario as error:
        raise InvalidScenario([place(x) for x in error.findings], WHAT) from None


def menu_with(desk: Desk, question: AtTheTable) -> tuple[Menu, dict[str, float]]:
    """The menu of the offer with the terms and the price at hand on it, and what those terms are."""
    package, scenario = question.package, desk.scenario
    usual = usual_menu(desk, package.offer, package.alternative)
    menu = next((x for x in question.desk.menus if (x.offer, x.alternative) == (package.offer, package.alternative)), usual)
    offer, prices, price = offer_named(scenario, package.offer), menu.prices or usual.prices, price_of(scenario, package)
    if package.alternative is not None:
        offer = offer.model_copy(update={"alternatives": tuple(a for a in offer.alternatives if a.id == package.alternative)})
    levers, at_hand = dict(menu.levers or usual.levers), {}
    for lever in dict.fromkeys((*levers, *package.terms)):
        stands = value_of(offer, lever)
        hand = package.terms.get(lever, stands)
        at_hand |= {} if hand is None else {lever: hand}
        levers[lever] = tuple(sorted({*levers.get(lever, () if stands is None else (stands,)), *(() if hand is None else (hand,))}))
    assert prices is not None
    wide = PriceGrid(low=min(prices.low, price), high=max(prices.high, price), step=prices.step)
    return Menu(offer=package.offer, alternative=package.alternative, prices=wide, levers=levers), at_hand
