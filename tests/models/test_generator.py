"""The document of a generator: what is accepted, every check across its tables with the words it says, and defaults that do nothing."""

from __future__ import annotations

import ast
import inspect
import sys
from typing import Any

import numpy as np
import pytest

from models import checker, generator_checks
from models.generator import own_row
from models.scenario import Scenario
from models.uncertainty import Generated
from scenarios.files import dump_scenario, parse_scenario, scenario_from
from scenarios.sampling import draw
from scenarios.tree import base_states
from tests.models.edits import REMOVED, Edit, findings
from tests.models.generated import generated

U = "uncertainty"
PAIR = f"{U}.correlations[0].between"


def three(a: float, b: float, c: float) -> Edit:
    """Correlations between demand, the spot price and the index."""
    pairs = (("demand", "spot:spot-us", a), ("demand", "index:inputs", b), ("spot:spot-us", "index:inputs", c))
    return (f"{U}.correlations", [{"between": [one, other], "value": value} for one, other, value in pairs])


CONTRADICTION = (
    "uncertainty.correlations: can't hold together: what 'index:inputs' shares with the other drivers contradicts what those share among themselves "
    "(the matrix is not positive semidefinite); weaken a row that names 'index:inputs'"
)
STILL = "give it a volatility (a regime: two states or more), or drop the row"

