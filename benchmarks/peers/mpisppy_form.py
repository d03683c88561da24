"""The reference problem in mpi-sppy: one Pyomo model per future with its first stage marked, and mpi-sppy's own CVaR.

    solve            its extensive form, given to HiGHS as one problem
    solve_cylinders  three processes side by side, each with all futures: progressive hedging (Rockafellar & Wets 1991) leads, one spoke computes Lagrangian
                     bounds, one tries first stages of single futures. Needs an `mpiexec`; `pip install mpich` brings one

HiGHS solves no mixed-integer quadratic problems, so the proximal terms are linearised, which mpi-sppy offers for such solvers. The penalty of a variable is
its marginal cost over the size of its values, the rule of thumb in Watson & Woodruff (2011). Money is counted in UNITs, and CVaR's threshold has a box: without
them the linearised squares of the threshold are beyond the solver's tolerances, and the multipliers make single futures unbounded. The box cuts nothing off:
costs are not negative, and signing nothing and serving nobody costs no more than `dearest`, so that an optimal threshold, of which at least the share
`weight` is in the objective, is at most dearest / weight.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import pyomo.environ as pyo

from benchmarks.isolated import ROOT
from benchmarks.peers import THREADS, Outcome
from benchmarks.peers.plain_pyomo import build
from benchmarks.reference_instance import Reference, make

RANKS = 3  # leader, bounds, incumbents
UNIT = 1e3  # USD
MOST_ITERATIONS = 100_000
GRACE = 60.0  # seconds that mpi-sppy may need to notice that its time is over


@cache
def arrays(futures: int, sizes: tuple[tuple[str, int], ...]) -> Reference:
    """The problem's arrays, made once per process."""
    return make(futures=futures, **dict(sizes))


def one_future(name: str, r: Reference) -> pyo.ConcreteModel:
    """The model of a single future, named by its number, its first stage at the root."""
    import mpisppy.utils.sputils as sputils

    s = int(name.removeprefix("future"))
    model = build(r, [s], risk=False)
    model.objective.expr = model.cost[s] / UNIT
    sputils.attach_root_node(model, model.first_cost / UNIT, [model.signed, model.volume])
    model._mpisppy_probability = float(r.probability[s])
    return model


def creator(r: Reference) -> Any:
    """What mpi-sppy calls for each future: the model with mean and CVaR in the objective."""
    from mpisppy.utils.cvar import cvar_scenario_creator

    weighed = cvar_scenario_creator(one_future, cvar_weight=r.weight, cvar_alpha=1 - r.tail, cvar_mean_weight=1 - r.weight)
    dearest = float((r.demand.sum(axis=3) * r.discount[:, None] * r.shortage_cost).sum(axis=(1, 2)).max())

    def boxed(name: str, **beside: Any) -> pyo.ConcreteModel:
        model = weighed(name, **beside)
        model._mpisppy_cvar_eta.setlb(0.0)
        model._mpisppy_cvar_eta.setub(dearest / r.weight / UNIT)
        return model

    return boxed


def names(futures: int) -> list[str]:
    """mpi-sppy's names of the futures; they must end in a number."""
    return [f"future{s}" for s in range(futures)]


def solve(futures: int, gap: float, seconds: float, **sizes: int) -> dict[str, Any]:
    """mpi-sppy's extensive form, solved to `gap` by HiGHS."""
    from mpisppy.opt.ef import ExtensiveForm

    r = arrays(futures, tuple(sizes.items()))
    begun = time.perf_counter()
    form = ExtensiveForm({"solver": "appsi_highs"}, names(futures), creator(r), scenario_creator_kwargs={"r": r}, suppress_warnings=True)
    built = time.perf_counter()
    limits = {"mip_rel_gap": gap, "mip_abs_gap": 1e-9, "time_limit": float(seconds), "threads": THREADS}
    results = form.solve_extensive_form(solver_options=limits)
    done = time.perf_counter()
    inside = float(form.solver._solver_model.getRunTime())
    phases = {"build": built - begun, "hand-over": done - built - inside, "solve": inside}
    return Outcome(float(results.problem[0].upper_bound) * UNIT, float(results.problem[0].lower_bound) * UNIT, phases).plain()


