"""Small fans whose frontiers are known otherwise: all futures in one program, every signing tried."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import LinearConstraint, milp

from optimizer.frontier_risk import Risk, cvar_risk, shortage_risk
from optimizer.solve.fan import Fan
from optimizer.solve.recourse import FanRecourse
from scenarios.tree import Floats
from tests.optimizer.solve.fans import Case, case_of, many


def small(count: int = 8, seed: int = 0, offers: int = 5, products: int = 1, *, scarce: bool = False) -> Case:
    """A fan of a few futures and offers; its products have nothing to do with each other. `scarce`: going without may be cheaper than buying."""
    data = many(count, seed)
    data["offers"] = data["offers"][:offers]
    if scarce:
        data["shortage"][0]["cost_per_unit"], data["spot"][0]["available"] = 30.0, [15.0] * 3
    for k in range(1, products):
        name = f"cable-{k}"
        data["products"].append({"id": name, "unit": "km"})
        for table in ("demand", "shortage", "storage"):
            data[table] += [row | {"product": name} for row in data[table] if row["product"] == "cable"]
        data["spot"].append(data["spot"][0] | {"id": f"spot-{k}", "product": name})
        data["offers"] += [o | {"id": f"{o['id']}-{k}", "products": [name]} for o in data["offers"][:offers]]
        for future in data["uncertainty"]["futures"]:
            future["demand"] += [row | {"product": name, "volume": row["volume"][::-1]} for row in future["demand"] if row["product"] == "cable"]
    return case_of(data)


def risk_of(case: Case, kind: str) -> Risk:
    """The second figure of a case."""
    return (cvar_risk if kind == "cvar" else shortage_risk)(case.template, case.fan)


@dataclass(frozen=True)
class Truth:
    """All futures in one program: x, then each future's columns, then threshold and excess of the CVaR, then the second figure."""

    risk: Risk

    def least(self, level: float, signed: Floats | None = None) -> float:
        """Least expected cost of a plan whose second figure is at most a level; of those that sign this, where it is said."""
        return self._solve(self._first, level, signed)

    def safest(self) -> float:
        """The least second figure of all."""
        second = np.zeros(self._columns)
        second[-1] = 1.0
        return self._solve(second, np.inf, None)

    def signings(self) -> list[Floats]:
        """Every choice of the integers."""
        fan = self.risk.fan
        whole = np.flatnonzero(fan.integer)
        return [np.array(x) for x in itertools.product(*(np.arange(fan.lower[j], fan.upper[j] + 1) for j in whole))]

    @property
    def _columns(self) -> int:
        fan = self.risk.fan
        return int(len(fan.cost0) + fan.count * fan.cost2.shape[1] + 1 + fan.count + 1)

    @cached_property
    def _first(self) -> Floats:
        fan = self.risk.fan
        later = (fan.probability[:, None] * fan.cost2).ravel() * fan.money
        return np.concatenate([fan.cost0 + fan.cost1 @ fan.probability, later, np.zeros(fan.count + 2)])

    @cached_property
    def _rows(self) -> tuple[Any, Floats, Floats]:
        fan, risk = self.risk.fan, self.risk
        stage, own, count = len(fan.cost0), fan.cost2.shape[1], fan.count
        rest = count + 2
        blocks = [sparse.hstack([fan.master, sparse.csr_matrix((fan.master.shape[0], count * own + rest))])]
        low, high = [fan.master_low], [fan.master_high]
        for f in range(count):
            left, right = sparse.csr_matrix((fan.low.shape[1], f * own)), sparse.csr_matrix((fan.low.shape[1], (count - f - 1) * own + rest))
            blocks.append(sparse.hstack([fan.first.of(f), left, fan.recourse.of(f), right]))
            low.append(fan.low[f])
            high.append(fan.high[f])
        if risk.weights is None:
            for f in range(count):  # excess >= cost - threshold
                row = np.zeros(self._columns)
                row[:stage] = -(fan.cost0 + fan.cost1[:, f])
                row[stage + f * own : stage + (f + 1) * own] = -fan.cost2[f] * fan.money
                row[stage + count * own] = row[stage + count * own + 1 + f] = 1.0
                blocks.append(sparse.csr_matrix(row))
                low.append(np.zeros(1))
                high.append(np.full(1, np.inf))
        row = np.zeros(self._columns)
        row[-1] = 1.0
        if risk.weights is None:
            row[stage + count * own] = -1.0
            row[stage + count * own + 1 : -1] = -fan.probability / risk.tail
        else:
            row[stage : stage + count * own] = -(fan.probability[:, None] * (risk.weights * fan.column_scale)[None]).ravel()
        blocks.append(sparse.csr_matrix(row))
        low.append(np.zeros(1))
        high.append(np.full(1, np.inf))
        return sparse.csr_matrix(sparse.vstack(blocks)), np.concatenate(low), np.concatenate(high)

    def _solve(self, cost: Floats, level: float, signed: Floats | None) -> float:
        fan = self.risk.fan
        lower = np.concatenate([fan.lower, np.tile(fan.bottom, fan.count), [-np.inf], np.zeros(fan.count), [-np.inf]])
        upper = np.concatenate([fan.upper, fan.top.ravel(), np.full(fan.count + 1, np.inf), [level]])
        whole = np.zeros(self._columns)
        whole[: len(fan.cost0)] = fan.integer
        if signed is not None:
            lower[np.flatnonzero(whole)] = upper[np.flatnonzero(whole)] = signed
        matrix, low, high = self._rows
        found = milp(cost, integrality=whole, bounds=(lower, upper), constraints=LinearConstraint(matrix, low, high), options={"mip_rel_gap": 0.0})
        assert found.status in (0, 2), found.message
        return float(found.fun) if found.status == 0 else np.inf


def alone(fan: Fan, x: Floats) -> Floats:
    """What every future costs at x, the first stage included, looked at afresh. [F]"""
    return np.asarray(FanRecourse(fan, 1, 0).look(x).cost + float(fan.cost0 @ x))


def in_between(fan: Fan, count: int, seed: int) -> list[Floats]:
    """Random points between the bounds of the first stage."""
    draw = np.random.default_rng(seed)
    return [fan.lower + draw.uniform(size=len(fan.lower)) * (fan.upper - fan.lower) for _ in range(count)]
