"""The linear programs of one part of every future, kept alive, and where each begins: at the basis of the nearest future solved before it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from optimizer.solve.fan import Fan
from optimizer.solve.highs import Recourse
from optimizer.solve.neighbours import nearest, sketched
from optimizer.solve.parts import Part, picked
from scenarios.tree import Floats, Ints

CANDIDATES = 2_000  # futures that may lend their basis


class Models:
    """The linear programs of one part of every future. Several futures share one where memory is short; then their bases are kept instead."""

    def __init__(self, fan: Fan, part: Part, share: int, seed: int) -> None:
        self.fan, self.part, self.seed, self._share = fan, part, seed, share
        self.recourse, _ = picked(fan.recourse, part.rows, part.columns)
        self.basis: list[Any] = [None] * fan.count  # to begin at
        self._live: list[Recourse | None] = [None] * -(-fan.count // share)
        self._parent = _parents(sketched(fan, part, seed))

    def solve(self, f: int, low: Floats, high: Floats, seconds: float) -> Any:
        """The part of future f between these sides of its rows."""
        model = self._at(f)
        found = model.solve(low, high, seconds)
        if self._share > 1:
            self.basis[f] = model.basis
        return found

    def values(self, f: int) -> Floats:
        """Columns of the last solve, which was that of future f."""
        model = self._live[f // self._share]
        assert model is not None
        return model.values()

    def end(self, f: int) -> Any:
        """The basis at which future f ended."""
        model = self._live[f // self._share]
        return model.basis if self._share == 1 and model is not None else self.basis[f]

    def resume(self, bases: list[Any]) -> None:
        """Begin the next solves at these bases."""
        self.basis = bases
        for model, basis in zip(self._live, bases, strict=True) if self._share == 1 else ():
            if model is not None and basis is not None:
                model.start_from(basis)

    def reprice(self, fan: Fan) -> None:
        """Take other costs."""
        self.fan = fan
        for f, model in enumerate(self._live if self._share == 1 else ()):  # shared models take every future's costs anyway
            if model is not None:
                model.become(*self._prices(f))

    def _prices(self, f: int) -> tuple[Floats, Floats]:
        return self.fan.cost2[f, self.part.columns], self.fan.top[f, self.part.columns]

    def _at(self, f: int) -> Recourse:
        """A model that stands at future f."""
        slot = f // self._share
        model = self._live[slot]
        if model is not None and self._share == 1:
            return model
        cost, top = self._prices(f)
        if model is None or len(self.recourse.at):
            model = self._live[slot] = Recourse(cost, self.fan.bottom[self.part.columns], top, self.recourse.of(f), self.seed)
        else:
            model.become(cost, top)
        basis, parent = self.basis[f], int(self._parent[f])
        if basis is None and parent >= 0:
            basis = self.end(parent)
        if basis is not None:
            model.start_from(basis)
        return model


def waves(count: int) -> list[int]:
    """Where waves of 1, 1, 2, 4, ... futures end."""
    return [*(2**k for k in range(64) if 2**k < count), count]


def _parents(sketches: Floats) -> Ints:
    """For every future the nearest one in an earlier wave; -1 for the first. [F]"""
    found = np.full(len(sketches), -1)
    for a, b in pairwise(waves(len(sketches))):
        found[a:b] = nearest(sketches[a:b], sketches[: min(a, CANDIDATES)])[:, 0]
    return found