def solve_cylinders(futures: int, gap: float, seconds: float, **sizes: int) -> dict[str, Any]:
    """Progressive hedging with bounds and incumbents in two other processes, until they are within `gap` or time is up."""
    beside = Path(sys.executable).with_name("mpiexec")
    launcher = str(beside) if beside.exists() else shutil.which("mpiexec")
    if launcher is None:
        raise RuntimeError("no mpiexec on the path; `pip install mpich` brings one")
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        task = json.dumps({"futures": futures, "gap": gap, "seconds": seconds, "sizes": sizes, "answer": str(answer)})
        command = [launcher, "-n", str(RANKS), sys.executable, "-m", "benchmarks.peers.mpisppy_form", task]
        # mpi-sppy writes logs where it runs, so it runs where they vanish.
        beside_us = {**os.environ, "PYTHONPATH": str(ROOT)}
        limit = seconds + GRACE
        ended = subprocess.run(command, cwd=folder, env=beside_us, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=limit, check=False)
        if not answer.exists():
            raise RuntimeError(f"the processes ended with code {ended.returncode}: {ended.stderr.strip()[-300:]}")
        found: dict[str, Any] = json.loads(answer.read_text())
    return found


def rank(task: dict[str, Any]) -> None:
    """One of the three processes; the leader writes the answer."""
    from mpisppy.spin_the_wheel import WheelSpinner

    r = arrays(task["futures"], tuple(task["sizes"].items()))
    begun = time.perf_counter()
    wheel = WheelSpinner(*_cylinders(r, task))
    wheel.spin()
    took = time.perf_counter() - begun
    if wheel.on_hub():
        note = f"{RANKS} processes; building is part of the solve"
        found = Outcome(_plain(wheel.BestInnerBound * UNIT), _plain(wheel.BestOuterBound * UNIT), {"build": 0.0, "hand-over": 0.0, "solve": took}, note)
        Path(task["answer"]).write_text(json.dumps(found.plain()))


def _cylinders(r: Reference, task: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The leader and its spokes as mpi-sppy wants them described."""
    from mpisppy.utils import cfg_vanilla as vanilla
    from mpisppy.utils.config import Config

    cfg = Config()
    for add in (cfg.popular_args, cfg.ph_args, cfg.two_sided_args, cfg.lagrangian_args, cfg.xhatshuffle_args, cfg.mip_options):
        add()
    vanilla_options = {
        "solver_name": "appsi_highs", "max_iterations": MOST_ITERATIONS, "time_limit": math.ceil(task["seconds"]), "default_rho": 1.0,
        "rel_gap": task["gap"], "linearize_proximal_terms": True, "max_solver_threads": 1, "iter0_mipgap": task["gap"] / 2, "iterk_mipgap": task["gap"] / 2,
    }  # fmt: skip
    for name, value in vanilla_options.items():
        cfg.quick_assign(name, type(value), value)
    beans = {"scenario_creator": creator(r), "scenario_denouement": None, "all_scenario_names": names(task["futures"]), "scenario_creator_kwargs": {"r": r}}
    leader = vanilla.ph_hub(cfg, **beans, rho_setter=lambda model: penalties(model, r))
    return leader, [vanilla.lagrangian_spoke(cfg, **beans, rho_setter=lambda model: penalties(model, r)), vanilla.xhatshuffle_spoke(cfg, **beans)]


def penalties(model: Any, r: Reference) -> list[tuple[int, float]]:
    """Marginal cost over size: the fee for a signature, price over largest volume for a volume, weight over a tenth of the spend for the threshold."""
    spend = float((r.demand.mean(axis=0).sum(axis=(1, 2)) * r.discount).sum() * r.price.mean())
    found = [(id(x), float(r.signing_fee[o]) / UNIT) for o, x in model.signed.items()]
    found += [(id(x), float(r.price[o] / r.volume_max[o]) / UNIT) for (o, _), x in model.volume.items()]
    return [*found, (id(model._mpisppy_cvar_eta), r.weight / (0.1 * spend / UNIT))]


def _plain(value: float) -> float:
    """A number that JSON can carry: an infinite bound is no bound, and is written as 1e30."""
    return float(value) if math.isfinite(value) else math.copysign(1e30, value)


if __name__ == "__main__":
    rank(json.loads(sys.argv[1]))
