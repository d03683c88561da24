"""The desk against standard sellers, beside standard buyers: `python -m benchmarks.tournament`.

Bilateral alternating offers: in every round each side makes one offer, the one that opened has the very last reply. Buyer and seller open in turn, seed by
seed. What is measured, per deal: own gain, joint surplus over the largest there is, and the distance to the Pareto set, the Nash and the
Kalai-Smorodinsky point after scaling both gains to [0, 1] on the zone. No deal captures nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from benchmarks.domains import FEW, MARKETS, Domain, domains_of
from benchmarks.domains_made import settings_made
from benchmarks.machine import RESULTS, machine, sentence
from benchmarks.opponents import ACCEPT, NAMES, Agent, Taste, chosen, standard
from benchmarks.tournament_page import BUYERS, DESK, DESKS, DEVELOPED, FEW_TYPES, WRONG_TYPES, page
from optimizer.negotiation.bargaining import pareto, solve
from optimizer.negotiation.learning import first_belief
from optimizer.negotiation.moves import Decision, Move, Settings, Sight, after_move
from optimizer.negotiation.settlement import MOST_ASKS, after_answer, better_for_them
from optimizer.negotiation.strategy import decide
from scenarios.tree import Floats

ROUNDS = (8, 20, 60)
SEEDS = 10
TYPES = 60  # that the desk thinks possible
FRESH = (5, 6, 7, 8)  # draws that the desk's rule was not developed on; the first one is reported in full


class Desk:
    """The buyer as the negotiation desk would have it."""

    def __init__(self, domain: Domain, settings: Settings) -> None:
        self.domain, self.settings = domain, settings
        self.scaled = domain.buyer.ravel()
        self.belief = first_belief(domain.types, domain.prior)
        self.history: list[Move] = []
        self.decisions: list[Decision] = []

    def act(self, offered: int | None) -> int:
        """Answer an offer: ACCEPT, or a package."""
        if offered is not None:
            theirs = self._move("supplier", offered)
            self.belief = after_move(self.belief, self.history, theirs, self.settings.rounds)
            self.history.append(theirs)
        decision = decide(Sight(self.domain.buyer, self.domain.types, self.belief, tuple(self.history), self.settings))
        self.decisions.append(decision)
        if decision.package is None:
            # Leaving early is worth nothing in a tournament: until the end, the best package for the buyer is asked for.
            place = int(self.domain.buyer.argmax()) if decision.action == "walk away" else ACCEPT
        else:
            place = decision.package[0] * self.domain.buyer.shape[1] + decision.package[1]
        if place != ACCEPT:
            self.history.append(self._move("buyer", place))
        return place

    def reply(self, offered: int) -> bool:
        """Whether the very last offer is accepted."""
        return bool(self.domain.buyer.flat[offered] >= self.settings.margin)

    def settle(self, deal: int, other: Agent) -> int:
        """Ask for packages that they like better than the deal and that gain us as much, a few at a time."""
        width = self.domain.buyer.shape[1]
        shown = {deal // width}
        for _ in range(MOST_ASKS):
            agreed = self._move("buyer", deal)
            put = better_for_them(self.domain.buyer, self.domain.types, self.belief, agreed, shown=shown)
            if not put:
                break
            places = [cell * width + q for cell, q in put]
            picked = chosen(other.scaled, deal, places)
            self.belief = after_answer(self.belief, agreed, [self._move("buyer", place) for place in places], picked)
            shown |= {cell for cell, _ in put}
            deal = deal if picked is None else places[picked]
        return deal

    def _move(self, by: str, place: int) -> Move:
        return Move(by, float(self.domain.buyer.flat[place]), self.domain.types.reshape(len(self.domain.types), -1)[:, place])  # type: ignore[arg-type]


@dataclass(frozen=True)
class Played:
    """One negotiation."""

    domain: str
    rounds: int
    buyer: str
    seller: str
    known: bool
    agreed: bool

    own: float = 0.0  # scaled
    joint: float = 0.0  # money, over the largest joint surplus
    pareto: float = field(default=np.nan)
    joint_shaken: float = 0.0  # of the deal on which hands were shaken, before anything better was looked for
    pareto_shaken: float = field(default=np.nan)
    nash: float = field(default=np.nan)
    kalai: float = field(default=np.nan)


@dataclass(frozen=True)
class Zone:
    """Packages that leave both at least as well off as no deal, and the points to measure against, on [0, 1]."""

    gains: Floats  # [packages, 2] scaled
    surplus: Floats  # [packages] money, over the largest
    frontier: Floats  # [points, 2]
    nash: Floats  # [2]
    kalai: Floats  # [2]


def zone_of(domain: Domain) -> Zone | None:
    """None: there is no package that both would sign."""
    b, s = domain.buyer.ravel(), domain.truth.ravel()
    both = np.flatnonzero((b > 0.0) & (s > 0.0))
    if not len(both):
        return None
    top = b[both].max(), s[both].max()
    scaled = np.stack([b / top[0], s / top[1]], axis=1)
    frontier = scaled[both[pareto(b[both], s[both])]]
    nash, kalai = (solve(*frontier.T, solution) for solution in ("nash", "kalai_smorodinsky"))
    assert nash is not None
    assert kalai is not None
    return Zone(scaled, (b + s) / (b + s)[both].max(), frontier, np.array([nash.buyer, nash.supplier]), np.array([kalai.buyer, kalai.supplier]))


def negotiate(first: Agent, second: Agent, rounds: int) -> int | None:
    """The package that is agreed on; None: none is."""
    offered: int | None = None
    for _ in range(rounds):
        for agent in (first, second):
            answer = agent.act(offered)
            if answer == ACCEPT:
                return offered
            offered = answer
    assert offered is not None
    return offered if first.reply(offered) else None


def play(domain: Domain, zone: Zone, buyer: str, seller: str, rounds: int, seed: int) -> Played:
    """One negotiation, measured."""
    rng = np.random.default_rng([seed, rounds, NAMES.index(seller)])
    terms = np.repeat(domain.terms, domain.buyer.shape[1], axis=0)
    selling = standard(seller, Taste(domain.truth.ravel(), terms, rounds, rng.uniform(0.0, 0.1), rng))
    opens = seed // 2 % 2 == 0
    buying: Agent
    if buyer in DESKS:
        types = {DESK: domain.types, FEW_TYPES: domain.types[:FEW], WRONG_TYPES: domain.wrong}[buyer]
        buying = Desk(domain.thinking_of(types), Settings(rounds, last_word=opens))
    else:
        buying = standard(buyer, Taste(domain.buyer.ravel(), terms, rounds, 0.0, np.random.default_rng([seed, rounds, 99])))
    deal = negotiate(buying, selling, rounds) if opens else negotiate(selling, buying, rounds)
    if deal is None:
        return Played(domain.name, rounds, buyer, seller, domain.known, False)
    shaken, deal = deal, buying.settle(deal, selling) if isinstance(buying, Desk) else deal
    return Played(
        domain.name, rounds, buyer, seller, domain.known, True, own=float(zone.gains[deal, 0]), joint=float(zone.surplus[deal]),
        pareto=_away(zone, deal, zone.frontier), joint_shaken=float(zone.surplus[shaken]), pareto_shaken=_away(zone, shaken, zone.frontier),
        nash=_away(zone, deal, zone.nash[None]), kalai=_away(zone, deal, zone.kalai[None]),
    )  # fmt: skip


def _away(zone: Zone, deal: int, points: Floats) -> float:
    """Distance of a deal to the nearest of some points, scaled."""
    return float(np.hypot(*(points - zone.gains[deal]).T).min())


def tournament(domains: list[list[Domain]], rounds: tuple[int, ...] = ROUNDS, buyers: tuple[str, ...] = BUYERS) -> Iterator[Played]:
    """Every buyer against every seller, in every domain, for every seed. `domains`: those of each seed."""
    for seed, drawn in enumerate(domains):
        for domain in drawn:
            zone = zone_of(domain)
            if zone is not None:
                for buyer, seller, count in product(buyers, NAMES, rounds):
                    yield play(domain, zone, buyer, seller, count, seed)


def drawn(draw: int, seeds: int) -> list[list[Domain]]:
    """All markets with the futures, types and suppliers of one draw."""
    return domains_of([replace(market, draw=draw).setting() for market in MARKETS], TYPES, seeds, draw)


def main() -> None:
    """Play and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    seeds = parser.parse_args().seeds
    found = machine()
    played = list(tournament(drawn(FRESH[0], seeds)))
    others = {draw: list(tournament(drawn(draw, seeds), ROUNDS[:1])) for draw in (DEVELOPED, *FRESH[1:])}
    others = {FRESH[0]: [p for p in played if p.rounds == ROUNDS[0]], **others}
    made = {name: list(tournament(domains_of([setting], TYPES, seeds), ROUNDS[:1])) for name, setting in settings_made()}
    text = page(played, others, made, sentence(found), seeds, len(MARKETS))
    print(text)
    (RESULTS / "tournament.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
