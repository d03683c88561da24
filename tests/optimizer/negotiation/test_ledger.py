"""The term ledger against closed forms and identities."""

from __future__ import annotations

import re
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from models.errors import Infeasible, InvalidScenario
from models.negotiation import LedgerLine, Package, TermLedger
from optimizer.negotiation.desk import Desk
from optimizer.negotiation.ledger import pairs, shapley, term_ledger
from scenarios.files import read_scenario
from tests.optimizer.negotiation.deals import deal, future, offer

LIBRARY = Path(__file__).parents[3] / "scenarios" / "library"


def line(ledger: TermLedger, lever: str) -> LedgerLine:
    return next(x for x in ledger.offers[0].lines if x.lever == lever)


def half_used(fraction: float = 0.8) -> Desk:
    """100 units committed at 10; all are wanted in one future, none in the other."""
    futures = [future("none", 0.5, demand=0.0), future("all", 0.5, demand=100.0)]
    return Desk(deal([offer("frame", 10.0, (100.0, 100.0), {"kind": "take_or_pay", "fraction": fraction})], futures=futures))


def test_the_price_equivalent_of_take_or_pay() -> None:
    """If this fails, the sentence a negotiator says aloud is wrong: units paid on average are (1 + fraction) / 2, so 5 points are worth p (1.8 / 1.75 - 1)."""
    found = line(term_ledger(half_used()), "take_or_pay.fraction")
    assert (found.value, found.moved_to, found.toward) == (0.8, 0.75, "buyer")
    assert found.worth.upper == pytest.approx(0.5 * 0.05 * 100 * 10.0)
    assert found.price_equivalent is not None
    exact = 10.0 * (1.8 / 1.75 - 1.0)
    assert found.price_equivalent.lower <= exact + 1e-9
    assert found.price_equivalent.upper >= exact - 1e-9
    assert found.price_equivalent.upper - found.price_equivalent.lower <= 2e-3 * exact


def test_a_term_that_changes_nothing_is_worth_nothing() -> None:
    """If this fails, noise of the solver is sold as the value of a term: with full demand nobody cares what is paid for what is not taken."""
    ledger = term_ledger(Desk(deal([offer("frame", 10.0, (100.0, 100.0), {"kind": "take_or_pay", "fraction": 0.8})])))
    found = line(ledger, "take_or_pay.fraction")
    assert (found.worth.lower, found.worth.upper) == (0.0, 0.0)
    assert "worth nothing" in found.sentence


def test_an_inert_term_is_worth_nothing() -> None:
    """If this fails, a clause at its inert default is priced as if it did something."""
    desk = Desk(deal([offer("frame", 10.0, (100.0, 100.0))]))
    assert desk.signed(Package(offer="frame", terms={"take_or_pay.fraction": 0.0})).upper == pytest.approx(desk.signed(Package(offer="frame")).upper)


def test_a_step_of_the_price_is_worth_the_units_paid() -> None:
    """If this fails, money and price don't hang together: 1 % of 10 on 90 units paid on average."""
    found = line(term_ledger(half_used()), "price")
    assert found.worth.upper == pytest.approx(0.1 * 90.0)
    assert found.price_equivalent is not None
    assert found.price_equivalent.upper == pytest.approx(0.1)


def test_both_ways_are_told_when_asked_for() -> None:
    """If this fails, a buyer who must give something does not see what giving costs."""
    ledger = term_ledger(half_used(), both_ways=True)
    toward = {x.toward: x.worth.upper for x in ledger.offers[0].lines if x.lever == "take_or_pay.fraction"}
    assert toward["buyer"] == pytest.approx(25.0)
    assert toward["supplier"] == pytest.approx(-25.0)


def test_shares_add_up_to_the_package() -> None:
    """If this fails, what a package is worth is shared out with a rest (Shapley 1953: efficiency), or levers that do the same get different shares."""
    desk = half_used()
    package = Package(offer="frame", price=9.0, terms={"take_or_pay.fraction": 0.5, "take_or_pay.price_share": 0.5})
    shares = shapley(desk, package)
    total = desk.signed(Package(offer="frame")).upper - desk.signed(package).upper
    assert sum(x.worth for x in shares) == pytest.approx(total)
    assert {x.lever for x in shares} == {"price", "take_or_pay.fraction", "take_or_pay.price_share"}


