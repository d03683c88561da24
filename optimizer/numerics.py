"""How far the numbers of a scenario spread, before and after scaling, and which fields are to blame when it is too far.

Three rules. Coefficients after scaling: a warning at a ratio of 1e7 between the largest and the smallest, a refusal at 1e9. Volumes: tolerances are 1e-6
in a product's unit, so that the largest demand must lie well above that, and not so high that the tolerance is beyond double precision.
Costs: a warning when the dearest unit costs 1e7 times the usual one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from models.errors import NumericallyDoubtful
from models.plan import Numerics
from models.scenario import Scenario
from optimizer.solve.problem import Problem
from optimizer.solve.scaling import scale
from scenarios.tree import Floats

WARN, REFUSE = 1e7, 1e9
COSTS = 1e7  # largest cost of a unit relative to the median, above which small costs may be lost
VOLUMES, DOUBTFUL_VOLUMES = (1e-1, 1e8), (1e-3, 2e9)  # where the largest demand should lie, and where it must


def examine(scenario: Scenario, problem: Problem) -> Numerics:
    """Ranges and warnings. Raises NumericallyDoubtful when coefficients spread too far even after scaling."""
    scaled, *_ = scale(problem)
    after = _range(scaled.matrix.data)
    ratio = after[1] / after[0] if after[0] > 0 else 1.0
    warnings = []
    if ratio >= WARN:
        low, high = _extremes(scenario)
        said = (
            f"coefficients spread over {ratio:.0e} after scaling (in {_where(problem, scaled.matrix, after)}); "
            f"the smallest number is {low}, the largest {high}: use units that bring them closer together"
        )
        if ratio >= REFUSE:
            raise NumericallyDoubtful(f"The scenario's numbers spread too far for a trustworthy answer: {said}.")
        warnings.append(f"Numerically doubtful: {said}.")
    warnings += _volumes(problem)
    spread = _cost_spread(problem)
    if spread >= COSTS:
        low, high = _extremes(scenario)
        warnings.append(
            f"Numerically doubtful: the dearest thing costs {spread:.0e} times the usual one, and small costs vanish beside it; "
            f"the smallest number is {low}, the largest {high}."
        )
    rows, columns = problem.matrix.shape
    sides = np.concatenate([problem.row_lower, problem.row_upper])
    bounds = np.concatenate([problem.lower, problem.upper])
    return Numerics(
        rows=rows,
        columns=columns,
        integers=int(problem.integer.sum()),
        nonzeros=int(problem.matrix.nnz),
        coefficient_range=_range(problem.matrix.data),
        cost_range=_range(problem.cost),
        bound_range=_range(bounds),
        rhs_range=_range(sides),
        scaled_coefficient_range=after,
        warnings=tuple(warnings),
    )


def _cost_spread(problem: Problem) -> float:
    """The largest cost of a unit of anything, relative to the median."""
    costs = np.abs(problem.cash.data)
    costs = costs[costs > 0]
    return float(costs.max() / np.median(costs)) if costs.size else 1.0


def _volumes(problem: Problem) -> list[str]:
    """What is to be said of the size of volumes, judged by the most that can be unmet. Raises NumericallyDoubtful when it is far too small or large."""
    largest = float(problem.upper[problem.keys["unmet"][1]].max(initial=0.0))
    if largest == 0 or VOLUMES[0] <= largest <= VOLUMES[1]:
        return []
    unit = "smaller" if largest < VOLUMES[0] else "larger"
    said = (
        f"`demand` (with backlog) comes to at most {largest:.3g}, and the solver's tolerance is 0.000001; "
        f"give the product in a {unit} unit, so that it lies between 1 and 1,000,000"
    )
    if not DOUBTFUL_VOLUMES[0] <= largest <= DOUBTFUL_VOLUMES[1]:
        raise NumericallyDoubtful(f"The scenario's volumes are too {'small' if unit == 'smaller' else 'large'} for a trustworthy answer: {said}.")
    return [f"Numerically doubtful: {said}."]


def _where(problem: Problem, matrix: Any, extremes: tuple[float, float]) -> str:
    """The rows in which the smallest and the largest coefficient stand."""
    sizes = np.abs(matrix.data)
    rows = [int(np.searchsorted(matrix.indptr, int(np.argmax(sizes == size)), side="right")) - 1 for size in extremes]
    return " and ".join(dict.fromkeys(problem.row_name(i) for i in rows))


def _range(values: Floats) -> tuple[float, float]:
    """Smallest and largest finite magnitude above zero; zeros if there is none."""
    sizes = np.abs(values[np.isfinite(values)])
    sizes = sizes[sizes > 0]
    return (float(sizes.min()), float(sizes.max())) if sizes.size else (0.0, 0.0)


def _extremes(scenario: Scenario) -> tuple[str, str]:
    """The smallest and the largest number of the document above zero, each with its path."""
    found: list[tuple[float, str]] = []

    def walk(value: object, path: str) -> None:
        if isinstance(value, bool):
            return
        if isinstance(value, int | float) and value:
            found.append((abs(float(value)), path))
        elif isinstance(value, dict):
            for key, item in value.items():
                walk(item, f"{path}.{key}" if path else str(key))
        elif isinstance(value, list | tuple):
            for i, item in enumerate(value):
                walk(item, f"{path}[{i}]")

    walk(scenario.model_dump(exclude={"solve", "risk", "stress", "discount_rate"}, exclude_defaults=True), "")
    low, high = min(found), max(found)
    return f"`{low[1]}` = {low[0]:g}", f"`{high[1]}` = {high[0]:g}"
