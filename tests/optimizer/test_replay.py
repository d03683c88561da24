"""A contract file replayed: five years of take-or-pay with make-up by hand, invoices that are wrong, and the rest of the horizon planned anew."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from models.contract import ContractFile
from models.contract_checks import contract_findings
from models.errors import InvalidScenario
from models.replay import OwedLine
from models.scenario import Risk
from optimizer import engine
from optimizer.replay import replay_contracts
from optimizer.replay_start import belongs, contract_file
from scenarios import library
from tests.optimizer.random_scenarios import random_scenario
from tests.optimizer.replays import FILE, edited, read, replayed

NEAR = 1e-6
LONGER = {"kind": "extension", "periods": 2, "notice_periods": 1}


def lines(data: dict[str, Any]) -> dict[tuple[str, str], OwedLine]:
    """The account of the only contract, by period and category."""
    return {(x.period, x.category): x for x in replayed(data).contracts[0].lines}


def test_five_years_by_hand() -> None:
    """The account would ask for other sums than an accountant with the contract in hand."""
    found = lines(edited(lambda x: x["contracts"][0].pop("invoices")))
    by_hand = {
        ("2026", "purchase"): 600.0, ("2026", "take_or_pay"): 300.0, ("2027", "purchase"): 1045.0, ("2027", "make_up_credit"): -49.5,
        ("2028", "purchase"): 840.0, ("2028", "take_or_pay"): 105.0,
    }  # fmt: skip
    assert {key: x.owed for key, x in found.items()} == pytest.approx(by_hand)
    assert {x.verdict for x in found.values()} == {"not invoiced"}


def test_an_invoice_made_with_the_index_of_the_year_before_is_found() -> None:
    """Forty too much would be paid, or somebody would have to find out why."""
    found = replayed(FILE).contracts[0]
    assert [(x.invoices, x.period, x.category) for x in found.mismatches] == [(("A-3",), "2028", "purchase"), (("A-3",), "2028", "take_or_pay")]
    assert [x.difference for x in found.mismatches] == pytest.approx([40.0, 5.0])
    for x in found.mismatches:
        assert x.cause == "It is what the contract says with index 'oil' read a period earlier."
    assert "50 % of the price follows the index 'oil'" in found.mismatches[0].formula
    assert "80 of 100 cargo of lng taken at 10.50" in found.mismatches[0].formula
    assert [x.verdict for x in found.lines if x.period in ("2026", "2027")] == ["matches"] * 3


def test_what_lapses_when_by_hand() -> None:
    """Make-up volume would be forgotten until it has lapsed, or counted on after that."""
    found = replayed(FILE).contracts[0]
    assert [(x.since, x.until, x.amount, x.worth) for x in found.holdings] == [("2026", "2028", 25.0, 0.0), ("2028", "2030", 10.0, pytest.approx(94.5))]
    assert "lapsed at the end of 2028, unused" in found.holdings[0].sentence
    (option,) = found.options
    assert (option.first, option.last, option.over, option.cost) == ("2029", "2029", "2030", pytest.approx(500.0))
    (minimum,) = found.minima
    assert (minimum.period, minimum.owed, minimum.least) == ("2029", pytest.approx(90.0), 0.0)


@pytest.mark.parametrize(
    ("invoice", "verdict", "words"),
    [
        ({"lines": [{"category": "purchase", "amount": 840.004}, {"category": "take_or_pay", "amount": 105}]}, "matches", ""),
        ({"lines": [{"category": "purchase", "amount": 840}]}, "differs", "says nothing of take or pay in 2028; by the contract it is 105.00"),
        ({"lines": [{"category": "purchase", "amount": 840}, {"category": "take_or_pay", "amount": 105}, {"category": "handling", "amount": 7}]},
         "not in the contract", "which the contract does not know"),
        ({"total": 1050}, "differs", "if the committed volume had been taken"),
    ],
)  # fmt: skip
def test_invoices_are_held_against_the_contract(invoice: dict[str, Any], verdict: str, words: str) -> None:
    """A rounded invoice would be disputed, or one that lacks a line, adds one or bills the commitment would be paid."""
    file = edited(lambda x: x["contracts"][0].update(invoices=[{"id": "B", "period": "2028", **invoice}]))
    found = replayed(file).contracts[0]
    told = " ".join(x.sentence for x in found.mismatches)
    assert verdict in {x.verdict for x in found.lines if x.period == "2028"}
    assert words in told
    assert bool(found.mismatches) == (verdict != "matches")


def test_the_rest_is_planned_anew_by_hand() -> None:
    """The volume in the bank would not be used, or a gain would be promised that there is not."""
    found = replayed(FILE, onward=True)
    ahead = found.onward
    assert ahead is not None
    early, late = 1.05**-3, 1.05**-4
    weak = 900 * early + 900 * late
    strong = (100 * 11.5 - 0.9 * 10 * 11.5 + 10 * 10.5) * early + (90 * 11.5 + 20 * 10.5) * late
    assert ahead.best == pytest.approx(0.5 * (weak + strong), rel=NEAR)
    assert ahead.gain == pytest.approx(0.5 * 0.9 * 11.5 * 10 * early - 0.5 * 10 * (11.5 - 10.5) * early, rel=1e-4)
    assert ahead.planned == pytest.approx(ahead.best + ahead.gain, rel=NEAR)
    taken = next(x for x in ahead.steps if x.what == "take")
    assert taken.highest == pytest.approx(100.0)
    made_up = next(x for x in ahead.steps if x.what == "choose")
    assert (made_up.clause, made_up.highest) == ("make_up", pytest.approx(10.0))
    (option,) = found.contracts[0].options
    assert (option.probability, option.worth) == (0.0, 0.0)


def test_what_broke_the_contract_is_told_and_the_rest_is_planned_all_the_same() -> None:
    """Takes outside the band would stop everything, or pass without a word."""
    found = replayed(edited(lambda x: x["scenario"]["offers"][0]["clauses"][2].update(down=0.1)), onward=True)
    assert [x.partition(":")[0] for x in found.contracts[0].breaches] == [
        "In 2026 what happened is off by 30 under volume band", "In 2028 what happened is off by 10 under volume band",
    ]  # fmt: skip
    assert found.onward is not None
    assert found.onward.best == pytest.approx(_best(FILE), rel=NEAR)
    beyond = replayed(edited(lambda x: x["contracts"][0]["takes"][2].update(volume=120)), onward=True)
    assert any("off by 10" in x for x in beyond.contracts[0].breaches)
    assert beyond.onward is not None


def _best(file: dict[str, Any]) -> float:
    onward = replayed(file, onward=True).onward
    assert onward is not None
    return onward.best


def test_what_the_model_can_t_go_on_from_is_said() -> None:
    """Volume made up that was never paid for would end as if the contract could not be kept from now on."""
    found = replayed(edited(lambda x: x["contracts"][0]["takes"][0].update(volume=90)), onward=True)
    assert any("off by 5 under make up" in x for x in found.contracts[0].breaches)
    assert found.onward is None
    assert "breaks a contract" in found.notes[0]


@cache
def plan_of(name: str) -> tuple[Any, Any]:
    """A bundled scenario and its plan, proven optimal."""
    scenario = library.load(name)
    settings = scenario.solve.model_copy(update={"gap": 0.0, "baselines": False, "detail": "nodes"})
    return scenario, engine.solve(scenario, settings)


@pytest.mark.parametrize("name", ["clause-make_up", "clause-extension", "clause-prepayment"])
def test_nothing_happened_yet_is_the_plan(name: str) -> None:
    """A file without actuals would be planned otherwise than the scenario that it comes from."""
    scenario, plan = plan_of(name)
    found = replay_contracts(scenario, contract_file(scenario, plan))
    assert found.onward is not None
    assert found.onward.objective == pytest.approx(plan.summary.objective, rel=NEAR)
    assert found.onward.gain == 0.0
    signing = sum(x.present for x in plan.costs if x.node == "now")
    assert found.onward.best + signing == pytest.approx(plan.summary.expected_cost, rel=NEAR)


@pytest.mark.parametrize(
    ("name", "periods"),
    [("clause-make_up", 1), ("clause-carry_forward", 2), ("clause-extension", 1), ("clause-early_termination", 2), ("clause-cumulative_rebate", 2),
     ("clause-make_good", 1), ("clause-all_units_tiers", 1), ("clause-late_delivery", 1), ("clause-cancellation", 1), ("clause-deferral", 1)],
)  # fmt: skip
def test_the_planned_past_costs_what_the_plan_says_and_is_gone_on_with(name: str, periods: int) -> None:
    """The replay would bill what was planned otherwise than the plan, or think of something better than the optimum that it goes on with."""
    scenario, plan = plan_of(name)
    for future in plan.futures:
        today = scenario.period_ids[min(periods, len(scenario.period_ids) - 1) - 1]
        name_of = future.future.split(" and ")[0]
        file = contract_file(scenario, plan, today, name_of)
        assert contract_findings(scenario, file) == []
        found = replay_contracts(scenario, file, onward=future is plan.futures[-1])
        nodes = {"now", *(x.node for x in plan.flows if x.period <= today and x.kind == "demand" and _on(scenario, x.node, file))}
        for x in found.contracts:
            billed = sum(y.amount for y in plan.costs if y.source_kind == "offer" and y.source == x.offer and y.node in nodes and y.category != "tariff")
            assert x.owed == pytest.approx(billed, rel=NEAR, abs=NEAR)
            assert x.breaches == ()
        if found.onward is not None:
            assert found.onward.gain == pytest.approx(0.0, abs=1e-5 * max(1.0, abs(plan.summary.objective)))


@pytest.mark.parametrize("seed", [95, 186])
def test_everything_at_once_goes_on_as_planned(seed: int) -> None:
    """A past with spot orders under way, stock, backlog, later signatures or steps opened would leave no way on, or one that beats the optimum it is of."""
    scenario = random_scenario(seed).model_copy(update={"rules": (), "risk": Risk()})  # with them a plan looks at futures that are ruled out by then
    plan = engine.solve(scenario, scenario.solve.model_copy(update={"gap": 0.0, "baselines": False, "detail": "nodes"}))
    file = contract_file(scenario, plan, scenario.period_ids[0], plan.futures[0].future.split(" and ")[0])
    assert contract_findings(scenario, file) == []
    found = replay_contracts(scenario, file)
    assert [x for contract in found.contracts for x in contract.breaches] == []
    assert found.onward is not None
    assert found.onward.gain == pytest.approx(0.0, abs=1e-5 * abs(plan.summary.objective))


def _on(scenario: Any, node: str, file: ContractFile) -> bool:
    """Whether a node lies on the path to the node that a file has reached."""
    from scenarios.tree import build_tree

    tree = build_tree(scenario)
    return node in [tree.ids[n] for n in tree.path(tree.ids.index(str(file.node)))]


@pytest.mark.parametrize(
    ("edit", "path", "words"),
    [
        (lambda x: x["contracts"][0]["volumes"][0].update(volume=40), "contracts[0].volumes", "base: 50 to 100"),
        (lambda x: x.update(node="2028.nowhere"), "node", "no node '2028.nowhere' in 2028"),
        (lambda x: x["contracts"][0]["chosen"][0].update(clause="take_or_pay"), "contracts[0].chosen[0].clause", "make_up"),
        (lambda x: x["contracts"][0].update(notices=[{"clause": "make_up", "period": "2028"}]), "contracts[0].notices[0].clause", "early_termination"),
        (lambda x: x["scenario"]["offers"][0]["clauses"].__setitem__(4, LONGER), "contracts[0].notices", "2028"),
        (lambda x: (x["observed"].clear(), x["scenario"]["uncertainty"]["futures"][0].update(index={"oil": [2, 2, 2, 2, 2]})), "observed.index", "'oil'"),
    ],
)  # fmt: skip
def test_what_the_contract_can_t_have_is_refused_with_its_place(edit: Any, path: str, words: str) -> None:
    """A file would be read as something that it does not say."""
    file = edited(edit)
    with pytest.raises(InvalidScenario) as caught:
        replayed(file)
    assert [x.path for x in caught.value.findings] == [path]
    assert words in caught.value.findings[0].message


def test_what_all_futures_agree_about_need_not_be_observed() -> None:
    """Somebody would have to type index values that the scenario already says."""
    assert replayed(edited(lambda x: x["observed"].clear())).contracts[0].owed == pytest.approx(2840.5)


def test_a_file_of_another_scenario_s_plan_is_refused() -> None:
    """A contract would be kept by the terms of another scenario."""
    scenario, plan = plan_of("clause-make_up")
    with pytest.raises(InvalidScenario, match="not this scenario's"):
        belongs(plan, library.load("clause-extension"))
    with pytest.raises(InvalidScenario, match="another scenario's plan"):
        contract_file(library.load("quickstart"), plan)
    belongs(plan, scenario)
    with pytest.raises(InvalidScenario, match="weak, strong"):
        contract_file(scenario, plan, "2027")
    assert read(FILE)[1].today == "2028"
