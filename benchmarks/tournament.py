"""The desk against standard sellers, beside standard buyers: `python -m benchmarks.tournament`.

Bilateral alternating offers: in every round each side makes one offer, the one that opened has the very last reply. Buyer and seller open in turn, seed by
seed. What is measured, per deal: own gain, joint surplus over the largest there is, and the distance to the Pareto set, the Nash and the
Kalai-Smorodinsky point after scaling both gains to [0, 1] on the zone. No deal captures nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from benchmarks.domains import Domain, Domains
from benchmarks.opponents import ACCEPT, NAMES, TRADE_OFF, Agent, Taste, standard
from benchmarks.tournament_page import page
from optimizer.negotiation.learning import first_belief
from optimizer.negotiation.moves import Decision, Move, Settings, Sight
from optimizer.negotiation.strategy import decide
from scenarios.tree import Floats

ROUNDS = (8, 20, 60)
SEEDS = 10
DESK = "desk"
BUYERS = (*NAMES, TRADE_OFF, DESK)


class Desk:
    """The buyer as the negotiation desk would have it."""

    def __init__(self, domain: Domain, settings: Settings) -> None:
        self.domain, self.settings = domain, settings
        self.belief = first_belief(domain.types, domain.prior)
        self.history: list[Move] = []
        self.decisions: list[Decision] = []

    def act(self, offered: int | None) -> int:
        """Answer an offer: ACCEPT, or a package."""
        if offered is not None:
            self._learn(offered)
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

    def _move(self, by: str, place: int) -> Move:
        return Move(by, float(self.domain.buyer.flat[place]), self.domain.types.reshape(len(self.domain.types), -1)[:, place])  # type: ignore[arg-type]

    def _learn(self, offered: int) -> None:
        theirs = self._move("supplier", offered)
        turn = sum(move.by == "supplier" for move in self.history)
        time = turn / max(self.settings.rounds - 1, 1)
        if self.history:
            self.belief = self.belief.after_refusal(self.history[-1].supplier, time)
        self.belief = self.belief.after_offer(theirs.supplier, time)
        self.history.append(theirs)


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
    gains = np.stack([domain.buyer.ravel(), domain.truth.ravel()], axis=1)
    both = gains[(gains > 0.0).all(axis=1)]
    if not len(both):
        return None
    scaled = gains / both.max(axis=0)
    frontier = pareto(both / both.max(axis=0))
    largest = both.sum(axis=1).max()
    return Zone(scaled, gains.sum(axis=1) / largest, frontier, frontier[frontier.prod(axis=1).argmax()], frontier[frontier.min(axis=1).argmax()])


def pareto(points: Floats) -> Floats:
    """Points that no other point beats in both coordinates, by falling first coordinate."""
    ordered = points[np.lexsort((-points[:, 1], -points[:, 0]))]
    before = np.concatenate([[-np.inf], np.maximum.accumulate(ordered[:, 1])[:-1]])
    return ordered[ordered[:, 1] > before]


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
    own = Taste(domain.buyer.ravel(), terms, rounds, 0.0, np.random.default_rng([seed, rounds, 99]))
    buying: Agent = Desk(domain, Settings(rounds, last_word=opens)) if buyer == DESK else standard(buyer, own)
    deal = negotiate(buying, selling, rounds) if opens else negotiate(selling, buying, rounds)
    if deal is None:
        return Played(domain.name, rounds, buyer, seller, domain.known, False)
    at = zone.gains[deal]
    away = [float(np.hypot(*(points - at).T).min()) for points in (zone.frontier, zone.nash[None], zone.kalai[None])]
    return Played(domain.name, rounds, buyer, seller, domain.known, True, float(at[0]), float(zone.surplus[deal]), *away)


def tournament(domains: list[list[Domain]], rounds: tuple[int, ...] = ROUNDS, buyers: tuple[str, ...] = BUYERS) -> Iterator[Played]:
    """Every buyer against every seller, in every domain, for every seed. `domains`: those of each seed."""
    for seed, drawn in enumerate(domains):
        for domain in drawn:
            zone = zone_of(domain)
            if zone is not None:
                for buyer, seller, count in product(buyers, NAMES, rounds):
                    yield play(domain, zone, buyer, seller, count, seed)


def main() -> None:
    """Play and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    seeds = parser.parse_args().seeds
    made = Domains()
    print(page(list(tournament([made.drawn(seed) for seed in range(seeds)])), BUYERS, DESK))


if __name__ == "__main__":
    main()