# what is edited -> what is said, all of it
CASES: dict[str, tuple[list[Edit], list[str]]] = {
    "no base price": (
        [("spot[0].price", REMOVED)],
        ["spot[0].price: futures are drawn around base values, but nothing gives a price for 'spot-us'; add `price`"],
    ),
    "regime twice": (
        [(f"{U}.regimes[0].id", "normal"), (f"{U}.regimes[0].moves", {"normal": 1}), (f"{U}.regimes[1].moves", {"normal": 1})],
        ["uncertainty.regimes[1]: the id 'normal' is used twice; every regime needs an id of its own"],
    ),
    "initial": ([(f"{U}.regimes[0].initial", 0.5)], ["uncertainty.regimes: the `initial` probabilities sum to 1.5; they must sum to 1"]),
    "moves": ([(f"{U}.regimes[1].moves.tight", 0.1)], ["uncertainty.regimes[1].moves: the probabilities sum to 0.9; they must sum to 1"]),
    "move to nowhere": (
        [(f"{U}.regimes[0].moves", {"glut": 0.5, "norml": 0.5})],
        ["uncertainty.regimes[0].moves.norml: there is no regime 'norml'; did you mean 'normal'?"],
    ),
    "regime of no market": ([(f"{U}.regimes[0].spot[0].spot", "x")], ["uncertainty.regimes[0].spot[0].spot: there is no spot market 'x'"]),
    "regime, all markets twice": (
        [(f"{U}.regimes[0].spot[+]", {"price_factor": 2})],
        ["uncertainty.regimes[0].spot[1]: a second row for all spot markets; keep one"],
    ),
    "allocation of nobody": (
        [(f"{U}.regimes[2].allocation[0].supplier", REMOVED)],
        ["uncertainty.regimes[2].allocation[0]: name an `offer` or a `supplier`, one of them"],
    ),
    "allocation of a stranger": (
        [(f"{U}.regimes[2].allocation[0].supplier", "x")],
        ["uncertainty.regimes[2].allocation[0].supplier: there is no supplier 'x'"],
    ),
    "allocation twice": (
        [(f"{U}.regimes[2].allocation[1]", {"supplier": "maker"})],
        ["uncertainty.regimes[2].allocation[1]: a second row for the same thing; keep one"],
    ),
    "regime of no index": ([(f"{U}.regimes[2].index", {"x": 1})], ["uncertainty.regimes[2].index.x: there is no index 'x'"]),
    "demand of no site": ([(f"{U}.demand.sites[0].site", "x")], ["uncertainty.demand.sites[0].site: there is no site 'x'"]),
    "site twice": ([(f"{U}.demand.sites[0].site", "ohio")], ["uncertainty.demand.sites[1]: a second row for site 'ohio'; keep one"]),
    "demand of no product": ([(f"{U}.demand.products[+]", {"product": "x"})], ["uncertainty.demand.products[1].product: there is no product 'x'"]),
    "all products twice": ([(f"{U}.demand.products", [{"volatility": 0.1}] * 2)], ["uncertainty.demand.products[1]: a second row for all products; keep one"]),
    "branch twice": (
        [(f"{U}.demand.branches[1].id", "low")],
        ["uncertainty.demand.branches[1]: the id 'low' is used twice; every branch needs an id of its own"],
    ),
    "branch from nowhen": (
        [(f"{U}.demand.branches[0].from_period", "2040")],
        ["uncertainty.demand.branches[0].from_period: there is no period '2040'"],
    ),
    "branches beyond 1": (
        [(f"{U}.demand.branches[0].probability", 0.9)],
        ["uncertainty.demand.branches: the probabilities sum to 1.15; at most one branch comes true, so they may sum to at most 1"],
    ),
    "process of no market": (
        [(f"{U}.spot[+]", {"spot": "x"})],
        ["uncertainty.spot[1].spot: there is no spot market 'x'"],
    ),
    "process twice": (
        [(f"{U}.spot[0].spot", REMOVED), (f"{U}.spot[+]", {"price": {"kind": "geometric", "volatility": 0.1}})],
        ["uncertainty.spot[1]: a second row for all spot markets; keep one"],
    ),
    "process of no index": (
        [(f"{U}.index[+]", {"index": "x", "level": {"kind": "geometric"}})],
        ["uncertainty.index[1].index: there is no index 'x'"],
    ),
    "index twice": (
        [(f"{U}.index[+]", {"index": "inputs", "level": {"kind": "geometric", "volatility": 1}})],
        ["uncertainty.index[1]: a second row for index 'inputs'; keep one"],
    ),
    "process of no currency": (
        [(f"{U}.fx[+]", {"currency": "x", "rate": {"kind": "geometric"}})],
        ["uncertainty.fx[1].currency: there is no currency 'x'"],
    ),
    "disruption of both": (
        [(f"{U}.disruptions[0].offer", "importer-frame")],
        ["uncertainty.disruptions[0]: name an `offer` or a `supplier`, one of them"],
    ),
    "disrupted all the time": (
        [("periods", [{"id": name, "years": 50} for name in ("2027", "2028", "2029")]), (f"{U}.disruptions[0].rate_per_year", 12)],
        ["uncertainty.disruptions[0].rate_per_year: is 12: more than 1,000 disruptions in 150 years; give a lower rate"],
    ),
    "lognormal without spread": ([(f"{U}.disruptions[1].spread", REMOVED)], ["uncertainty.disruptions[1]: a lognormal duration needs a `spread`"]),
    "spread of an exponential": (
        [(f"{U}.disruptions[0].spread", 1)],
        ["uncertainty.disruptions[0]: an exponential duration has no `spread`; remove it or change `duration`"],
    ),
    "rival twice": (
        [(f"{U}.rivals[+]", {"id": "other-buyer", "market_share": 0.1})],
        ["uncertainty.rivals[1]: the id 'other-buyer' is used twice; every rival needs an id of its own"],
    ),
    "rival in no market": ([(f"{U}.rivals[0].spot", "x")], ["uncertainty.rivals[0].spot: there is no spot market 'x'"]),
    "rival in no regime": ([(f"{U}.rivals[0].probability_in", {"x": 1})], ["uncertainty.rivals[0].probability_in.x: there is no regime 'x'"]),
    "rival beyond the market": ([(f"{U}.rivals[0].market_share", 1.2)], ["uncertainty.rivals[0].market_share: must be at most 1"]),
    "unknown driver": (
        [(f"{PAIR}[0]", "weather")],
        [f"{PAIR}[0]: there is no driver 'weather'; a driver is regime, demand, site:ID, product:ID, spot:ID, index:ID or fx:ID"],
    ),
    "driver of no site": ([(f"{PAIR}[0]", "site:ohi")], [f"{PAIR}[0]: there is no site 'ohi'; did you mean 'ohio'?"]),
    "one regime only": (
        [(f"{U}.regimes", [{"id": "normal", "initial": 1, "moves": {"normal": 1}}]), (f"{U}.rivals", [])],
        [f"{PAIR}[0]: nothing moves 'regime': {STILL}"],
    ),
    "still demand": ([(f"{U}.demand.common", {})], [f"{PAIR}[1]: nothing moves 'demand': {STILL}"]),
    "still site": (
        [(f"{U}.demand.sites", [{"site": "ohio", "volatility": 0}, {"volatility": 1}])],
        [f"{U}.correlations[2].between[1]: nothing moves 'site:ohio': {STILL}"],
    ),
    "still product": ([(f"{U}.demand.products", [])], [f"{U}.correlations[3].between[1]: nothing moves 'product:cable': {STILL}"]),
    "still market": ([(f"{U}.spot[0].price", REMOVED)], [f"{U}.correlations[1].between[0]: nothing moves 'spot:spot-us': {STILL}"]),
    "still index": ([(f"{U}.index", [])], [f"{U}.correlations[1].between[1]: nothing moves 'index:inputs': {STILL}"]),
    "still currency": (
        [(f"{U}.fx", [])],
        [f"{U}.correlations[2].between[0]: nothing moves 'fx:EUR': {STILL}", f"{U}.correlations[3].between[0]: nothing moves 'fx:EUR': {STILL}"],
    ),
    "with itself": ([(f"{PAIR}[1]", "regime")], [f"{PAIR}: 'regime' is correlated with itself; name two drivers"]),
    "pair twice": (
        [(f"{U}.correlations[+]", {"between": ["demand", "regime"], "value": 0.1})],
        ["uncertainty.correlations[4]: a second row for 'demand' and 'regime'; keep one"],
    ),
    "contradiction": ([three(0.9, -0.9, 0.9)], [CONTRADICTION]),
    "contradiction beside a certain tie": ([three(1.0, 0.9, 0.2)], [CONTRADICTION]),
    "too long a tree": (
        [(f"{U}.tree.branching", [2, 2, 2, 2])],
        ["uncertainty.tree.branching: has 4 stages, but there are 3 periods; give at most one number per period"],
    ),
    "too wide a tree": ([(f"{U}.tree.branching", [10, 10])], ["uncertainty.tree.branching: makes 100 leaves of 64 futures; branch less, or have more futures"]),
}


