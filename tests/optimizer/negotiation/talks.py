"""A small market to negotiate in, whose figures can be worked out by hand, and sessions held in it.

75 km are wanted on average (50 or 100, equally likely), spot sells at 40. The rival sells at 36, nothing need be taken: without the maker 36 x 75 = 2,700.
"""

from __future__ import annotations

from typing import Any

from models.negotiation import Menu, Package, PriceGrid
from models.scenario import Scenario
from models.session import Event, Heard, Round, Session, SessionSettings, Talk, TheirOffer
from models.suppliers import SupplierType, SupplierView
from optimizer.negotiation.room import Room
from optimizer.negotiation.session import receive
from scenarios.files import scenario_from

MAKER, RIVAL = "frame", "flexible"
TYPES = {
    "lean": {"unit_cost": 26.0},  # pays for what is taken
    "heavy": {"unit_cost": 8.0, "capacity_cost": 14.0},  # pays for what is committed
    "busy": {"unit_cost": 16.0, "capacity_cost": 4.0, "alternative_margin": 6.0},
}


def offer(name: str, supplier: str, price: float) -> dict[str, Any]:
    """An offer of up to 100 km of which nothing need be taken."""
    return {
        "id": name,
        "supplier": supplier,
        "products": ["cable"],
        "window": {"start": "2027", "periods": 1},
        "alternatives": [{"id": "base", "price": price, "volume_per_period": {"min": 0, "max": 100}}],
        "clauses": [{"kind": "take_or_pay", "fraction": 0.0}],
    }


def market(**changes: Any) -> Scenario:
    """The market."""
    low, high = ({"id": i, "probability": 0.5, "demand": [{"site": "campus", "product": "cable", "volume": [v]}]} for i, v in (("low", 50), ("high", 100)))
    data = {
        "format": "offtake/1",
        "name": "Small market",
        "periods": ["2027"],
        "sites": [{"id": "campus"}],
        "products": [{"id": "cable", "unit": "km"}],
        "suppliers": [{"id": "maker"}, {"id": "rival"}],
        "demand": [{"site": "campus", "product": "cable", "volume": [75]}],
        "shortage": [{"product": "cable", "kind": "lost", "cost_per_unit": 200}],
        "spot": [{"id": "spot", "product": "cable", "price": [40], "available": [200]}],
        "offers": [offer(MAKER, "maker", 30), offer(RIVAL, "rival", 36)],
        "uncertainty": {"kind": "futures", "futures": [low, high]},
        "solve": {"gap": 0.0, "threads": 1},
    }
    return scenario_from(data | changes)


def view(supplier: str) -> SupplierView:
    """Who may sit across the table."""
    return SupplierView(supplier=supplier, types=tuple(SupplierType.model_validate({"id": name, **costs}) for name, costs in TYPES.items()))


def talk(name: str = MAKER, supplier: str = "maker") -> Talk:
    """Nine sets of terms, at prices from 20 to 40."""
    levers = {"take_or_pay.fraction": (0.0, 0.5, 1.0), "volume.max": (60.0, 80.0, 100.0)}
    return Talk(menu=Menu(offer=name, prices=PriceGrid(low=20.0, high=40.0, step=1.0), levers=levers), view=view(supplier))


def settings(*talks: Talk, **changes: Any) -> SessionSettings:
    """Settings of a session, with the maker unless others are named."""
    return SessionSettings(talks=talks or (talk(),), **({"rounds": 4, "margin": 50.0} | changes))


def package(price: float, name: str = MAKER, **terms: float) -> Package:
    """A package: `fraction` and `volume` stand for the two levers."""
    names = {"fraction": "take_or_pay.fraction", "volume": "volume.max"}
    return Package(offer=name, price=price, terms={names.get(key, key): value for key, value in terms.items()})


def they_offer(session: Session, scenario: Scenario, room: Room, price: float, name: str = MAKER, **terms: float) -> Session:
    """After an offer of theirs."""
    return receive(session, scenario, TheirOffer(package=package(price, name, **terms)), room)


def last(session: Session) -> Event:
    """The last event."""
    return session.events[-1].event


def heard(session: Session) -> Heard:
    """What the last event told."""
    found = session.events[-1].found
    assert isinstance(found, Heard)
    return found


def round_(session: Session) -> Round:
    """What stood behind our last move."""
    found = session.events[-1].found
    assert isinstance(found, Round)
    return found
