"""The peers' formulations with the optimal signatures fixed, so that a linear problem tells whether they are the reference problem.

Each function runs in a process of its own and returns {"objective": ...} for five futures.
"""

from __future__ import annotations

from typing import Any

from benchmarks.reference_instance import make

FUTURES = 5
NOT_SIGNED = (3, 5, 13)  # in the optimum with five futures


def signed(offers: int) -> list[float]:
    """1 for what is signed in the optimum."""
    return [0.0 if o in NOT_SIGNED else 1.0 for o in range(offers)]


def plain_pyomo() -> dict[str, Any]:
    """Plain Pyomo."""
    from pyomo.contrib.solver.solvers.highs import Highs

    from benchmarks.peers.plain_pyomo import build

    r = make(futures=FUTURES)
    model = build(r, range(FUTURES))
    for o, value in enumerate(signed(len(r.price))):
        model.signed[o].fix(value)
    return {"objective": Highs().solve(model).incumbent_objective}


def linopy() -> dict[str, Any]:
    """linopy."""
    import numpy as np

    from benchmarks.peers.linopy_form import build

    r = make(futures=FUTURES)
    model = build(r)
    signatures = model.variables["signed"]
    model.add_constraints(signatures == np.array(signed(len(r.price))), name="fixed")
    model.solve(solver_name="highs", io_api="direct", output_flag=False)
    return {"objective": float(model.objective.value)}


def mpisppy() -> dict[str, Any]:
    """mpi-sppy's extensive form."""
    from mpisppy.opt.ef import ExtensiveForm

    from benchmarks.peers.mpisppy_form import UNIT, creator, names

    r = make(futures=FUTURES)
    form = ExtensiveForm({"solver": "appsi_highs"}, names(FUTURES), creator(r), scenario_creator_kwargs={"r": r}, suppress_warnings=True)
    for model in form.local_scenarios.values():
        for o, value in enumerate(signed(len(r.price))):
            model.signed[o].setlb(value)
            model.signed[o].setub(value)
    results = form.solve_extensive_form()
    return {"objective": float(results.problem[0].upper_bound) * UNIT}
