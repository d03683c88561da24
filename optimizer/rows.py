"""Columns and rows of the model, declared from lists of terms; where futures stand side by side, with what differs between them.

Every row of the house is lower <= sum of coefficients times variables <= upper. Clauses, rules and the kernel declare theirs here, so that what is told of a
row (that it has no terms, that its data differ between futures) is told once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from optimizer.algebra import LinearExpression, MonomialTermExpression, pyo
from optimizer.ledger import Term
from optimizer.light import LightBlock
from optimizer.varying import Number, anywhere, settled

Index = tuple[int, ...]
Bounds = tuple[Number | None, list[Term], Number | None]  # lower, terms, upper


@dataclass
class Varying:
    """What differs between the futures of a fan of which one is declared: the model carries it as `varying`, other models have none."""

    upper: dict[int, tuple[Any, Number]] = field(default_factory=dict)  # id of a column -> it, its upper bounds [F]
    rows: list[tuple[Any, Number | None, list[Term], Number | None]] = field(default_factory=list)  # row, lower, terms (each column once), upper


def inner(block: Any, name: str, key: Any = None) -> Any:
    """The block of that name in another one, and of an index; made when it is first asked for."""
    if block.__class__ is LightBlock:
        return block.inner(name, key)
    if block.component(name) is None:
        block.add_component(name, pyo.Block() if key is None else pyo.Block(pyo.Any))
    return block.component(name) if key is None else block.component(name)[key]


def declare(block: Any, name: str, upper: Mapping[Index, Number], domain: Any = pyo.NonNegativeReals) -> Any:
    """An indexed variable with lower bound 0 and the given upper bounds (infinite: none)."""
    if block.__class__ is LightBlock:
        if domain not in (pyo.Binary, pyo.NonNegativeReals):
            raise TypeError(f"{name}: only binaries and columns that are not negative can be declared without Pyomo")
        return block.declare(name, upper, domain is pyo.Binary)
    variable = pyo.Var(list(upper), domain=domain, dense=True)
    block.add_component(name, variable)
    for data, bound in zip(variable.values(), upper.values(), strict=True):
        if isinstance(bound, np.ndarray):
            block.model().varying.upper[id(data)] = (data, bound)
        elif bound != float("inf"):
            data.setub(bound)
    return variable


def upper_bound(block: Any, variable: Any) -> Number:
    """A column's upper bound, of every future where it differs."""
    varying = None if block.__class__ is LightBlock else getattr(block.model(), "varying", None)
    known = varying.upper.get(id(variable)) if varying is not None else None
    return variable.ub if known is None else known[1]


def constrain(block: Any, name: str, rows: Mapping[Index, Bounds]) -> None:
    """An indexed constraint from lists of terms. Rows without terms are data: they are left out where they hold. Where they do not hold they are kept,
    on a variable that can only be 0, so that it is the solver that finds no plan, and the rule is named like any other."""
    if not rows:
        return
    broken = [key for key, (lower, terms, upper) in rows.items() if not terms and not _holds(lower, upper)]
    zero = declare(block, f"{name}_nothing", dict.fromkeys(broken, 0.0)).values() if broken else ()
    nothing = {key: [(1.0, column)] for key, column in zip(broken, zero, strict=True)}  # by our own keys: Pyomo takes (n,) for n
    kept = {key: (lower, terms or nothing[key], upper) for key, (lower, terms, upper) in rows.items() if terms or key in nothing}
    if block.__class__ is LightBlock:
        block.constrain(name, kept)
        return
    constraint = pyo.Constraint(pyo.Any)
    block.add_component(name, constraint)
    for key, (lower, terms, upper) in kept.items():
        if _differs(lower, terms, upper):
            _vary(block.model(), constraint, key, (lower, terms, upper))
        else:
            body = LinearExpression(list(map(MonomialTermExpression, terms)))
            constraint[key] = (lower, body, upper) if lower != upper else (body, lower)


def _differs(lower: Number | None, terms: list[Term], upper: Number | None) -> bool:
    """Whether a row differs between futures."""
    return lower.__class__ is np.ndarray or upper.__class__ is np.ndarray or np.ndarray in {c.__class__ for c, _ in terms}


def _holds(lower: Number | None, upper: Number | None) -> bool:
    """Whether a row without terms holds, in all futures."""
    return not (anywhere((0.0 if lower is None else lower) > 0) or anywhere((0.0 if upper is None else upper) < 0))


def _vary(model: Any, constraint: Any, key: Index, bounds: Bounds) -> None:
    """Declare a row with stand-ins for what differs between futures, and note what it stands for."""
    lower, terms, upper = bounds
    merged: dict[int, list[Any]] = {}
    for c, v in terms:
        known = merged.setdefault(id(v), [0.0, v])
        known[0] = known[0] + c
    same = lower is upper or (lower is not None and upper is not None and bool(np.all(lower == upper)))
    body = LinearExpression(constant=0, linear_coefs=[1.0] * len(merged), linear_vars=[v for _, v in merged.values()])
    stand_in = (None if lower is None else 0.0, body, None if upper is None else 0.0)
    constraint[key] = (body, 0.0) if same else stand_in
    model.varying.rows.append((constraint[key], lower, [(settled(c), v) for c, v in merged.values()], upper))
