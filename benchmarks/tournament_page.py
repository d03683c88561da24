"""The result page of the tournament."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.machine import table
from benchmarks.opponents import NAMES, TRADE_OFF

if TYPE_CHECKING:
    from benchmarks.tournament import Played

DEVELOPED = 0  # the draw of futures and suppliers that the desk's rule was developed on
NEAR = 0.01  # as far from the Pareto set as still counts as on it, scaled
RATIO = 1.3  # joint surplus over that of the best standard buyer that is aimed at
DESK, FEW_TYPES, WRONG_TYPES = DESKS = ("desk", "desk, few types", "desk, wrong types")
BUYERS = (*NAMES, TRADE_OFF, *DESKS)
Talks = Sequence["Played"]
Column = tuple[str, Callable[[Sequence["Played"]], float]]


def mean(field: str) -> Callable[[Sequence[Played]], float]:
    """Mean of a figure over all talks; over deals where it only exists for those."""
    return lambda played: float(np.nanmean([getattr(p, field) for p in played])) if any(p.agreed for p in played) else float("nan")


def on_frontier(played: Sequence[Played]) -> float:
    """Share of deals on the Pareto set."""
    deals = [p.pareto <= NEAR for p in played if p.agreed]
    return float(np.mean(deals)) if deals else float("nan")


def at_handshake(played: Sequence[Played]) -> float:
    """The same of the deals on which hands were shaken, before anything better was looked for."""
    deals = [p.pareto_shaken <= NEAR for p in played if p.agreed]
    return float(np.mean(deals)) if deals else float("nan")


COLUMNS: tuple[Column, ...] = (
    ("agreed", mean("agreed")),
    ("own gain", mean("own")),
    ("joint surplus", mean("joint")),
    ("to Pareto", mean("pareto")),
    ("on Pareto", on_frontier),
    ("same at the handshake", at_handshake),
    ("joint surplus at the handshake", mean("joint_shaken")),
    ("to Nash", mean("nash")),
    ("to Kalai-Smorodinsky", mean("kalai")),
)


def page(played: Talks, draws: Mapping[int, Talks], made: Mapping[str, Talks], measured: str, seeds: int, markets: int) -> str:
    """The whole page. `draws`: talks of the fewest rounds for other draws of futures and suppliers too; `made`: those on tables made from scenarios."""
    rounds = sorted({p.rounds for p in played})
    parts = [
        f"# {_headline(draws, rounds[0])}",
        f"`python -m benchmarks.tournament`, {len(played):,} talks, and those of other draws. Measured {measured}.",
        _targets(played, draws, rounds),
    ]
    for count in rounds:
        among = [p for p in played if p.rounds == count]
        parts += [f"## {count} rounds", _by("buyer", among, BUYERS)]
    desk = [p for p in played if p.buyer == DESK]
    shortest = [p for p in desk if p.rounds == rounds[0]]
    parts += [f"## The desk at {rounds[0]} rounds, by seller", _by("seller", shortest, NAMES)]
    parts += [f"## The same, by market ({seeds} seeds each)", _by("domain", shortest, sorted({p.domain for p in played}))]
    parts += ["## The same, by what is known", _by("known", shortest, (True, False))]
    parts += [f"## Other draws of futures and suppliers, {rounds[0]} rounds", _draws(draws, rounds[0])]
    for name, talks in made.items():
        parts += [f"## The desk's own table of `{name}`, {rounds[0]} rounds", _by("buyer", talks, BUYERS)]
    parts += [NOTES.format(seeds=seeds, markets=markets)]
    return "\n\n".join(parts) + "\n"


def ratio(played: Sequence[Played], rounds: int, buyer: str = DESK, what: str = "joint") -> tuple[float, str]:
    """Joint surplus of a buyer over that of the best standard buyer, and which that is."""
    of = {name: mean(what)([p for p in played if p.rounds == rounds and p.buyer == name]) for name in (*NAMES, buyer)}
    best = max(NAMES, key=lambda name: of[name])
    return of[buyer] / of[best], best


def _fresh(draws: Mapping[int, Sequence[Played]], rounds: int, buyer: str, what: str = "joint") -> list[float]:
    """Ratios on draws that the rule was not developed on; on that one if there is no other."""
    return [ratio(played, rounds, buyer, what)[0] for draw, played in draws.items() if draw != DEVELOPED or len(draws) == 1]


def _headline(draws: Mapping[int, Sequence[Played]], rounds: int) -> str:
    found = _fresh(draws, rounds, DESK)
    spread = f"{min(found):.2f} to {max(found):.2f} on {len(found)} draws"
    return f"In {rounds} rounds the desk captures {np.mean(found):.2f} times the joint surplus of the best standard buyer ({spread})"


def _targets(played: Sequence[Played], draws: Mapping[int, Sequence[Played]], rounds: Sequence[int]) -> str:
    rows = []
    for name in DESKS:
        times = float(np.mean(_fresh(draws, rounds[0], name)))
        verdict = "pass" if times >= RATIO else "miss"
        rows.append([f"{name}: joint surplus / best standard buyer, {rounds[0]} rounds, mean of draws", f">= {RATIO:g}", f"{times:.3f}", verdict])
    for name in DESKS:
        times = float(np.mean(_fresh(draws, rounds[0], name, "joint_shaken")))
        rows.append([f"{name}: the same at the handshake, before the settlement", "-", f"{times:.3f}", "-"])
    for name in DESKS:
        for count in rounds:
            share = on_frontier([p for p in played if p.rounds == count and p.buyer == name])
            rows.append([f"{name}: deals within {NEAR:g} of the Pareto set, {count} rounds", "all", f"{share:.1%}", "pass" if share == 1.0 else "miss"])
    return table(["target", "wanted", "measured", "verdict"], rows)


def _draws(draws: Mapping[int, Sequence[Played]], rounds: int) -> str:
    rows = []
    for draw, played in sorted(draws.items()):
        desk = [p for p in played if p.buyer == DESK]
        figures = [*(ratio(played, rounds, name)[0] for name in (*DESKS, TRADE_OFF)), on_frontier(desk), at_handshake(desk), mean("pareto")(desk)]
        rows.append([f"{draw} (developed on)" if draw == DEVELOPED else str(draw), *(f"{x:.2f}" for x in figures[:-1]), f"{figures[-1]:.3f}"])
    head = [f"{name}: joint surplus / best standard buyer" for name in (*DESKS, TRADE_OFF)]
    return table(["draw", *head, "desk: on Pareto", "same at the handshake", "desk: to Pareto"], rows)


def _by(field: str, played: Sequence[Played], groups: Sequence[str | bool]) -> str:
    rows = []
    for group in groups:
        own = [p for p in played if getattr(p, field) == group]
        if own:
            name = {True: "supplier is one of the few types", False: "supplier is none of the types"}.get(group, str(group))  # type: ignore[call-overload]
            rows.append([name, *(f"{figure(own):.2f}" if title[:3] != "to " else f"{figure(own):.3f}" for title, figure in COLUMNS)])
    return table([field if field != "known" else "", *(title for title, _ in COLUMNS)], rows)


NOTES = """How to read it:

