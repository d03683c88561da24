"""The yardstick: one cold pass over all futures. `python -m benchmarks.cold_pass --futures 200 1000`.

Whatever the method, every future must be looked at once. So the reference problem's recourse is solved once per future, as a linear problem with the first
stage fixed at a middling point (every offer signed, V = 0.6 volume_max), written here with NumPy and highspy alone, without a modelling language and without
the engine. Threads share the futures out in consecutive blocks; within a block a future starts from its neighbour's optimal basis, since with V fixed
only right-hand sides and spot prices differ. Two ways to do it are timed:

    kept    one live HiGHS per future, as a decomposition keeps them to solve again: `load` passes the problems, `pass` solves them
    moved   one live HiGHS per thread, moved from future to future: nothing is kept, which is the least that can be done

The yardstick of the targets is `load` + `pass` of the way `kept`. Per future, with k running over the active (offer, period) pairs:

    minimise sum_k discount[t] ((price + delivery[l]) x[k,l] + price unused[k]) + sum discount[t] (spot_price u + shortage_cost short + holding_cost I)
    balance  sum_{k of p at t} x[k,l] + u + short + I[t-1] - I = demand[t,p,l]
    band     sum_l x[k,l] <= (1 + band_up) rho V        owed  unused[k] + sum_l x[k,l] >= take_or_pay rho V        market  sum_l u <= available[t,p]
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from scipy import sparse

from benchmarks.machine import machine, sentence, table
from benchmarks.peers import THREADS, active
from benchmarks.reference_instance import Reference, make

SHARE = 0.6  # of the largest volume: the middling first stage


@dataclass(frozen=True)
class Recourse:
    """The recourse of every future at a fixed first stage: one matrix, and per future what differs. F futures, R rows, C columns."""

    matrix: sparse.csr_array  # [R, C]
    cost: np.ndarray  # [F, C]
    row_lower: np.ndarray  # [F, R]
    row_upper: np.ndarray  # [F, R]


def recourse(r: Reference, volume: np.ndarray) -> Recourse:
    """The linear problems of all futures with the volumes `volume` [O] reserved in every active period."""
    futures, periods, products, sites = r.demand.shape
    o, t = np.nonzero(active(r))
    pairs, cells = len(o), periods * products * sites
    cell = np.arange(cells).reshape(periods, products, sites)
    eye = sparse.identity(cells, format="csr")

    def ones(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> Any:
        return sparse.csr_array((np.ones(rows.size), (rows.ravel(), columns.ravel())), shape=shape)

    take = np.arange(pairs * sites)
    into = ones(cell[t, r.product[o]], take.reshape(pairs, sites), (cells, take.size))
    carried = ones(cell[1:], cell[:-1], (cells, cells)) - eye
    per_pair = ones(take // sites, take, (pairs, take.size))
    per_market = ones(np.arange(cells) // sites, np.arange(cells), (periods * products, cells))
    blocks = [
        [into, None, eye, eye, carried],
        [per_pair, None, None, None, None],
        [per_pair, sparse.identity(pairs), None, None, None],
        [None, None, per_market, None, None],
    ]
    matrix = sparse.csr_array(sparse.block_array(blocks, format="csr"))

    d = r.discount
    of_cell = np.broadcast_to(d[:, None, None], (periods, products, sites))
    fixed = [(d[t, None] * (r.price[o, None] + r.delivery[o])).ravel(), d[t] * r.price[o]]
    after = [(of_cell * r.shortage_cost[:, None]).ravel(), (of_cell * r.holding_cost).ravel()]
    spot = (r.spot_price[..., None] * of_cell).reshape(futures, -1)
    cost = np.hstack([*(np.broadcast_to(x, (futures, x.size)) for x in fixed), spot, *(np.broadcast_to(x, (futures, x.size)) for x in after)])

    delivered = r.rho[:, t, o] * volume[o]
    demand, available = r.demand.reshape(futures, -1), r.available.reshape(futures, -1)
    none = np.full_like(delivered, highspy.kHighsInf)
    lower = np.hstack([demand, -none, r.take_or_pay[o] * delivered, np.full_like(available, -highspy.kHighsInf)])
    upper = np.hstack([demand, (1 + r.band_up[o]) * delivered, none, available])
    return Recourse(matrix, cost, lower, upper)


def load(problem: Recourse, future: int) -> Any:
    """A live HiGHS with one future's problem in it, on one thread."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = problem.matrix.shape
    lp.col_cost_, lp.col_lower_ = problem.cost[future], np.zeros(lp.num_col_)
    lp.col_upper_ = np.full(lp.num_col_, highspy.kHighsInf)
    lp.row_lower_, lp.row_upper_ = problem.row_lower[future], problem.row_upper[future]
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = problem.matrix.indptr, problem.matrix.indices, problem.matrix.data
    solver.passModel(lp)
    return solver


