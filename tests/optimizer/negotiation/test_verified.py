"""Packages that leave the house, solved exactly."""

from __future__ import annotations

import pytest

from models.bargain import CounterOffer, EquivalentPackages
from models.scenario import Scenario
from optimizer.negotiation.desk import Desk
from optimizer.negotiation.findings import choices_found, counter_found
from optimizer.negotiation.room import Room, Seat
from optimizer.negotiation.verified import at_cost, exact, verify, verify_counter, walk_away_price
from optimizer.negotiation.walkaway import walk_away
from scenarios import library
from tests.optimizer.negotiation.talks import market, package, talk

WHOLE = {"fraction": 0.0, "volume": 100.0}  # 75 km on average are taken, paid as taken: W(p) = 75 p up to the rival's 36


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """The small market."""
    return market()


@pytest.fixture(scope="module")
def seat(scenario: Scenario) -> Seat:
    """The maker's seat in it."""
    return Room(scenario).seat(talk(), ())


def choices(seat: Seat, cost: float, off: float = 0.0) -> EquivalentPackages:
    """Packages that the table thinks cost so much, their prices off by something."""
    found = choices_found(seat.table, seat.gains, "maker", "USD", cost)
    moved = [x.model_copy(update={"package": x.package.model_copy(update={"price": (x.package.price or 0.0) + off})}) for x in found.choices]
    return found.model_copy(update={"choices": tuple(moved)})


def test_price_of_a_cost_by_hand(seat: Seat) -> None:
    """A package would be offered at a price at which it costs something else."""
    for begin in (20.0, 30.0, 35.9, 39.0):
        found = at_cost(seat.desk, package(begin, **WHOLE), 2_250.0, 1e-3)
        assert found is not None
        assert found.package.price == pytest.approx(30.0, abs=1e-4)
        assert found.gain.lower == pytest.approx(450.0, abs=1e-3)


def test_walk_away_price_by_hand(seat: Seat) -> None:
    """The price shown as the last one to sign at would not be that, or lie a little beyond it."""
    for begin in (20.0, 35.0, 38.0):
        found = walk_away_price(seat.desk, package(begin, **WHOLE), 50.0)
        assert found == pytest.approx((2_700.0 - 50.0) / 75.0, rel=1e-6)
        assert found is not None
        assert seat.desk.signed(package(found, **WHOLE)).upper <= 2_650.0
    assert walk_away_price(seat.desk, package(30.0, **WHOLE), 2_701.0) is None


def test_walk_away_price_where_cost_flattens(seat: Seat) -> None:
    """A price at which we would take nothing would be shown as one worth signing at."""
    for begin in (30.0, 36.5, 39.0):
        assert walk_away_price(seat.desk, package(begin, **WHOLE), 0.0) == pytest.approx(36.0, rel=1e-6)


@pytest.mark.parametrize(("offer", "begin"), [("importer-frame", 25_500.0), ("maker-long-term", 29_000.0)])
def test_walk_away_price_is_the_desks(offer: str, begin: float) -> None:
    """A session would walk away at another price than the desk says."""
    desk = Desk(library.load("quickstart"))
    for margin in (0.0, 5e6):
        other = walk_away(desk, package(begin, offer), margin).walk_away
        assert other is not None
        assert walk_away_price(desk, package(begin, offer), margin) == pytest.approx(other.lower, rel=2e-6)


def test_a_cost_that_no_price_reaches_is_none(seat: Seat) -> None:
    """The search would go on for ever, or come back with a price that misses the cost."""
    assert at_cost(seat.desk, package(30.0, **WHOLE), 5_000.0, 1.0) is None
    assert at_cost(seat.desk, package(30.0, **WHOLE), -10.0, 1.0) is None


def test_the_most_it_may_cost_is_kept(seat: Seat) -> None:
    """Within the tolerance, a package could still cost more than walk-away allows."""
    found = at_cost(seat.desk, package(34.0, **WHOLE), 2_650.0, 50.0, most=2_640.0)
    assert found is not None
    assert 2_600.0 <= found.cost.upper <= 2_640.0


@pytest.mark.parametrize("off", [0.0, -3.0, 2.0, 6.0])
def test_equivalent_packages_cost_the_same(seat: Seat, off: float) -> None:
    """Packages that are said to be alike to us would not be."""
    found = verify(seat.desk, choices(seat, 2_250.0, off), 2_250.0)
    assert len(found.choices) == 3
    for choice in found.choices:
        one = exact(seat.desk, choice.package)
        assert one is not None
        assert choice.cost == one.cost.upper
        assert choice.gain == one.gain.lower
        assert abs(choice.cost - 2_250.0) <= found.tolerance <= 1e-3 * 2_700.0 + 1e-9
    assert found.sentences


def test_a_package_that_cannot_be_brought_there_is_left_out(seat: Seat) -> None:
    """A price that costs something else would be put forward because its search failed."""
    found = verify(seat.desk, choices(seat, 2_250.0), 2_250.0, most=2_200.0)
    assert found.choices == ()
    assert found.chance == 0.0
    assert found.method == "greedy"


def counter(seat: Seat, target: float, price: float = 33.0) -> CounterOffer:
    """The table's counter to their package."""
    cell = seat.place(package(price, **{"take_or_pay.fraction": 0.0, "volume.max": 100.0}))
    assert cell is not None
    return counter_found(seat.table, seat.gains, "maker", "USD", (cell, price), target, margin=50.0)


def test_a_counter_offer_gains_the_target(seat: Seat) -> None:
    """A counter-offer would be said to bring us there and not do so."""
    made = counter(seat, 450.0)
    assert made.package is not None
    wrong = made.model_copy(update={"package": made.package.model_copy(update={"price": 34.0}), "their_gain": 1.0, "gain": 1.0})
    found = verify_counter(seat.desk, wrong)
    assert found.gain == pytest.approx(450.0, abs=2.7)
    assert found.their_gain == pytest.approx(225.0)
    assert found.package is not None
    assert [x.after for x in found.moves if x.lever == "price"] == [found.package.price]
    assert found.walk_away == pytest.approx(walk_away_price(seat.desk, found.package, 50.0))


def test_a_counter_offer_that_takes_theirs_is_theirs(seat: Seat) -> None:
    """Their package, good enough as it stands, would be haggled over because it gains more than the target."""
    made = counter(seat, 100.0, price=30.0)
    assert made.moves == ()
    found = verify_counter(seat.desk, made)
    assert found.package == made.package
    assert found.gain == pytest.approx(450.0)
    withdrawn = verify_counter(seat.desk, made.model_copy(update={"margin": 1_000.0}))
    assert withdrawn.package is None
    assert withdrawn.gain is None


def test_values_do_not_depend_on_what_was_asked_before() -> None:
    """A session that is replayed in an empty room would come to other figures in the last digits."""
    quick = library.load("quickstart")
    prices = [22_000.0 + 731.3 * k for k in (0, 12, 3, 7, 5, 11, 1)]
    packages = [package(p, "importer-frame", **{"reservation.fee_per_unit": fee}) for p in prices for fee in (1_400.0, 2_800.0)]
    there, back = Desk(quick, afresh=True), Desk(quick, afresh=True)
    one = [there.signed(x).interval for x in packages]
    other = [back.signed(x).interval for x in reversed(packages)][::-1]
    assert one == other
