"""What a session asks for again and again: where every offer stands, exact values, tables and supplier gains, each made once.

Everything is relative to the other offers at their current terms. For talks about offer o, scenario(B) is the scenario with

    their last package on the table       the offer's terms, replaced (still selectable)
    accepted, picked beside a deal, or    the terms replaced, and a rule that forces it
    signed elsewhere
    withdrawn, or left                    a rule that forbids it

for every offer but o. A room holds no decision: thrown away, it is made again from the session, to the same figures. It is not safe for several threads.
Reference: Raiffa (1982), The Art and Science of Negotiation, on the value of no deal while other deals are open.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from models.errors import Finding, InvalidScenario
from models.negotiation import Menu, Package
from models.options import SolveSettings
from models.rules import Force
from models.scenario import Scenario
from models.session import Accept, DealElsewhere, LeaveTable, OurOffer, Pick, Record, Talk, TheirOffer
from optimizer.negotiation.desk import Desk
from optimizer.negotiation.grid import make_table, usual_menu
from optimizer.negotiation.levers import offer_named as named
from optimizer.negotiation.levers import packaged_among_others, price_of, value_of, with_offer
from optimizer.negotiation.moves import Move, Side, move_of
from optimizer.negotiation.packages import SAME_COST
from optimizer.negotiation.places import Key, key_of
from optimizer.negotiation.supplier import SupplierGains, supplier_gains
from optimizer.negotiation.table import Table
from optimizer.negotiation.verified import exact

Status = Literal["live", "signed", "gone"]
Standings = tuple["Standing", ...]


@dataclass(frozen=True)
class Standing:
    """Where an offer stands that is not as the scenario has it."""

    offer: str
    status: Status
    package: Package | None

    @property
    def key(self) -> tuple[str, Status, Key | None]:
        return self.offer, self.status, None if self.package is None else key_of(self.package)


def picked_instead(before: Sequence[Record], pick: Pick) -> Package | None:
    """The package that is the deal after a pick, because it was put forward beside one; None for a pick before there is a deal."""
    ours = next((r.event for r in reversed(before) if isinstance(r.event, OurOffer) and r.event.offer == pick.offer), None)
    return None if ours is None or ours.beside is None else ours.packages[pick.number - 1]


def standings(records: Sequence[Record]) -> dict[str, Standing]:
    """Where every offer stands after some events, by offer, where it has moved."""
    found: dict[str, Standing] = {}
    for i, record in enumerate(records):
        event = record.event
        if isinstance(event, TheirOffer):
            found[event.offer] = Standing(event.offer, "live", event.package)
        elif isinstance(event, Accept):
            found[event.offer] = Standing(event.offer, "signed", event.package)
        elif isinstance(event, Pick) and (instead := picked_instead(records[:i], event)) is not None:
            found[event.offer] = Standing(event.offer, "signed", instead)
        elif isinstance(event, DealElsewhere):
            found[event.offer] = Standing(event.offer, "gone" if event.package is None else "signed", event.package)
        elif isinstance(event, LeaveTable):
            found[event.offer] = Standing(event.offer, "gone", None)
    return found


def others(records: Sequence[Record], offer: str) -> Standings:
    """Where all offers but one stand, in the order of their names."""
    return tuple(standing for name, standing in sorted(standings(records).items()) if name != offer)


def scenario_at(scenario: Scenario, state: Standings) -> Scenario:
    """The scenario with every offer where it stands. Raises InvalidScenario for a package that can't be."""
    for standing in state:
        if standing.package is not None:
            offer = packaged_among_others(scenario, standing.package)
            scenario = with_offer(scenario, offer)
        if standing.status != "live":
            alternative = None if standing.package is None else standing.package.alternative
            rule = Force(kind="force", offer=standing.offer, alternative=alternative, signed=standing.status == "signed")
            scenario = scenario.model_copy(update={"rules": (*scenario.rules, rule)})
    return scenario


def complete(scenario: Scenario, menu: Menu, package: Package) -> Package:
    """A package with everything named that the menu moves: what it leaves out stands as offered."""
    offer = named(scenario, package.offer)
    stands = {lever: value_of(offer, lever) for lever in menu.levers if lever not in package.terms}
    terms = {**package.terms, **{lever: value for lever, value in stands.items() if value is not None}}
    return package.model_copy(update={"price": price_of(scenario, package), "terms": dict(sorted(terms.items()))})


