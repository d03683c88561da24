"""Documents of the games, and what they say in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from models.bargain import Bargain, CounterOffer, EquivalentPackages, Zone
from models.suppliers import SupplierType, SupplierView
from optimizer.negotiation.findings import bargain_found, choices_found, counter_found, zone_found
from optimizer.negotiation.game_words import money, percent, price, zone_sentences
from optimizer.negotiation.supplier import SupplierGains, supplier_gains
from optimizer.negotiation.table import Table
from tests.optimizer.negotiation.tables import random_table, table

UNIT = "USD per t"
Finding = Zone | Bargain | CounterOffer | EquivalentPackages


def numbers(value: Any) -> Iterator[float]:
    """Every number stored in a document."""
    if isinstance(value, dict):
        yield from (x for part in value.values() for x in numbers(part))
    elif isinstance(value, list | tuple):
        yield from (x for part in value for x in numbers(part))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)


def digits(text: str) -> set[str]:
    """Numbers in a text, as written."""
    return set(re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", text))


def written(value: float) -> Iterator[str]:
    """A stored number in every way a sentence writes one."""
    yield from (money(abs(value), "USD"), price(abs(value), UNIT), f"{abs(value):,.6g}")
    if 0 <= value <= 1 + 1e-9:
        yield percent(value)


def found_in(of: Table, supplier: SupplierGains, margin: float) -> list[Finding]:
    """All documents of one table."""
    cost = float(np.quantile(of.no_deal - of.gains[np.isfinite(of.gains)], 0.4))
    return [
        zone_found(of, supplier, "maker", "USD", margin=margin),
        bargain_found(of, supplier, "maker", "USD", power=0.6),
        *(counter_found(of, supplier, "maker", "USD", (1, float(of.prices[q])), goal, margin=margin) for q in (1, -1) for goal in (0.5, 3.0, 50.0)),
        choices_found(of, supplier, "maker", "USD", min(cost, of.no_deal - margin), margin=margin),
    ]


def maker(*costs: float, **more: float) -> SupplierView:
    """Equally likely types that differ in unit cost."""
    return SupplierView(supplier="maker", types=tuple(SupplierType(id=f"t{i}", unit_cost=cost, **more) for i, cost in enumerate(costs)))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("costs", [(1.0, 3.0), (30.0, 40.0)])
@pytest.mark.parametrize("margin", [0.0, 1.25])
def test_every_number_said_is_a_stored_one(seed: int, costs: tuple[float, ...], margin: float) -> None:
    """A negotiator would say a number that no result has."""
    of = random_table(seed, cells=8, prices=11)
    said = 0
    for document in found_in(of, supplier_gains(of, maker(*costs)), margin):
        stored = {x for value in numbers(document.model_dump(exclude={"sentences"})) for text in written(value) for x in digits(text)}
        assert document.sentences
        for sentence in document.sentences:
            assert sentence.endswith(".")
            assert digits(sentence) <= stored, sentence
            said += len(digits(sentence))
        again = type(document).model_validate_json(document.model_dump_json())
        assert again == document
    assert said > 10


def two_levers() -> Table:
    """One unit; our cost falls by 2 with `delay` and by 1 with `band.up`."""
    return table({"delay": (0.0, 1.0), "band.up": (0.0, 1.0)}, lambda t: 6.0 - 2.0 * t["delay"] - t["band.up"], prices=(0.0, 10.0, 0.5))


def test_sentences_of_an_empty_zone() -> None:
    """What to move would not be said, or not with what it brings."""
    of = two_levers()
    found = zone_found(of, supplier_gains(of, maker(6.0)), "maker", "USD", margin=2.0)
    assert found.sentences == (
        "On the terms at hand, we walk away above USD 2.00 per t, and the supplier begins to gain at USD 6.00 per t, so nothing suits both "
        "(a chance of 0 % by what we believe about it).",
        "No package on the table suits both, not even with money on top: "
        "at the best one, both together fall USD 1.00 short of no deal and the USD 2.00 that we want.",
        "Least is missing with band: up 1, delay 1: USD 1.00.",
        "Of single levers, moving delay from 0 to 1 helps most: then USD 2.00 is missing for both to agree, instead of USD 4.00.",
    )
    assert (found.opener and found.opener.line, found.closest, found.chance, found.span) == (1, 3, 0.0, None)
    assert {x.price: x.chance for x in found.floor_chances} == {float(p): float(p >= 6.0) for p in of.prices}


def test_the_nearest_type_proves_an_empty_zone() -> None:
    """A deal would be called impossible with figures of a type that nobody need fear."""
    of = two_levers()
    found = zone_found(of, supplier_gains(of, maker(8.0, 7.5)), "maker", "USD")
    assert (
        found.sentences[1] == "No package on the table suits both, not even with money on top: at the best one, both together fall USD 0.50 short of no deal."
    )
    assert [x.largest_sum for x in found.types] == pytest.approx([-1.0, -0.5])


def test_sentences_of_an_open_zone() -> None:
    """The room there is would be said wrong."""
    of = two_levers()
    found = zone_found(of, supplier_gains(of, maker(3.0, 3.0, 20.0)), "maker", "USD")
    assert found.sentences == (
        "On the terms at hand, we walk away above USD 4.00 per t, and the supplier begins to gain at USD 3.00 per t, so there is room for a deal "
        "(a chance of 66.7 % by what we believe about it).",
        "Over all terms on the table, at prices from USD 3.00 per t to USD 7.00 per t, a deal that suits both exists with a chance of 66.7 %.",
        "Of single levers, moving delay from 0 to 1 helps most: both can then be USD 1.50 better off, instead of USD 0.50.",
    )


def test_the_ends_of_the_table_are_no_walk_away_price() -> None:
    """A meeting would be walked out of at a price that is only the last one that was looked at."""
    of = two_levers()
    found = zone_found(of, supplier_gains(of, maker(0.5)), "maker", "USD", base=3)
    low, high = found.floor_chances[0].price, found.floor_chances[-1].price
    line = found.lines[3]
    stretched = found.model_copy(update={"lines": (*found.lines[:3], line.model_copy(update={"floor": low, "walk_away": high}))})
    first = next(iter(zone_sentences(stretched)))
    assert first.startswith(
        f"On the terms at hand, we can pay {price(high, UNIT)}, the highest price on the table, and the supplier gains at {price(low, UNIT)}"
    )
    assert "walk away" not in first
    cheap = counter_found(of, supplier_gains(of, maker(0.5)), "maker", "USD", (0, high), 0.0, margin=0.0)
    assert cheap.at_least == (cheap.walk_away is not None and cheap.walk_away >= high)


def test_a_lever_that_makes_things_worse_is_not_said_to_help() -> None:
    """A term would be given away for nothing, on the desk's own advice."""
    of = two_levers()
    found = zone_found(of, supplier_gains(of, maker(3.0)), "maker", "USD", base=3)
    assert found.opener is None
    assert found.sentences[2] == "No single lever would do better."


