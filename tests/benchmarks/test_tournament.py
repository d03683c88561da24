"""The tournament: its rules, its opponents, its measures, and that the desk does in it what it is made for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.domains import FEW, MARKETS, Domain, Setting, domains_of
from benchmarks.domains_made import settings_made
from benchmarks.opponents import ACCEPT, NAMES, TRADE_OFF, Taste, standard
from benchmarks.tournament import Desk, negotiate, play, tournament, zone_of
from benchmarks.tournament_page import BUYERS, DESK, WRONG_TYPES, on_frontier, page, ratio
from optimizer.negotiation.moves import Settings
from tests.optimizer.negotiation.tables import random_table

SMALL = replace(MARKETS[3], volumes=(60.0, 120.0), shares=(0.4, 1.0), prepaid=(0.0, 0.5))


@pytest.fixture(scope="module")
def drawn() -> list[list[Domain]]:
    """Four markets on a coarser grid, two seeds."""
    return domains_of([replace(market, volumes=(30.0, 90.0, 150.0)).setting() for market in MARKETS[:4]], 12, 2)


def taste(gains: list[float], rounds: int = 5, floor: float = 0.0) -> Taste:
    """What somebody with these gains knows."""
    return Taste(np.array(gains), np.arange(float(len(gains)))[:, None], rounds, floor, np.random.default_rng(1))


def test_gains_of_a_market_by_hand() -> None:
    """The tournament would be about figures that no contract has: a full take-or-pay is paid for in every future, whatever is taken."""
    table = SMALL.setting().table
    cell = table.cell({"volume": 60.0, "take_or_pay": 1.0, "prepayment": 0.5})
    paid = cell.calls[0].paid(float(cell.prices[0])).tolist()
    assert paid[0] == pytest.approx(0.5 * 60.0 * 3 * cell.prices[0])
    assert paid[1:] == pytest.approx([0.5 * 60.0 * cell.prices[0]] * 120)
    slope = np.diff(cell.cost) / np.diff(cell.prices)
    later = 0.5 * 60.0 * sum(1.1**-t for t in (1, 2, 3))
    assert slope == pytest.approx(np.full(40, 0.5 * 60.0 * 3 + later))


def test_tables_made_elsewhere_can_be_played() -> None:
    """The desk's own tables could not be tried against the standard opponents."""
    table = random_table(3)
    found = domains_of([Setting(table, MARKETS[0].plain.model_copy(update={"unit_cost": 1.0, "capacity_cost": 0.0, "alternative_margin": 0.0}))], FEW, 2)
    assert found[0][0].buyer.shape == found[0][0].truth.shape == (len(table.cells), len(table.prices))
    assert {played.known for played in tournament(found, (4,), (DESK,))} == {True, False}


def test_the_desks_own_table_is_played() -> None:
    """The desk's rule would only be known to work on tables that were made for the tournament."""
    name, setting = next(settings_made())
    assert name == "clause-prepayment"
    played = list(tournament(domains_of([setting], FEW, 2), (8,), (DESK, "conceder")))
    desk, other = ([p.joint for p in played if p.buyer == buyer] for buyer in (DESK, "conceder"))
    assert np.mean(desk) > np.mean(other)
    assert max(p.pareto for p in played if p.buyer == DESK and p.agreed) < 0.1


def test_even_seeds_know_the_supplier_and_odd_ones_do_not(drawn: list[list[Domain]]) -> None:
    """What is reported for known and for unknown suppliers would be mixed up."""
    for seed, domains in enumerate(drawn):
        for domain in domains:
            held = [bool(np.array_equal(kind, domain.truth)) for kind in domain.types[:FEW]]
            assert any(held) is domain.known is (seed == 0)


@pytest.mark.parametrize("name", [*NAMES, TRADE_OFF])
def test_standard_negotiators_begin_at_their_best_and_never_go_below_their_floor(name: str) -> None:
    """An opponent would be weaker than it is in the literature, and the desk would look better for it."""
    gains = np.random.default_rng(3).uniform(-1.0, 1.0, 200)
    who = taste(gains.tolist(), rounds=8, floor=0.3)
    agent = standard(name, who)
    offers = [agent.act(None)]
    worst = int(gains.argmin())
    offers += [x for x in (agent.act(worst) for _ in range(7)) if x != ACCEPT]
    assert len(offers) == 8
    assert who.scaled[offers[0]] >= 0.98
    assert min(who.scaled[offers]) >= 0.3
    assert agent.act(int(gains.argmax())) == ACCEPT
    assert agent.reply(int(gains.argmax()))
    assert not agent.reply(worst)


