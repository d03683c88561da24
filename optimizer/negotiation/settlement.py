"""After the handshake: packages that gain us as much as the deal, of which the supplier may like one better. The deal stands unless it picks one.

    open        every cell's packages with gain >= that of the deal, the one the believed supplier likes best
    put forward up to `count` of them with the largest  sum_k w_k max over packages of max(s_k(package) - s_k(deal), 0)
    answer      a pick, or the deal: either says what kind of supplier it is (`learning`), as any choice among packages of equal cost does

Nobody can lose by it: we are asked for nothing, and they choose freely. If they know what they like, the pick from all cells would be a Pareto point; a few
well chosen ones mostly hold it. Reference: Raiffa (1985), Post-settlement settlements, Negotiation Journal 1(1).
Worked number: the deal is worth 0.5 to both of two equally likely types; packages A, B, C are worth (0.9, 0.2), (0.3, 0.8) and (0.7, 0.65). C alone promises
0.175, A alone 0.2; A and B together (0.4 + 0.3)/2 = 0.35.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from optimizer.negotiation.learning import Belief
from optimizer.negotiation.moves import Move, Place
from optimizer.negotiation.packages import cover
from scenarios.tree import Floats

SAME = 1e-9  # relative: gains closer than this are the same
LEAST = 1e-3  # scaled: a promise that is no more is not worth asking for


def better_for_them(gains: Floats, supplier: Floats, belief: Belief, deal: Move, *, count: int = 3, shown: Collection[Place] = ()) -> tuple[Place, ...]:
    """Packages to put forward beside a deal; empty where none promises any likely type more. `gains` [cells, Q] ours, `supplier` [K, cells, Q]; `shown`:
    packages that the supplier has seen beside this deal or a better one."""
    enough = np.isfinite(gains) & (gains >= deal.gain - SAME * max(abs(deal.gain), 1.0))
    for cell, q in shown:
        enough[cell, q] = False
    liked = np.where(enough, belief.liked(supplier), -np.inf)
    best = liked.argmax(axis=1)
    cells = np.flatnonzero(enough.any(axis=1))
    if not len(cells):
        return ()
    more = np.maximum(belief.scaled(supplier[:, cells, best[cells]]) - belief.scaled(deal.supplier[:, None]), 0.0)
    chosen, value, _, _ = cover(more, belief.weights, np.ones((len(cells), len(cells)), dtype=bool), count)
    return tuple((int(cells[i]), int(best[cells[i]])) for i in chosen) if value > LEAST else ()


def after_answer(belief: Belief, deal: Move, put: list[Move], picked: int | None) -> Belief:
    """The belief after they picked one of the packages (from 0), or the deal (None)."""
    gains = np.stack([*(move.supplier for move in put), deal.supplier], axis=1)
    return belief.after_pick(gains, len(put) if picked is None else picked)


def promises(belief: Belief, move: Move | None, deal: Move) -> bool:
    """Whether a package may be worth more to them than the deal."""
    return move is not None and float(belief.weights @ np.maximum(belief.scaled(move.supplier) - belief.scaled(deal.supplier), 0.0)) > LEAST