def _solved(solver: Any) -> float:
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(f"a future's problem ended with the status {solver.modelStatusToString(solver.getModelStatus())}")
    return float(solver.getInfo().objective_function_value)


def kept(problem: Recourse, threads: int) -> tuple[np.ndarray, float, float]:
    """(cost [F], seconds to load, seconds of the pass) with a live HiGHS for every future."""
    cost = np.empty(len(problem.cost))
    begun = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        live = list(pool.map(lambda f: load(problem, f), range(len(cost))))
    loaded = time.perf_counter()

    def block(futures: np.ndarray) -> None:
        before = None
        for f in futures:
            if before is not None:
                live[f].setBasis(before.getBasis())
            cost[f] = _solved(live[f])
            before = live[f]

    _share_out(block, len(cost), threads)
    return cost, loaded - begun, time.perf_counter() - loaded


def moved(problem: Recourse, threads: int) -> tuple[np.ndarray, float]:
    """(cost [F], seconds) with one live HiGHS per thread, whose data are changed from future to future."""
    cost = np.empty(len(problem.cost))
    rows, columns = (np.arange(n, dtype=np.int32) for n in problem.matrix.shape)

    def block(futures: np.ndarray) -> None:
        solver = None
        for f in futures:
            if solver is None:
                solver = load(problem, f)
            else:
                solver.changeColsCost(columns.size, columns, problem.cost[f])
                solver.changeRowsBounds(rows.size, rows, problem.row_lower[f], problem.row_upper[f])
            cost[f] = _solved(solver)

    begun = time.perf_counter()
    _share_out(block, len(cost), threads)
    return cost, time.perf_counter() - begun


def _share_out(block: Any, futures: int, threads: int) -> None:
    """Run `block` on consecutive shares of the futures, one per thread."""
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(block, share) for share in np.array_split(np.arange(futures), threads) if share.size]:
            done.result()


def weighed(cost: np.ndarray, r: Reference) -> float:
    """Mean and CVaR of the futures' costs, weighed as the problem asks (worst futures first until their probability is the tail)."""
    worst = np.argsort(-cost)
    within = np.clip(r.tail - (np.cumsum(r.probability[worst]) - r.probability[worst]), 0.0, r.probability[worst])
    return float((1 - r.weight) * r.probability @ cost + r.weight * within @ cost[worst] / r.tail)


def measure(futures: int, threads: int = THREADS, ways: str = "kept moved", **sizes: int) -> dict[str, float]:
    """Seconds of everything, the sizes of one future's problem, and the objective of the middling first stage, which both ways must agree on."""
    r = make(futures=futures, **sizes)
    begun = time.perf_counter()
    problem = recourse(r, SHARE * r.volume_max)
    found = {"arrays": time.perf_counter() - begun, "rows": float(problem.matrix.shape[0]), "columns": float(problem.matrix.shape[1])}
    objectives = []
    if "kept" in ways:
        cost, found["load"], found["pass"] = kept(problem, threads)
        found["yardstick"] = found["load"] + found["pass"]
        objectives.append(weighed(cost, r))
    if "moved" in ways:
        cost, found["moved"] = moved(problem, threads)
        objectives.append(weighed(cost, r))
    if not np.allclose(objectives, objectives[0], rtol=1e-7):
        raise RuntimeError(f"the ways disagree: {objectives}")
    return {**found, "objective": objectives[0] + float(r.signing_fee.sum())}


def main() -> None:
    """Time the pass as the command line asks."""
    from benchmarks.isolated import isolated

    parser = argparse.ArgumentParser(prog="python -m benchmarks.cold_pass", description="One cold pass over all futures: the least any method must do.")
    parser.add_argument("--futures", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--threads", type=int, default=THREADS)
    for size in ("offers", "sites", "products", "periods"):
        parser.add_argument(f"--{size}", type=int)
    given = parser.parse_args()
    sizes = {size: value for size in ("offers", "sites", "products", "periods") if (value := getattr(given, size)) is not None}
    rows = []
    for futures in given.futures:
        run = isolated("benchmarks.cold_pass:measure", {"futures": futures, "threads": given.threads, **sizes})
        if not run.ok:
            raise SystemExit(f"{futures:,} futures: {run.error}")
        v = run.value
        times = [f"{v[name]:.2f}" for name in ("load", "pass", "yardstick", "moved")]
        rows.append([f"{futures:,}", f"{v['rows']:,.0f} x {v['columns']:,.0f}", *times, f"{1000 * v['yardstick'] / futures:.1f}", f"{run.peak_gib:.2f}"])
    print(sentence(machine()))
    print(table(["futures", "rows x columns", "load s", "pass s", "yardstick s", "moved s", "ms per future", "peak GiB"], rows))


if __name__ == "__main__":
    main()
