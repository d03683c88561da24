"""The model of a scenario as a file that other solvers read, with rows and columns named as in the manual: `take[maker,base,cable,2027.tight]`."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from pathlib import Path

from models.errors import Finding, InvalidScenario
from models.options import override
from models.scenario import Scenario
from optimizer.instance import build_instance
from optimizer.size import boundless, estimate_nonzeros
from optimizer.solve.choice import choose
from optimizer.solve.highs import write_problem
from scenarios.tree import build_tree

ENDINGS = (".mps", ".lp")


@dataclass(frozen=True)
class ModelSize:
    """How large a model is."""

    rows: int
    columns: int
    nonzeros: int


def write_model(scenario: Scenario, path: Path, *, most_nonzeros: float = inf) -> ModelSize:
    """Write all futures in one problem (the extensive form, unscaled), which is to be minimised, in the format that the ending of `path` says: .mps or .lp.

    Raises InvalidScenario, also where the model has more nonzeros than `most_nonzeros`, before it is built wherever that can be told.
    """
    if path.suffix not in ENDINGS:
        raise ValueError(f"a model is written as {' or '.join(ENDINGS)}, not as '{path.suffix}'")
    instance = build_instance(scenario, build_tree(scenario))
    if endless := boundless(instance):
        raise InvalidScenario(endless)
    _refuse(estimate_nonzeros(instance) / 2, most_nonzeros)  # the estimate is right within a factor of two
    problem = choose(scenario, instance, override(scenario.solve, method="extensive")).whole()
    rows, columns = problem.matrix.shape
    size = ModelSize(rows, columns, int(problem.matrix.nnz))
    _refuse(size.nonzeros, most_nonzeros)
    write_problem(problem, path)
    return size


def _refuse(nonzeros: float, most: float) -> None:
    if nonzeros > most:
        said = f"the model has about {nonzeros:,.0f} nonzeros, and at most {most:,} are written; use fewer futures"
        raise InvalidScenario([Finding("", said)])