def test_one_package_is_not_a_choice() -> None:
    """The supplier would be told to choose from a single package."""
    of = two_levers()
    found = choices_found(of, supplier_gains(of, maker(3.0)), "maker", "USD", 9.0, count=1)
    assert found.sentences[0].startswith("There is one package to put forward, and nothing to choose from: USD ")
    assert not any("pick" in x for x in found.sentences)


def test_sentences_of_a_counter_offer() -> None:
    """The counter-offer would be said with other moves than it makes."""
    of = two_levers()
    supplier = supplier_gains(of, maker(3.0))
    found = counter_found(of, supplier, "maker", "USD", (0, 5.0), 2.5)
    assert found.sentences == (
        "Their package leaves us USD 1.00 worse off than no deal; we want USD 2.50.",
        "If you move delay from 0 to 1 and the price from USD 5.00 per t to USD 3.50 per t, we have a deal.",
        "We then gain USD 2.50; the supplier is thought to gain USD 0.50, with a chance of 100 % that it gains at all.",
        "At those terms we walk away above USD 6.00 per t.",
    )
    assert counter_found(of, supplier, "maker", "USD", (3, 4.0), 2.5).sentences[1:] == ("We can take it as it stands.",)
    just = counter_found(of, supplier, "maker", "USD", (0, 5.0), 1.0, margin=3.0)
    assert (just.target, just.gain, just.supplier_gain, just.chance) == (3.0, 3.0, 0.0, 1.0)
    assert counter_found(of, supplier, "maker", "USD", (0, 5.0), 9.0).sentences[1] == (
        "No package on the table brings us there and is borne by the supplier; what it is thought to bear leaves us at most USD 4.00."
    )


def test_sentences_of_solutions_and_choices() -> None:
    """A solution would be said with another package, or without saying by what means."""
    of = two_levers()
    supplier = supplier_gains(of, maker(3.0))
    bargain = bargain_found(of, supplier, "maker", "USD")
    assert bargain.sentences[0] == "At best we gain USD 4.00 without a loss to the supplier, and the supplier USD 4.00 without a loss to us."
    assert bargain.sentences[1] == (
        "Nash's solution, with the packages as they are: USD 5.00 per t with band: up 1, delay 1; we gain USD 2.00, the supplier USD 2.00."
    )
    assert len(bargain.lines) == 12
    choices = choices_found(of, supplier, "maker", "USD", 9.0, scale=1.0)
    assert choices.sentences[0] == "Take your pick, it is the same to us: USD 3.00 per t with band: up 0, delay 0; or USD 6.00 per t with band: up 1, delay 1."
    assert [x.chance for x in choices.choices] == pytest.approx([0.5, 1 / (1 + np.exp(-3))])
    nobody = choices_found(of, supplier_gains(of, maker(30.0)), "maker", "USD", 9.0)
    assert nobody.sentences == ("No package on the table costs us USD 9.00 and suits any supplier that we believe in.",)


def test_terms_nobody_can_sign() -> None:
    """A document would hold infinities where a supplier can deliver nothing."""
    of = two_levers()
    found = zone_found(of, supplier_gains(of, maker(1.0, capacity=0.5, expansion_build_periods=3)), "maker", "USD")
    assert found.sentences == (
        "On the terms at hand, no package is possible.",
        "No deal suits both: the supplier can deliver no package that we could sign.",
        "No single lever leads from them to terms that are possible.",
    )
    assert (found.closest, found.opener, found.types[0].largest_sum) == (None, None, None)


def test_money_and_chances_as_people_say_them() -> None:
    """Amounts would be said with a wrong number of digits, or a chance be rounded to certainty."""
    assert [money(x, "USD") for x in (0.5, -12.345, 1234.5, 2.5e6, 3e9)] == ["USD 0.50", "USD -12.35", "USD 1,234", "USD 2.50 million", "USD 3.00 billion"]
    assert [percent(x) for x in (0.0, 1e-6, 0.5, 0.99999, 1.0)] == ["0 %", "almost 0 %", "50 %", "almost 100 %", "100 %"]
    assert (price(24.5, "USD per km"), price(24.5, "USD")) == ("USD 24.50 per km", "USD 24.50")
