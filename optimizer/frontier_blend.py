"""Plans blended from what looks have found, part by part: the counterpart of the cuts, an upper limit where they are a lower one.

    x on the columns that part p sees = sum_k l_pk x_k          cost_fp(x) <= sum_k l_pk cost_fp(x_k)          sum_k l_pk = 1,  l_pk >= 0

Costs are convex in the first stage, so what looks at x_k have found in a part can be mixed like the x_k; and as nothing connects the parts, every part mixes
looks of its own. Rows and integers of the first stage are kept by the blend, whatever they were at the points it is made of: looks at points that are no
plans serve as well. A small linear program finds the best blend for an aim; the CVaR is limited by rows made on demand, one for each set of worst futures.
Of K looks at P parts this makes what K^P looks would say, so that far fewer are needed.
References: Dantzig & Wolfe (1960), Decomposition principle for linear programs, Operations Research 8(1); Rockafellar & Uryasev (2002), proposition 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from models.errors import SolverFailure
from optimizer.frontier_program import Aim, Unit
from optimizer.solve.fan import Fan
from optimizer.solve.highs import CutProgram, LinearProgram
from optimizer.solve.parts import Part
from optimizer.tail import tail_shares, weighed
from scenarios.tree import Floats

MOST_INNER = 30  # rows for the CVaR in one blend
MOST_WORST = 40  # sets of worst futures that are remembered
EXACT = 1e-7  # relative: how well a blend knows its CVaR


@dataclass(frozen=True)
class Piece:
    """What a look has found in one part."""

    x: Floats  # [columns seen]
    figures: Floats  # [4, F] cost, volume of the second figure (0 for the CVaR), unmet volume, volume carried over


@dataclass(frozen=True)
class Blend:
    """A plan whose figures are upper limits."""

    x: Floats
    first: float
    second: float
    figures: Floats  # [4, F], as in a piece, all parts and the first stage together
    price: float  # of the level, in the first figure's unit per unit of the second


class Blender:
    """See the module's text. `tail` is that of the CVaR; None where the second figure is an expected volume."""

    def __init__(self, fan: Fan, parts: tuple[Part, ...], tail: float | None) -> None:
        self.fan, self.parts, self.tail = fan, parts, tail
        reach = np.maximum(np.abs(fan.upper), np.abs(fan.lower))
        self.scale = np.where(fan.integer, 1.0, np.exp2(np.round(np.log2(np.maximum(reach, 1e-6)))))
        self.pieces: list[list[Piece]] = [[] for _ in range(len(parts))]
        self.worst: list[Floats] = []  # weights of futures, most recent last
        self._program: CutProgram | None = None

    def add(self, x: Floats, figures: list[Floats], unit: Unit) -> None:
        """Take in what a look at x has found. [P][4, F]"""
        self.unit = unit
        for p, seen in enumerate(part.seen for part in self.parts):
            self.pieces[p].append(Piece(x[seen], figures[p]))
        self._program = None

    def best(self, lower: Floats, upper: Floats, aim: Aim, level: float) -> Blend | None:
        """The best plan between bounds for an aim, its second figure at most `level`; None if looks make none."""
        if not self.pieces or not self.pieces[0]:
            return None
        if self._program is None:
            self._program = self._declared()
        size = max(aim[0] * self.unit.money, aim[1] * self.unit.risk)
        self._program.price((aim[0] * self._first * self.unit.money + aim[1] * self._second * self.unit.risk) / size)
        rest = len(self._first) - len(self.scale) - 1
        low = np.concatenate([lower / self.scale, np.zeros(rest), [-np.inf]])
        high = np.concatenate([upper / self.scale, np.full(rest, np.inf), [level / self.unit.risk]])
        for _ in range(MOST_INNER):
            try:
                found = self._program.solve(low, high)
            except SolverFailure:  # a blend is never needed
                return None
            if found is None:
                return None
            price = -float(self._program.reduced[-1]) * size / self.unit.risk / aim[0] if np.isfinite(level) and aim[0] > 0 else 0.0
            blend = self._of(found[0], lower, upper, max(price, 0.0))
            if self.tail is None or blend.second - found[0][-1] * self.unit.risk <= EXACT * abs(blend.second):
                break
            shares = tail_shares(blend.figures[0], self.fan.probability, self.tail) * self.fan.probability
            self.worst = [*self.worst[-MOST_WORST + 1 :], shares / shares.sum()]
            self._limit(self._program, self.worst[-1])
        return blend

    def _of(self, z: Floats, lower: Floats, upper: Floats, price: float) -> Blend:
        fan, at = self.fan, len(self.scale)
        x, figures = z[:at] * self.scale, np.zeros((4, fan.count))
        for p, pieces in enumerate(self.pieces):
            share = np.maximum(z[at : at + len(pieces)], 0.0)
            share /= share.sum()
            at += len(pieces)
            used = np.flatnonzero(share)
            x[self.parts[p].seen] = sum(share[k] * pieces[k].x for k in used)
            figures += sum(share[k] * pieces[k].figures for k in used)
        x = np.clip(x, lower, upper)
        figures[0] += float(fan.cost0 @ x) + fan.cost1.T @ x
        first = weighed(figures[0], fan.probability)
        return Blend(x, first, self._risk(figures), figures, price)

    def _risk(self, figures: Floats) -> float:
        if self.tail is None:
            return weighed(figures[1], self.fan.probability)
        weights = tail_shares(figures[0], self.fan.probability, self.tail) * self.fan.probability
        return weighed(figures[0], weights) / float(weights.sum())

    def _limit(self, program: CutProgram, weights: Floats) -> None:
        """second >= cost of the futures with these weights"""
        fan = self.fan
        costs = [float(weights @ piece.figures[0]) for pieces in self.pieces for piece in pieces]
        row = np.concatenate([-(fan.cost0 + fan.cost1 @ weights) * self.scale, -np.array(costs), [self.unit.risk]]) / self.unit.risk
        program.add(row, 0.0)

    def _declared(self) -> CutProgram:
        fan, unit, stage = self.fan, self.unit, len(self.scale)
        counts = [len(pieces) for pieces in self.pieces]
        total = stage + sum(counts) + 1
        expected = [piece.figures[:2] @ fan.probability for pieces in self.pieces for piece in pieces]
        self._first = np.concatenate([(fan.cost0 + fan.cost1 @ fan.probability) * self.scale, [e[0] for e in expected], [0.0]]) / unit.money
        self._second = np.append(np.zeros(total - 1), 1.0)
        rows = sparse.csr_matrix(fan.master @ sparse.diags(self.scale))
        size = np.maximum(abs(rows).max(axis=1).toarray().ravel(), 1e-12) if rows.shape[0] else np.zeros(0)
        blocks: list[Any] = [sparse.hstack([sparse.diags(1.0 / size) @ rows, sparse.csr_matrix((rows.shape[0], total - stage))])]
        low, high = [fan.master_low / size], [fan.master_high / size]
        for p, seen in enumerate(part.seen for part in self.parts):
            start = stage + sum(counts[:p])
            tie = sparse.lil_matrix((len(seen) + 1, total))
            tie[np.arange(len(seen)), seen] = 1.0
            tie[: len(seen), start : start + counts[p]] = -np.array([piece.x for piece in self.pieces[p]]).T / self.scale[seen][:, None]
            tie[len(seen), start : start + counts[p]] = 1.0
            blocks.append(sparse.csr_matrix(tie))
            side = np.append(np.zeros(len(seen)), 1.0)
            low.append(side)
            high.append(side)
        if self.tail is None:
            volume = np.concatenate([np.zeros(stage), [-e[1] for e in expected], [unit.risk]]) / unit.risk
            blocks.append(sparse.csr_matrix(volume[None]))
            low.append(np.zeros(1))
            high.append(np.zeros(1))
        else:  # a CVaR is at least the mean
            blocks.append(sparse.csr_matrix((self._second * unit.risk / unit.money - self._first)[None]))
            low.append(np.zeros(1))
            high.append(np.full(1, np.inf))
        bottom = np.concatenate([fan.lower / self.scale, np.zeros(sum(counts)), [-np.inf]])
        top = np.concatenate([fan.upper / self.scale, np.full(sum(counts) + 1, np.inf)])
        matrix = sparse.csr_matrix(sparse.vstack(blocks))
        program = CutProgram(LinearProgram(self._first, bottom, top, matrix, np.concatenate(low), np.concatenate(high)))
        for weights in self.worst if self.tail is not None else ():
            self._limit(program, weights)
        return program