def test_shares_are_for_a_few_levers() -> None:
    """If this fails, a package of many levers keeps the desk busy for ever."""
    names = ["a.b", "c.d", "e.f", "g.h", "i.j", "k.l", "m.n"]
    with pytest.raises(InvalidScenario, match="at most 6"):
        shapley(half_used(), Package(offer="frame", terms=dict.fromkeys(names, 0.0)))


def test_steps_together_are_not_the_sum_of_each() -> None:
    """If this fails, a pair that overlaps is counted twice: half the fraction and half its price leave a quarter, not nothing."""
    (pair,) = pairs(half_used(1.0), "frame", {"take_or_pay.fraction": 0.5, "take_or_pay.price_share": 0.5})
    assert pair.sum_of_each.upper == pytest.approx(500.0)
    assert pair.together.upper == pytest.approx(375.0)


def numbers(text: str) -> list[float]:
    return [float(x.replace(",", "")) for x in re.findall(r"\d[\d,]*\.?\d*", text)]


def test_every_number_in_a_sentence_is_a_stored_one() -> None:
    """If this fails, the desk says a number that no result holds."""
    ledger = term_ledger(Desk(read_scenario(LIBRARY / "quickstart.json")))
    for x in (x for found in ledger.offers for x in found.lines):
        equal = x.price_equivalent
        stored = [x.value, x.moved_to, x.worth.lower, x.worth.upper, *((equal.lower, equal.upper) if equal else ())]
        for number in numbers(x.sentence):
            assert any(abs(number - abs(factor * y)) <= 0.006 + 0.001 * abs(factor * y) for y in stored for factor in (1.0, 100.0)), x.sentence


def test_the_ledger_is_the_same_whatever_the_threads() -> None:
    """If this fails, two machines tell two prices for one term."""
    scenario = read_scenario(LIBRARY / "quickstart.json")
    ledgers = [term_ledger(Desk(scenario, scenario.solve.model_copy(update={"threads": threads})), ["maker-long-term"]) for threads in (1, 3)]
    assert ledgers[0].offers == ledgers[1].offers


class AtOnce(ThreadPoolExecutor):
    """Everything is done when it is submitted: as if the other threads were infinitely fast."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@pytest.mark.parametrize("name", ["clause-escalator", "clause-most_favoured", "quickstart"])
def test_what_is_compiled_ahead_changes_no_digit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loaded machine, on which contracts are compiled later, would tell other prices."""
    scenario = read_scenario(LIBRARY / f"{name}.json")
    alone = term_ledger(Desk(scenario, scenario.solve.model_copy(update={"threads": 1})), both_ways=True)
    monkeypatch.setattr("optimizer.negotiation.ledger.ThreadPoolExecutor", AtOnce)
    assert term_ledger(Desk(scenario, scenario.solve.model_copy(update={"threads": 2})), both_ways=True).offers == alone.offers


def test_nothing_is_compiled_ahead_once_the_ledger_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever interrupts a ledger would wait until every contract is compiled."""
    scenario, compiled, begun, failed = read_scenario(LIBRARY / "quickstart.json"), [0], Event(), Event()

    def prepare(_: Desk, __: Package) -> None:
        compiled[0] += 1
        begun.set()
        failed.wait(60.0)

    def best(_: Desk) -> None:
        begun.wait(60.0)
        failed.set()
        raise KeyboardInterrupt

    monkeypatch.setattr(Desk, "prepare", prepare)
    monkeypatch.setattr(Desk, "best", best)
    with pytest.raises(KeyboardInterrupt):
        term_ledger(Desk(scenario, scenario.solve.model_copy(update={"threads": 2})))
    assert compiled[0] < 7


def test_a_ledger_without_any_plan_says_so() -> None:
    """A table of terms that are worth nothing would be shown where nothing is possible."""
    impossible = {"kind": "fill_rate", "min": 1.0, "in": "every_future"}
    scenario = deal([offer("frame", 10.0, (0.0, 10.0))], blocks=[(1.0, 20.0)], rules=[impossible])
    with pytest.raises(Infeasible, match="whatever is signed"):
        term_ledger(Desk(scenario))