- {markets} synthetic markets, {seeds} seeds each (supplier, parameters and floor of the opponent, who opens), every buyer against every seller: Boulware, \
linear, conceder, tit for tat, hybrid, MiCRO. Alternating offers, one each way in every round; who opened has the very last reply.
- Own gain and distances: both gains scaled to [0, 1] on the packages that leave both at least as well off as no deal. Joint surplus: money, over the \
largest there is. No deal counts as 0 in both; distances are over deals only. Packages are as on the table, no lotteries.
- The desk thinks of 60 types of supplier; with few types of 6; with wrong types of 6 whose unit costs are 20 % too low, hurdle rates half and risk \
weights twice as high. In odd seeds the supplier is none of the types, but drawn from the same ranges (costs +-25 %, hurdle rate, risk weight and \
capacity +-75 %).
- The aspiration curves in the desk's belief cover the time-dependent sellers; tit for tat, hybrid and MiCRO follow none of them.
- Standard buyers know their own gains only, and offer any package at their target. `trade-off` (linear, offers what is most like their last offer; \
Faratin, Sierra & Jennings 2002) is beside them and not counted among them.
- The desk's rule and its settings were developed while looking at draw 0 (and at 1 and 10), not at the others; the tables above are draw 5.
- Tables of the desk's own are of bundled scenarios on the usual menu; their supplier is made up, unit cost 55 %, capacity cost 10 % and alternative margin \
5 % of the headline price, types and suppliers drawn around it as for the markets.
- After the handshake the desk puts packages beside the deal, three at a time and five times at most, none of which costs it more (post-settlement settlement, \
Raiffa 1985); the seller picks one that it likes better, by its own gain, or stays with the deal. Standard buyers know nothing of the seller and have \
nothing to put there. `at the handshake`: the figures before that. Deals off the Pareto set at the handshake are very last offers of the seller, which can \
only be taken or left, and suppliers that lie between the types or were not recognised in time."""