@pytest.mark.parametrize("name", CASES)
def test_check_says(name: str) -> None:
    """A mistake in a generator would be accepted, or explained in other words than these."""
    edits, expected = CASES[name]
    assert findings(generated(*edits)) == expected


def test_every_check_is_triggered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check could be added, or die, without anybody noticing."""
    said: set[int] = set()
    say = checker.Checker.say

    def noting(self: checker.Checker, path: str, message: str) -> None:
        said.add(sys._getframe(1).f_lineno)
        say(self, path, message)

    monkeypatch.setattr(checker.Checker, "say", noting)
    for edits, _ in CASES.values():
        findings(generated(*edits))
    many = [{"between": [f"site:s{i}", f"site:s{i + 1}"], "value": 0.1} for i in range(generator_checks.MOST_CORRELATED)]
    sites = [{"id": f"s{i}"} for i in range(len(many) + 1)]
    said_of_many = findings(generated(("sites", [{"id": "ohio"}, {"id": "texas"}, *sites]), (f"{U}.correlations", many)))
    assert said_of_many == ["uncertainty.correlations: name 201 drivers; at most 200 can be correlated"]
    calls = [x for x in ast.walk(ast.parse(inspect.getsource(generator_checks))) if isinstance(x, ast.Call) and getattr(x.func, "attr", "") == "say"]
    silent = [node.lineno for node in calls if not any(node.lineno <= line <= (node.end_lineno or 0) for line in said)]
    assert not silent, f"no case triggers the checks in lines {silent} of models/generator_checks.py"


@pytest.mark.parametrize("correlations", [(1.0, 0.9, 0.9), (-1.0, 1.0, -1.0), (0.5, 0.5, 0.5), (-0.5, -0.5, -0.5)])
def test_singular_correlations_are_accepted(correlations: tuple[float, float, float]) -> None:
    """Drivers that are tied to each other for certain, or that sum to a constant, could not be stated."""
    assert findings(generated(three(*correlations))) == []


def test_semidefinite_is_what_eigenvalues_say() -> None:
    """The check, which does without NumPy, would refuse sound correlations or let contradictory ones pass."""
    rng = np.random.default_rng(1)
    verdicts = set()
    for _ in range(300):
        values = np.round(rng.uniform(-1, 1, 3), 3)
        matrix = np.eye(3)
        matrix[0, 1], matrix[0, 2], matrix[1, 2] = values
        smallest = np.linalg.eigvalsh(np.triu(matrix) + np.triu(matrix, 1).T)[0]
        refused = findings(generated(three(*(float(x) for x in values)))) != []
        verdicts.add(refused)
        assert refused == (smallest < 0) or abs(smallest) < 1e-6
    assert verdicts == {True, False}


def test_sound_generator_has_no_finding_and_survives_writing() -> None:
    """A sound generator would be refused, or come back from a file as another one."""
    scenario = scenario_from(generated())
    assert parse_scenario(dump_scenario(scenario)) == scenario
    assert isinstance(scenario.uncertainty, Generated)


def test_defaults_are_inert() -> None:
    """A generator of which nothing is said but how many futures it makes, or whose tables hold defaults only, would change something."""
    bare: dict[str, Any] = {"kind": "generated", "futures": 4}
    regime = {"id": "normal", "initial": 1, "moves": {"normal": 1}, "spot": [{}], "allocation": [{"supplier": "maker"}]}
    still = {
        "regimes": [regime], "demand": {"common": {}, "sites": [{}], "products": [{}]}, "spot": [{"price": {"kind": "mean_reverting"}}],
        "index": [{"index": "inputs", "level": {"kind": "geometric"}}], "rivals": [{"id": "x", "market_share": 0.5}],
        "disruptions": [{"supplier": "maker", "rate_per_year": 0, "mean_years": 1}],
    }  # fmt: skip
    for given in (bare, {**bare, **still}):
        scenario = scenario_from(generated((U, given)))
        assert isinstance(scenario.uncertainty, Generated)
        paths = draw(scenario, scenario.uncertainty, futures=4, seed=1)
        base = base_states(scenario)
        for name in ("demand", "spot_price", "spot_available", "spot_lead", "deliverable", "late_weeks", "index", "fx"):
            assert (getattr(paths.states, name) == getattr(base, name)[None]).all(), name


def test_own_row_goes_before_the_row_for_all() -> None:
    """A site with settings of its own would get those of all sites."""
    scenario = scenario_from(generated())
    assert isinstance(scenario.uncertainty, Generated)
    rows = scenario.uncertainty.demand.sites
    assert [own_row(rows, "site", name) for name in ("ohio", "texas")] == [rows[1], rows[0]]
    assert own_row(rows[1:], "site", "texas") is None


def test_fields_whose_name_does_not_say_it_are_described() -> None:
    """A user would have to read the source to learn a unit or what a number is a share of."""
    defs = Scenario.model_json_schema()["$defs"]
    told = {
        "Generated": ("futures", "seed", "sampling", "stratified", "least_share", "revealed", "tree", "regimes"),
        "Regime": ("initial", "moves", "index"), "RegimeSpot": ("price_factor", "available_factor", "lead_periods"), "Wander": ("volatility", "persistence"),
        "DemandBranch": ("probability", "phase_in_periods"), "Jumps": ("mean", "deviation"), "Geometric": ("drift",), "MeanReverting": ("speed",),
        "SpotProcess": ("follows_demand",), "Disruption": ("mean_years", "spread", "deliverable_share", "weeks_late"),
        "Rival": ("probability", "probability_in", "market_share", "periods"), "Correlation": ("between",), "Branching": ("branching",),
    }  # fmt: skip
    silent = [f"{table}.{field}" for table, names in told.items() for field in names if not defs[table]["properties"][field].get("description")]
    assert not silent
