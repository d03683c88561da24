"""The first stage of a frontier: a small linear program that knows both figures of a plan, with cuts for each.

    first  = (c0 + E c1) x + sum_p a_p            expected cost; a_p: the share of a part of the recourse
    second = S                                    the risk: CVaR, or S = sum_p b_p, expected shortage
    minimise  alpha first + beta second           subject to the rows of the first stage, cuts, and  second <= level

A cut on the first figure may hold a price for the second (`price`): a look at which shortage costs `price` more a unit proves a_p + price b_p >= ...
The price of the level is what one unit less of risk costs at the optimum:  first(r) >= first(level) - price (r - level)  for every other level r.
Cuts that were not tight for long are dropped; the pools can make them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from models.errors import SolverFailure
from optimizer.frontier_parts import least_of
from optimizer.solve.fan import Fan
from optimizer.solve.highs import CutProgram, LinearProgram
from optimizer.solve.parts import Part
from scenarios.tree import Floats

MOST_CUTS = 250
FOREVER = 2**60
DOUBT = 1e-8  # of the aim's unit: how much too high the solver's optimum may be; a tenth of its tolerance was the most seen
Aim = tuple[float, float]  # weights of the first and the second figure


@dataclass(frozen=True)
class Unit:
    """Sizes by which the figures are divided, powers of two."""

    money: float
    risk: float

    @classmethod
    def fitting(cls, first: float, second: float) -> Unit:
        """The sizes that suit figures of these sizes."""
        return cls(*(float(np.exp2(np.round(np.log2(max(abs(x), 1e-6))))) for x in (first, second)))


@dataclass(frozen=True)
class Point:
    """A solution of the program."""

    x: Floats
    first: float
    second: float
    shares: Floats  # [P] a_p
    risks: Floats  # [P] b_p; empty where the second figure has no parts
    bound: float  # of the aim
    price: float  # of the level, in the first figure's unit per unit of the second


class Program:
    """See the module's text. `split`: the second figure is a sum over parts; otherwise it is a CVaR, which is never below the mean."""

    def __init__(self, fan: Fan, parts: tuple[Part, ...], unit: Unit, *, split: bool, seed: int = 0) -> None:
        self.fan, self.parts, self.unit = fan, parts, unit
        reach = np.maximum(np.abs(fan.upper), np.abs(fan.lower))
        self.scale = np.where(fan.integer, 1.0, np.exp2(np.round(np.log2(np.maximum(reach, 1e-6)))))
        self.size, self.count, self.risks = len(fan.cost0), len(parts), len(parts) if split else 0
        self._first = np.concatenate([(fan.cost0 + fan.cost1 @ fan.probability) * self.scale / unit.money, np.ones(self.count), np.zeros(self.risks + 1)])
        self._second = np.append(np.zeros(len(self._first) - 1), 1.0)
        least = np.array([float(fan.probability @ x) for x in least_of(fan, parts)]) / unit.money
        self._least = np.concatenate([least, np.zeros(self.risks), [-np.inf]])  # below the x
        self._program = self._declared(seed)
        self._aim: Aim = (1.0, 0.0)
        self._used: list[int] = []
        self.solves = 0
        self.impossible = False  # some future has no plan, whatever the first stage

    def solve(self, lower: Floats, upper: Floats, aim: Aim, level: float) -> Point | None:
        """The best point for an aim, with x between bounds and the second figure at most `level`; None if there is none."""
        if self.impossible:
            return None
        self._prune()
        if aim != self._aim:
            self._program.price(aim[0] * self._first * self.unit.money / self._size(aim) + aim[1] * self._second * self.unit.risk / self._size(aim))
            self._aim = aim
        high = np.concatenate([upper / self.scale, np.full(len(self._least) - 1, np.inf), [level / self.unit.risk]])
        found = self._run(np.concatenate([lower / self.scale, self._least]), high)
        self.solves += 1
        if found is None:
            return None
        z, value = found
        self._note()
        held = np.isfinite(level) and aim[0] > 0
        price = max(0.0, -float(self._program.reduced[-1])) * self._size(aim) / self.unit.risk / aim[0] if held else 0.0
        return Point(
            np.clip(z[: self.size] * self.scale, lower, upper), float(self._first @ z) * self.unit.money, float(z[-1]) * self.unit.risk,
            z[self.size : self.size + self.count] * self.unit.money, z[self.size + self.count : -1] * self.unit.risk, (value - DOUBT) * self._size(aim), price,
        )  # fmt: skip

    def cut_first(self, p: int, constant: float, slope: Floats, price: float = 0.0) -> None:
        """a_p + price b_p >= constant + slope x, over the columns that part p sees."""
        row, money = np.zeros(len(self._first)), self.unit.money
        row[self.parts[p].seen] = -slope * self.scale[self.parts[p].seen] / money
        row[self.size + p] = 1.0
        if price:
            row[self.size + self.count + p] = price * self.unit.risk / money
        size = max(1.0, float(np.abs(row).max()))
        self._add(row / size, constant / money / size)

    def cut_second(self, constant: float, slope: Floats) -> None:
        """second >= constant + slope x"""
        row = np.zeros(len(self._first))
        row[: self.size] = -slope * self.scale / self.unit.risk
        row[-1] = 1.0
        self._add(row, constant / self.unit.risk)

    def forbid(self, constant: float, slope: Floats) -> None:
        """constant + slope x <= 0"""
        row = np.zeros(len(self._first))
        row[: self.size] = -slope * self.scale
        size = float(np.abs(row).max(initial=0.0))
        if size > 0 and np.isfinite(constant):
            self._add(row / size, constant / size, forever=True)
        elif size == 0 and constant > 0:
            self.impossible = True

    def _size(self, aim: Aim) -> float:
        return max(aim[0] * self.unit.money, aim[1] * self.unit.risk)

    def _run(self, low: Floats, high: Floats) -> tuple[Floats, float] | None:
        try:
            return self._program.solve(low, high)
        except SolverFailure:  # cuts that nearly coincide: without those that do not matter it may get on
            self._drop([used != self.solves for used in self._used])
            return self._program.solve(low, high)

    def _add(self, row: Floats, least: float, *, forever: bool = False) -> None:
        self._program.add(row, least)
        self._used.append(FOREVER if forever else self.solves)

    def _note(self) -> None:
        for k in np.flatnonzero(~self._program.slack_cuts()):
            self._used[k] = max(self._used[k], self.solves)

    def _prune(self) -> None:
        if len(self._used) > MOST_CUTS:
            oldest = sorted(self._used, reverse=True)[MOST_CUTS // 2]
            self._drop([used <= oldest for used in self._used])

    def _drop(self, which: Sequence[bool]) -> None:
        gone = np.array([drop and used != FOREVER for drop, used in zip(which, self._used, strict=True)])
        self._program.drop(gone)
        self._used = [used for used, drop in zip(self._used, gone, strict=True) if not drop]

    def _declared(self, seed: int) -> CutProgram:
        fan, tail = self.fan, len(self._least)
        rows = np.asarray((fan.master @ sparse.diags(self.scale)).todense()).reshape(len(fan.master_low), self.size)
        size = np.maximum(np.abs(rows).max(axis=1, initial=0.0), 1e-12)
        matrix = [np.hstack([rows / size[:, None], np.zeros((len(size), tail))])]
        low, high = [fan.master_low / size], [fan.master_high / size]
        if self.risks:  # S = sum_p b_p
            total = -self._second.copy()
            total[-1 - self.risks : -1] = 1.0
            matrix.append(total[None])
        else:  # a CVaR is at least the mean
            matrix.append((self._second * self.unit.risk / self.unit.money - self._first)[None])
        low.append(np.zeros(1))
        high.append(np.zeros(1) if self.risks else np.full(1, np.inf))
        return CutProgram(
            LinearProgram(
                cost=self._first,
                lower=np.concatenate([fan.lower / self.scale, self._least]),
                upper=np.concatenate([fan.upper / self.scale, np.full(tail, np.inf)]),
                matrix=sparse.csr_matrix(np.vstack(matrix)),
                row_lower=np.concatenate(low),
                row_upper=np.concatenate(high),
            ),
            seed,
        )  # fmt: skip
