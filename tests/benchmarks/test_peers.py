"""Every tool that the engine is compared with solves the reference problem, and the comparison says so when one does not."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from benchmarks import cold_pass
from benchmarks.isolated import Run, isolated
from benchmarks.peers import __main__ as peers
from benchmarks.reference import known
from benchmarks.reference_instance import make

TINY = {"periods": 3, "sites": 2, "products": 2, "offers": 3}
FORMULATIONS = {"plain_pyomo": "pyomo", "linopy": "linopy", "mpisppy": "mpisppy"}


def need(package: str) -> None:
    """Skip where a peer is not installed; `pip install -e '.[bench]'` brings them."""
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed (extra `bench`)")


@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_formulation_has_the_known_optimum(formulation: str) -> None:
    """The engine would be compared with a tool that solves another problem."""
    need(FORMULATIONS[formulation])
    run = isolated(f"tests.benchmarks.fixed_first_stage:{formulation}", {}, 100)
    assert run.ok, run.error
    assert run.value["objective"] == pytest.approx(2256365.7351101716, rel=1e-7)
    assert known(5) == (2256365.7351101716, 2256365.7351101716)


def test_tools_agree_on_a_tiny_problem() -> None:
    """A table of ratios would be printed over answers that differ."""
    tools = [name for name, (_, package, _) in peers.TOOLS.items() if name != "mpi-sppy-ph" and (not package or find_spec(package))]
    runs = peers.compare(3, 1e-4, 60, tools, TINY)
    assert not [run.error for _, run in runs if not run.ok]
    assert [run.value["objective"] for _, run in runs] == pytest.approx([87926.53514906105] * len(tools), rel=2e-4)
    lines = peers.rows(runs, 1e-4, None)
    assert {len(line) for line in lines} == {len(peers.HEAD)}
    assert lines[0][7] == "1.0"


def test_contradiction_of_a_known_optimum_is_named() -> None:
    """A tool that solves the wrong problem fast would win."""

    def run(objective: float, bound: float) -> list[tuple[str, Run]]:
        value: dict[str, Any] = {"objective": objective, "bound": bound, "phases": {"build": 1.0, "hand-over": 1.0, "solve": 1.0}, "size": {}}
        return [("pyomo", Run("", {}, 3.0, 0.1, value))]

    assert peers.rows(run(100.05, 99.99), 1e-3, (100.0, 100.0))[0][-1] == "encloses it"
    assert peers.rows(run(99.0, 98.99), 1e-3, (100.0, 100.0))[0][-1] == "wrong"
    assert peers.rows(run(101.0, 100.5), 1e-3, (100.0, 100.0))[0][-1].startswith("wrong")
    assert "stopped at a gap of 10.0%" in peers.rows(run(110.0, 99.0), 1e-3, (100.0, 100.0))[0][-1]
    assert peers.gap_of({"objective": 1e30, "bound": 1.0}) == float("inf")


def test_missing_tool_has_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A benchmark on a machine without a peer would end in a traceback after hours."""
    monkeypatch.setitem(peers.TOOLS, "linopy", ("nowhere:solve", "no_such_package", ""))
    (line,) = peers.rows(peers.compare(1, 1e-3, 1, ["linopy"], {}), 1e-3, None)
    assert line[-1] == "no_such_package is not installed"


@pytest.mark.parametrize("way", ["kept", "moved"])
def test_cold_pass_is_the_recourse_at_a_fixed_first_stage(way: str) -> None:
    """The yardstick of the targets would measure some other linear problems."""
    from pyomo.contrib.solver.solvers.highs import Highs

    from benchmarks.peers.plain_pyomo import build

    r = make(futures=4, **TINY)
    model = build(r, range(4))
    for o, x in model.signed.items():
        x.fix(1)
        for t in (t for offer, t in model.OT if offer == o):
            model.volume[o, t].fix(float(cold_pass.SHARE * r.volume_max[o]))
    expected = Highs().solve(model).incumbent_objective
    assert cold_pass.measure(4, threads=2, ways=way, **TINY)["objective"] == pytest.approx(expected, rel=1e-9)


def test_weighed_takes_the_worst_futures() -> None:
    """The cold pass would check its objective with the wrong tail."""
    r = make(futures=4, **TINY)
    assert cold_pass.weighed(np.array([1.0, 9.0, 5.0, 2.0]), r) == pytest.approx(0.5 * 4.25 + 0.5 * 9.0)
