"""Contract sheets: every number is a term of the package or comes out of the bill; invoices are the bill; cases worked out by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from models.errors import InvalidScenario
from models.negotiation import Package
from models.scenario import Scenario
from models.sheet import Cell, ContractSheet, SheetTable
from optimizer.bill import make_bill
from optimizer.ledger import TARIFF
from optimizer.negotiation.levers import levers_of, packaged
from optimizer.negotiation.sheet import SHARES, contract_sheet
from optimizer.negotiation.sheet_sample import sample_of
from scenarios import library
from tests.optimizer.random_scenarios import random_scenario
from tests.optimizer.tiny import FRAMES, tiny_scenario

LIBRARY = [name for name in library.names() if name.startswith(("clause-", "fibre"))]
OFFERS = [(name, offer.id) for name in LIBRARY for offer in library.load(name).offers]
TIERS = {"kind": "all_units_tiers", "tiers": [{"from_volume": 0, "to_volume": 1000}, {"from_volume": 1000, "discount": 0.1}]}
ONE_OF = (  # a clause has one of these, and the others are 0
    "prepayment.amount",
    "prepayment.share_of_first_period",
    "prepayment.share_of_contract_value",
    "reservation.fee_per_unit",
    "reservation.share_of_price",
)
EVERYTHING = (
    {"kind": "take_or_pay", "fraction": 0.8},
    {"kind": "escalator", "rate": 0.03},
    {"kind": "prepayment", "share_of_contract_value": 0.1, "credit_per_unit": 3.0},
    {"kind": "reservation", "fee_per_unit": 2.0},
    {"kind": "incremental_tiers", "tiers": [{"from_volume": 0, "to_volume": 1000}, {"from_volume": 1000, "discount": 0.1}]},
    {"kind": "minimum_order", "volume": 200.0},
    {"kind": "late_delivery", "damages_per_week": 0.01, "cap": 0.15},
)


def sheet(name: str, offer: str | None = None, **moved: Any) -> ContractSheet:
    """The sheet of an offer of a bundled scenario (the first one) with some terms moved."""
    scenario = library.load(name)
    return contract_sheet(scenario, Package(offer=offer or scenario.offers[0].id, **moved))


def example(found: ContractSheet, clause: str, *columns: str) -> list[tuple[Cell, ...]]:
    """Some columns of a clause's examples."""
    table = next(x.examples for x in found.sections if x.clause == clause)
    at = [[column.label for column in table.columns].index(name) for name in columns]
    return [tuple(row[i] for i in at) for row in table.rows]


def tables(found: ContractSheet) -> Iterator[SheetTable]:
    """Every table of a sheet."""
    yield from found.tables
    yield from (x.examples for x in found.sections)
    for invoice in found.invoices:
        yield from (invoice.volumes, invoice.lines)