def test_micro_concedes_only_in_return() -> None:
    """MiCRO would go down its list although the other side repeats itself (de Jonge 2022)."""
    agent = standard("MiCRO", taste([4.0, 3.0, 2.0, 1.0]))
    assert [agent.act(x) for x in (None, 3)] == [0, 1]
    assert [agent.act(3) in (0, 1) for _ in range(9)] == [True] * 9  # they repeat themselves
    assert agent.act(2) == ACCEPT  # as good as the next own offer
    repeated = standard("MiCRO", taste([4.0, 3.0, 2.0, 1.0]))
    assert max(repeated.act(3) for _ in range(9)) == 1  # one offer received: one concession
    moving = standard("MiCRO", taste([4.0, 3.0, 2.0, 1.0]))
    assert [moving.act(3), moving.act(2)] == [0, 1]
    assert moving.act(1) == ACCEPT


def test_tit_for_tat_gives_what_it_gets() -> None:
    """Tit for tat would concede to somebody who does not."""
    steps = [x / 10 for x in range(11)]
    agent = standard("tit for tat", taste(steps))
    assert [steps[agent.act(x)] for x in (0, 0, 2, 2)] == [1.0, 1.0, 0.8, 0.8]


def test_last_word_of_the_protocol() -> None:
    """Who opens would not have the very last reply, or a deal would be struck on another package than the one accepted."""

    class Stubborn:
        def __init__(self, own: int, *, yes: bool) -> None:
            self.own, self.yes = own, yes

        def act(self, offered: int | None) -> int:
            return self.own if offered is None or not self.yes else ACCEPT

        def reply(self, offered: int) -> bool:
            return offered == 2

    assert negotiate(Stubborn(1, yes=False), Stubborn(2, yes=False), 3) == 2
    assert negotiate(Stubborn(1, yes=False), Stubborn(3, yes=False), 3) is None
    assert negotiate(Stubborn(1, yes=False), Stubborn(2, yes=True), 3) == 1


def test_measures_against_brute_force(drawn: list[list[Domain]]) -> None:
    """Distances would be measured to points that are not the Pareto set, Nash's or Kalai and Smorodinsky's."""
    domain = drawn[0][0]
    zone = zone_of(domain)
    assert zone is not None
    points = np.stack([domain.buyer.ravel(), domain.truth.ravel()], axis=1)
    both = points[(points > 0).all(axis=1)]
    both = both / both.max(axis=0)
    kept = [p for p in both if not ((both >= p).all(axis=1) & (both > p).any(axis=1)).any()]
    assert np.sort(zone.frontier, axis=0) == pytest.approx(np.sort(np.unique(kept, axis=0), axis=0))
    assert zone.nash.prod() == pytest.approx(both.prod(axis=1).max())
    assert zone.kalai.min() == pytest.approx(both.min(axis=1).max())
    assert zone.surplus[(points > 0).all(axis=1)].max() == pytest.approx(1.0)


def test_desk_keeps_its_rails_against_every_seller(drawn: list[list[Domain]]) -> None:
    """The desk would sign below walk-away, or offer what it does not want, against some opponent."""
    for domain in drawn[1]:
        zone = zone_of(domain)
        assert zone is not None
        for seller in NAMES:
            terms = np.repeat(domain.terms, domain.buyer.shape[1], axis=0)
            desk = Desk(domain, Settings(8, margin=20.0))
            deal = negotiate(standard(seller, Taste(domain.truth.ravel(), terms, 8, 0.0, np.random.default_rng(1))), desk, 8)
            assert deal is None or domain.buyer.flat[deal] >= 20.0
            assert all(move.gain >= 20.0 for move in desk.history if move.by == "buyer")


def test_a_talk_can_be_repeated(drawn: list[list[Domain]]) -> None:
    """A result of the page could not be looked into."""
    zone = zone_of(drawn[0][0])
    assert zone is not None
    one, other = (play(drawn[0][0], zone, DESK, "hybrid", 8, 0) for _ in range(2))
    assert one == other


def test_desk_captures_more_than_standard_buyers(drawn: list[list[Domain]]) -> None:
    """The desk would do no better than negotiators that know nothing about the other side (8 rounds, the target of the page)."""
    played = list(tournament(drawn, (8,)))
    assert ratio(played, 8)[0] >= 1.3
    desk = [p for p in played if p.buyer == DESK]
    assert on_frontier(desk) >= 0.8
    assert np.mean([p.own for p in desk]) > max(np.mean([p.own for p in played if p.buyer == name]) for name in NAMES)
    text = page(played, {0: played}, {"clause-prepayment": played}, "here", 2, 4)
    assert all(name in text for name in (*BUYERS, WRONG_TYPES))
    assert f"{ratio(played, 8)[0]:.2f} times" in text