@dataclass(frozen=True)
class Seat:
    """One talk in one state of the others: exact values, the table, and what it is worth to every type."""

    talk: Talk
    menu: Menu
    desk: Desk  # asked for exact values only
    table: Table
    gains: SupplierGains
    off_menu: dict[Key, tuple[Table, SupplierGains]] = field(default_factory=dict)  # one row each

    def move(self, by: Side, package: Package) -> Move | None:
        """A package as a move: our gain as solved, the types' off the call-offs of the table. None if no plan can sign it."""
        found = exact(self.desk, package)
        if found is None:
            return None
        table, gains, cell = self._row(package)
        assert package.price is not None
        return replace(move_of(table, gains, by, cell, package.price), gain=found.gain.lower)

    @property
    def tolerance(self) -> float:
        """Costs that differ by no more are the same to us."""
        return SAME_COST * abs(self.desk.no_deal(self.menu.offer).lower)

    def place(self, package: Package) -> int | None:
        """The cell with a package's terms; None if they are not on the table."""
        terms = tuple(sorted(package.terms.items()))
        return next((c for c, cell in enumerate(self.table.cells) if cell.terms == terms), None)

    def _row(self, package: Package) -> tuple[Table, SupplierGains, int]:
        """A table with the package's terms on it: ours, or one made for them."""
        cell = self.place(package)
        if cell is not None:
            return self.table, self.gains, cell
        plain = package.model_copy(update={"price": None})
        key = key_of(plain)
        if key not in self.off_menu:
            menu = self.menu.model_copy(update={"levers": {lever: (value,) for lever, value in package.terms.items()}})
            table = make_table(Desk(self.desk.scenario, self.desk.settings, stop=self.desk.stop), menu)
            self.off_menu[key] = table, supplier_gains(table, self.talk.view)
        return *self.off_menu[key], 0


class Room:
    """Desks and tables of one scenario, made when they are first asked for. `on_cell` hears how many of how many cells of a table are done."""

    def __init__(
        self,
        scenario: Scenario,
        settings: SolveSettings | None = None,
        *,
        stop: threading.Event | None = None,
        on_cell: Callable[[int, int], None] | None = None,
    ) -> None:
        self.scenario, self.settings, self.stop, self.on_cell = scenario, settings or scenario.solve, stop, on_cell
        self._desks: dict[tuple[object, ...], Desk] = {}
        self._seats: dict[tuple[object, ...], Seat] = {}

    def desk(self, state: Standings) -> Desk:
        """Exact values in a state. Its clock starts anew: the limit is on a question, not on the talks."""
        key = tuple(standing.key for standing in state)
        if key not in self._desks:
            self._desks[key] = self._new(state, afresh=True)
        found = self._desks[key]
        found.deadline = time.monotonic() + found.settings.time_limit_seconds
        return found

    def seat(self, talk: Talk, state: Standings) -> Seat:
        """A talk in a state of the other offers."""
        desk = self.desk(state)
        if not desk.no_deal(talk.menu.offer).possible:
            told = (
                f"without offer '{talk.menu.offer}' no plan keeps the hard rules, so that no deal has no cost to compare with; price a rule (`violation_price`)"
            )
            raise InvalidScenario([Finding("offer", told)], "session")
        key = (talk.model_dump_json(), *(standing.key for standing in state))
        if key not in self._seats:
            # A desk of its own: what a table asks in passing would otherwise decide which of several equally good answers an exact value is read off.
            other = self._new(state)
            menu = self._menu(other, talk.menu)
            table = make_table(other, menu, self.on_cell)
            self._seats[key] = Seat(talk, menu, desk, table, supplier_gains(table, talk.view))
        return self._seats[key]

    def no_deal(self, offer: str, state: Standings) -> float | None:
        """Cost without an offer; None where no plan does without it."""
        found = self.desk(state).no_deal(offer)
        return found.upper if found.possible else None

    def _new(self, state: Standings, *, afresh: bool = False) -> Desk:
        return Desk(scenario_at(self.scenario, state), self.settings, stop=self.stop, afresh=afresh)

    def _menu(self, desk: Desk, menu: Menu) -> Menu:
        if menu.levers and menu.prices is not None:
            return menu
        usual = usual_menu(desk, menu.offer, menu.alternative)
        return menu.model_copy(update={"levers": menu.levers or usual.levers, "prices": menu.prices or usual.prices})
