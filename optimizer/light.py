"""Contracts declared without Pyomo, for those that are compiled at once and looked at by nobody.

A negotiation builds the same contract hundreds of times, each time with one term moved. Making and freeing Pyomo's objects is more than half of that work, all
of it under the interpreter's lock. Clauses declare everything through `rows`, which writes it down here where a block is a light one. Rows and columns, their
order and their names are those that Pyomo would give: a test compares them for every clause.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from optimizer.algebra import index_repr
from optimizer.varying import Number

Label = tuple[str, Any]  # name of a component, and an index
Row = tuple[Any, list[Any], Any]  # lower, terms, upper


@dataclass(slots=True, eq=False)
class Column:
    """One variable. Lower bound 0."""

    number: int  # in the order of declaration
    ub: Number | None


class Columns(dict[Any, Column]):
    """The columns of an indexed variable; an index of one figure may be asked for as it is or as a tuple."""

    def __missing__(self, key: Any) -> Column:
        if key.__class__ is tuple and len(key) == 1:
            return self[key[0]]
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return super().__contains__(bare(key))


@dataclass
class Declared:
    """All that has been declared in one model."""

    variables: list[tuple[str, bool, Columns]] = field(default_factory=list)  # name, whether it is binary, columns
    rows: list[tuple[tuple[int, ...], str, dict[Any, Row]]] = field(default_factory=list)  # place of its block, name, rows by index
    blocks: dict[str, tuple[int, ...]] = field(default_factory=dict)  # place by name
    names: set[str] = field(default_factory=set)
    columns: int = 0


class LightBlock:
    """A block of a model; the whole model is one without a name."""

    def __init__(self, declared: Declared | None = None, name: str = "", place: tuple[int, ...] = ()) -> None:
        self.declared = Declared() if declared is None else declared
        self.name, self.place = name, place

    def inner(self, name: str, key: Any = None) -> LightBlock:
        """The block of that name in this one, and of an index."""
        whole = self._of(name if key is None else name + index_repr(key))
        known = self.declared.blocks
        return LightBlock(self.declared, whole, known.setdefault(whole, (*self.place, len(known))))

    def declare(self, name: str, upper: Mapping[Any, Number], binary: bool) -> Columns:
        """An indexed variable with these upper bounds (infinite: none; of binaries at most 1)."""
        declared = self.declared
        limits = {key: min(bound, 1.0) for key, bound in upper.items()} if binary else upper
        numbered = enumerate(limits.items(), declared.columns)
        found = Columns({bare(key): Column(number, _or_none(bound)) for number, (key, bound) in numbered})
        declared.columns += len(found)
        declared.variables.append((self._new(name), binary, found))
        return found

    def constrain(self, name: str, rows: Mapping[Any, Row]) -> None:
        """An indexed constraint: (lower, terms, upper) by index."""
        self.declared.rows.append((self.place, self._new(name), dict(rows)))

    def _new(self, name: str) -> str:
        """The whole name of what is declared here for the first time."""
        whole = self._of(name)
        if whole in self.declared.names:
            raise ValueError(f"{whole} is declared twice")
        self.declared.names.add(whole)
        return whole

    def _of(self, name: str) -> str:
        return f"{self.name}.{name}" if self.name else name


def _or_none(bound: Number) -> Number | None:
    """A bound, none where it is infinite."""
    return None if bound.__class__ is not np.ndarray and bound == np.inf else bound


def bare(key: Any) -> Any:
    """An index as Pyomo takes it: without a tuple around one figure."""
    return key[0] if key.__class__ is tuple and len(key) == 1 else key