def numbers(text: str) -> set[float]:
    """Every number in a text."""
    return {float(x.replace(",", "")) for x in re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?", text)}


def leaves(data: Any) -> Iterator[Any]:
    """Every value in a document's data."""
    if isinstance(data, dict | list):
        for x in data.values() if isinstance(data, dict) else data:
            yield from leaves(x)
    else:
        yield data


def sayable(scenario: Scenario, found: ContractSheet) -> list[float]:
    """What a sheet may say: terms of the package, as they are, in per cent, less than or more than the whole; its cells; lengths; names."""
    data = list(leaves(packaged(scenario, found.package).model_dump(mode="json")))
    terms = [float(x) for x in data if isinstance(x, int | float)]
    cells = [x for table in tables(found) for row in table.rows for x in row if isinstance(x, float)]
    given = [*terms, *cells]
    named = {y for x in [*data, *scenario.period_ids, *(s.name for s in (*scenario.products, *scenario.suppliers, *scenario.sites))] for y in numbers(str(x))}
    counted = [float(len(scenario.periods)), sum(scenario.period_years), 1.0, 90.0, 70.0, 60.0, *range(1, len(found.sections) + 2)]
    return [*given, *(abs(100 * x) for x in given), *(100 * (1 - x) for x in terms), *(100 * (1 + x) for x in terms), *named, *counted]


@pytest.mark.parametrize(("name", "offer"), OFFERS)
def test_sheet_says_nothing_of_its_own(name: str, offer: str) -> None:
    """A contract would be signed with a number that is neither in the package nor computed from it."""
    scenario = library.load(name)
    found = contract_sheet(scenario, Package(offer=offer))
    sample, terms = sample_of(scenario, found.package), packaged(scenario, found.package)
    excess = [float(breach.max()) for share in SHARES for _, breach in sample.excess(sample.statement(share))]
    known = [*sayable(scenario, found), *_unused(found), *excess, float(terms.window.periods)]
    texts = [*(x.wording for x in found.sections), *(x.text for x in found.facts), *found.definitions, *(t.note for t in tables(found))]
    texts += [text for x in found.invoices for text in x.not_allowed]
    texts += [cell for table in tables(found) for row in table.rows for cell in row if isinstance(cell, str) and not cell.isdigit()]  # not period numbers
    strange = {x for text in texts for x in numbers(text) if not any(x == pytest.approx(y, rel=1e-9, abs=1e-9) for y in known)}
    assert strange == set()
    assert ContractSheet.model_validate_json(found.model_dump_json()) == found


def _unused(found: ContractSheet) -> Iterator[float]:
    """Volumes that take-or-pay cases name: the charge at the price."""
    if any(x.clause == "take_or_pay" for x in found.sections):
        for charge, price in example(found, "take_or_pay", "Take or pay", "Price"):
            assert isinstance(charge, float)
            assert isinstance(price, float)
            yield charge / price


@pytest.mark.parametrize(("name", "offer"), OFFERS)
def test_every_clause_has_its_section(name: str, offer: str) -> None:
    """A term that was optimised and is billed would be missing from what is signed, or have no examples."""
    found = sheet(name, offer)
    given = {x.kind for x in next(x for x in library.load(name).offers if x.id == offer).clauses}
    assert given <= {x.clause for x in found.sections}
    assert {"volume_band"} <= {x.clause for x in found.sections}
    assert [x.number for x in found.sections] == list(range(1, len(found.sections) + 1))
    assert all(x.wording.endswith(".") and x.examples.rows for x in found.sections)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize(("name", "offer"), OFFERS)
def test_invoices_are_the_bill(name: str, offer: str, share: float) -> None:
    """The sample invoice would have lines that the audit does not bill, or leave some out."""
    _compare(library.load(name), offer, share)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_invoices_of_every_frame_are_the_bill(frame: Any, share: float) -> None:
    """The sample invoice of two products, of a later signing or in a foreign currency would not be what is billed."""
    _compare(tiny_scenario(frame, EVERYTHING), "frame", share)


@pytest.mark.parametrize("seed", range(24))
def test_invoices_of_whatever_is_sold_are_the_bill(seed: int) -> None:
    """Some mixture of clauses, profiles, currencies and signing times would have no sheet, or one with other amounts than the bill's."""
    scenario = random_scenario(seed)
    for offer in scenario.offers:
        _compare(scenario, offer.id, 0.6)


def _compare(scenario: Scenario, offer: str, share: float) -> None:
    package = Package(offer=offer)
    invoice = next(x for x in contract_sheet(scenario, package).invoices if x.share_taken == share)
    sample = sample_of(scenario, package)
    bill = make_bill(sample.instance, (sample.contract,), sample.outcome(share))
    rates = [sample.instance.rate(sample.contract.offer, n) for n in range(sample.instance.tree.size)]
    expected = sorted(float(row.amount[n] / rates[n]) for row in bill.rows if row.category != TARIFF for n in range(len(rates)) if row.amount[n])
    lines = [row[2] for row in invoice.lines.rows if row[0] not in ("Sum", "All")]
    assert sorted(x for x in lines if isinstance(x, float)) == pytest.approx(expected, rel=1e-12)
    sums = [row[2] for row in invoice.lines.rows if row[0] == "Sum"]
    assert invoice.total == pytest.approx(sum(expected), rel=1e-12)
    assert sum(x for x in sums if isinstance(x, float)) == pytest.approx(invoice.total, rel=1e-12)
    assert invoice.lines.rows[-1][2] == invoice.total


def test_take_or_pay_by_hand() -> None:
    """Examples would show another floor than 80 % of 100 km at 28."""
    rows = example(sheet("clause-take_or_pay"), "take_or_pay", "Committed", "Deliverable", "Taken", "Price", "Take or pay")
    by_hand = [(100, 1, 81, 28, 0), (100, 1, 80, 28, 0), (100, 1, 79, 28, 28), (100, 1, 70, 28, 280), (100, 0.9, 70, 28, 56)]
    assert rows == [pytest.approx(row) for row in by_hand]


def test_all_units_tiers_by_hand() -> None:
    """Examples would put the threshold on the wrong side, or let volumes lie in two tiers."""
    rows = example(sheet("clause-all_units_tiers"), "all_units_tiers", "Committed", "Price", "Purchase", "Off by")
    assert rows == [pytest.approx(row) for row in [(59, 30, 1770, 0), (60, 27, 1620, 0), (61, 27, 1647, 0), (61, 30, 1830, 1), (59, 30, 1770, 1)]]


def test_indexed_price_by_hand() -> None:
    """Examples would miss the collar, the weight or the lag: half of the price follows the index a year later, between -12 % and +40 %."""
    rows = example(sheet("clause-indexed_price"), "indexed_price", "Index level", "Price")
    by_hand = [(1, 28), (0.94, 28), (0.88, 27.16), (0.82, 26.32), (1.4, 26.32), (1.6, 33.6), (1, 33.6)]
    assert rows == [pytest.approx(row) for row in by_hand]


def test_prepayment_by_hand() -> None:
    """Examples would credit more than was prepaid, or pay something back: half of 100 km at 27 is 1,350, credited at 7 a km."""
    rows = example(sheet("clause-prepayment"), "prepayment", "Case", "Prepayment", "Prepayment credit")
    sums = [row[1:] for row in rows if row[0] == "Sum"]
    assert sums == [pytest.approx(row) for row in [(1350, 0), (1350, -1350), (1350, -1215), (1350, -1350)]]
    assert [row[2] for row in rows[-3:]] == pytest.approx([-742.5, -607.5, -1350])


def test_bands_and_lots_by_hand() -> None:
    """Examples would allow what the audit forbids: 90 to 120 of 100 km, or lots below 60 km."""
    rows = example(sheet("clause-volume_band"), "volume_band", "Deliverable", "Taken", "Allowed", "Off by")
    assert [row[2] for row in rows] == ["yes", "no", "yes", "no", "yes"]
    assert [(row[0], row[1], row[3]) for row in rows] == [pytest.approx(x) for x in [(1, 120, 0), (1, 121, 1), (1, 90, 0), (1, 89, 1), (0.9, 108, 0)]]
    rows = example(sheet("clause-minimum_order"), "minimum_order", "Taken", "Off by")
    assert rows == [pytest.approx(x) for x in [(0, 0), (59, 1), (60, 0), (61, 0)]]


def test_fees_discounts_and_damages_by_hand() -> None:
    """Examples would show another fee, discount, growth or cap than the contract's."""
    assert example(sheet("clause-reservation"), "reservation", "Taken", "Reservation") == [(0, 700), (100, 700), (50, 700)]
    rows = example(sheet("clause-incremental_tiers"), "incremental_tiers", "Committed", "Volume discount")
    assert rows == [pytest.approx(x) for x in [(39, 0), (40, 0), (41, -6), (100, -360), (100, -360)]]
    rows = example(sheet("clause-late_delivery"), "late_delivery", "Weeks late", "Damages")
    assert rows == [pytest.approx(x) for x in [(0, 0), (9, -270), (10, -300), (11, -300)]]
    rows = example(sheet("clause-escalator"), "escalator", "Price", "Purchase")
    assert rows[:3] == [pytest.approx(x) for x in [(28, 2800), (30.8, 3080), (33.88, 3388)]]


def test_moved_terms_are_in_the_sheet() -> None:
    """The sheet would be of the offer as it stood, not of the package that was agreed."""
    moved = {"take_or_pay.fraction": 0.75, "volume": 5000.0, "window.periods": 4.0}
    found = sheet("fibre", "maker-outside-6y", alternative="base", price=27000.0, terms=moved)
    assert "owes 75\u00a0% of" in next(x.wording for x in found.sections if x.clause == "take_or_pay")
    assert next(x for x in found.tables if x.title == "Prices and volumes").rows == (("base", 5000.0, 5000.0, 27000.0, 27000.0),)
    facts = {x.label: x.text for x in found.facts}
    assert (facts["Alternative"], facts["Window"]) == ("base", "2027 to 2030 (4 periods, 4 years)")
    assert facts["Committed volume"].startswith("The volume of the price table is committed; each period has its share")


@pytest.mark.parametrize("name", [name for name in LIBRARY if name.startswith("clause-")])
def test_every_lever_of_a_clause_is_in_its_words(name: str) -> None:
    """A term could be bargained for, and the contract would read the same whatever was agreed."""
    scenario, kind = library.load(name), name.removeprefix("clause-")
    before = next(x.wording for x in sheet(name).sections if x.clause == kind)
    levers = [x for x in levers_of(scenario, scenario.offers[0].id).levers if x.lever.startswith(f"{kind}.")]
    assert levers or kind in ("fixed_price", "force_majeure", "supplier_default")  # what counts as an event is no quantity
    for lever in levers:
        moved = {x: 0.0 for x in ONE_OF if lever.lever in ONE_OF and x.startswith(f"{kind}.") and x != lever.lever}
        moved[lever.lever] = lever.value + lever.step if lever.value + lever.step <= lever.high else lever.value - lever.step
        after = next(x.wording for x in sheet(name, terms=moved).sections if x.clause == kind)
        assert after != before, lever.lever


def test_prices_after_tiers_say_the_threshold() -> None:
    """The price table would end a tier at 2,999.994, where the kernel does, and not at 3,000."""
    table = next(x for x in sheet("fibre", "maker-inside-6y").tables if x.title == "Prices and volumes")
    assert table.rows[0] == ("base, tier 1", 1000.0, 3000.0, 45000.0, 45000.0)
    assert table.rows[1] == ("base, tier 2", 3000.0, 6000.0, 45000.0, pytest.approx(44100.0))
    assert "is in the next" in table.note


def test_takes_that_are_not_allowed_are_said_to_be() -> None:
    """An invoice for 60 % would look like something the Buyer may do under a band of 90 to 120 %."""
    full, part = sheet("clause-volume_band").invoices
    assert full.not_allowed == ()
    assert part.not_allowed == ("Clause 1 (Volume band) does not allow these volumes: they are off by 30 km in 2027.",)


@pytest.mark.parametrize(
    ("moved", "path"),
    [
        ({"terms": {"take_or_pay.fraction": 1.2}}, "terms.take_or_pay.fraction"),
        ({"terms": {"nonsense": 1.0}}, "terms.nonsense"),
        ({"alternative": "none"}, "alternative"),
        ({"offer": "nobody"}, "offer"),
    ],
)
def test_packages_that_can_not_be_are_refused(moved: dict[str, Any], path: str) -> None:
    """A contract would be written that the optimizer would refuse."""
    with pytest.raises(InvalidScenario) as refused:
        contract_sheet(library.load("clause-take_or_pay"), Package(**{"offer": "frame", **moved}))
    assert [x.path for x in refused.value.findings] == [path]


def test_volumes_that_no_tier_holds_are_refused() -> None:
    """A sheet would be asked for a contract that can't be signed, and fail without saying why."""
    scenario = tiny_scenario(FRAMES[1], (TIERS,))
    data = json.loads(scenario.model_dump_json())
    for alternative in data["offers"][0]["alternatives"]:
        alternative["volume_per_period"] = [{"product": "cable", "min": 0.0, "max": 500.0}, {"product": "ducts", "min": 2000.0, "max": 3000.0}]
    with pytest.raises(InvalidScenario, match="no tier of offer 'frame' holds the volumes of all its products"):
        contract_sheet(Scenario.model_validate_json(json.dumps(data)), Package(offer="frame"))
