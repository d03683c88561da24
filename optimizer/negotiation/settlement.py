"""After the handshake: packages that gain us as much as the deal, of which the supplier may like one better. The deal stands unless it picks one.

    open        of every cell that was not shown yet, the package with gain >= that of the deal that the believed supplier likes best
    put forward `count` of them with the largest  sum_k w_k max over packages of max(s_k(package) - s_k(deal), 0); where fewer promise anything to anybody,
                those that are liked best besides: the types may all be wrong, and asking costs nothing
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
LEAST = 1e-3  # scaled: a promise that is no more is none
MOST_ASKS = 5  # times that a supplier is asked after a deal


def better_for_them(gains: Floats, supplier: Floats, belief: Belief, deal: Move, *, count: int = 3, shown: Collection[int] = ()) -> tuple[Place, ...]:
    """Packages to put forward beside a deal, one of a cell; empty where every cell was shown or costs us more. `gains` [cells, Q] ours, `supplier`
    [K, cells, Q]; `shown`: cells that the supplier has seen beside this deal, of which it likes none better."""
    enough = np.isfinite(gains) & (gains >= deal.gain - SAME * max(abs(deal.gain), 1.0))
    enough[list(shown)] = False
    liked = np.where(enough, belief.liked(supplier), -np.inf)
    best = liked.argmax(axis=1)
    cells = np.flatnonzero(enough.any(axis=1))
    if not len(cells):
        return ()
    more = np.maximum(belief.scaled(supplier[:, cells, best[cells]]) - belief.scaled(deal.supplier[:, None]), 0.0)
    chosen, value, _, _ = cover(more, belief.weights, np.ones((len(cells), len(cells)), dtype=bool), count)
    picked = [int(cells[i]) for i in chosen] if value > LEAST else []
    rest = [c for c in cells[np.argsort(-liked[cells].max(axis=1), kind="stable")].tolist() if c not in picked]
    return tuple((c, int(best[c])) for c in (*picked, *rest[: count - len(picked)]))


def after_answer(belief: Belief, deal: Move, put: list[Move], picked: int | None) -> Belief:
    """The belief after they picked one of the packages (from 0), or the deal (None)."""
    gains = np.stack([*(move.supplier for move in put), deal.supplier], axis=1)
    return belief.after_pick(gains, len(put) if picked is None else picked)
