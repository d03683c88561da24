"""Standard automated negotiators, for either side: they know their own gain of every package and nothing about the other side.

    time-dependent   target(t) = floor + (1 - floor) (1 - alpha(t)): Boulware, linear, conceder             Faratin, Sierra & Jennings 1998
    tit for tat      target = last target less what the other side conceded with its last offer             the same
    hybrid           t^2 x time-dependent + (1 - t^2) x tit for tat
    MiCRO            own packages from the best down; the next one if as many different offers were received  de Jonge 2022
    trade-off        time-dependent; of the packages at the target the one most like the other's last offer  Faratin, Sierra & Jennings 2002

Gains are scaled: 0 = no deal, 1 = own best package on the table. A target is met by any package within a narrow band above it, drawn at random. They
accept what is as good as their next offer (AC_next), and at the very end whatever is worth their floor. Asked after a deal whether they like another package
better, they say so truly: they can only gain by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from optimizer.negotiation.tactics import Curve, accepts_next, next_tit_for_tat
from scenarios.tree import Floats, Ints

BAND = 0.02
ACCEPT = -1
NAMES = ("Boulware", "linear", "conceder", "tit for tat", "hybrid", "MiCRO")
TRADE_OFF = "trade-off"


class Agent(Protocol):
    """Someone at the table. Packages are places in the flattened table."""

    scaled: Floats  # own gains

    def act(self, offered: int | None) -> int:
        """Answer an offer: ACCEPT, or a package."""

    def reply(self, offered: int) -> bool:
        """Whether the very last offer is accepted."""


def chosen(scaled: Floats, deal: int, put: Sequence[int]) -> int | None:
    """Which of several packages one side prefers to a deal; None: the deal. `scaled`: its gains."""
    best = max(range(len(put)), key=lambda i: float(scaled[put[i]]))
    return best if scaled[put[best]] > scaled[deal] else None


@dataclass(frozen=True)
class Taste:
    """What one side knows."""

    gains: Floats  # [packages], money
    terms: Floats  # [packages, levers] on [0, 1], without the price
    rounds: int
    floor: float  # least scaled gain that is signed for
    rng: np.random.Generator

    @property
    def scaled(self) -> Floats:
        """Gains on [.., 1]."""
        return self.gains / max(float(self.gains.max()), 1e-9)


Aim = Callable[["Standard", float], float]  # scaled gain that a negotiator asks for at a time, before its floor


class Standard:
    """A negotiator that has a target at every turn and offers a package at the target."""

    def __init__(self, taste: Taste, aim: Aim, *, alike: bool = False) -> None:
        self.taste, self.aim, self.alike = taste, aim, alike
        self.scaled = taste.scaled
        self.turn = 0
        self.received: list[int] = []
        self.last = 1.0

    def act(self, offered: int | None) -> int:
        """Answer an offer: ACCEPT, or a package."""
        if offered is not None:
            self.received.append(offered)
        floor = self.taste.floor
        target = max(self.aim(self, self.turn / max(self.taste.rounds - 1, 1)), floor)
        self.turn += 1
        self.last = target
        if offered is not None and self.scaled[offered] >= floor and accepts_next(float(self.scaled[offered]), target):
            return ACCEPT
        return self._package(target)

    def reply(self, offered: int) -> bool:
        """Whether the very last offer is accepted."""
        return bool(self.scaled[offered] >= self.taste.floor)

    def _package(self, target: float) -> int:
        """Any package at the target, or the one most like their last offer (in the terms: the price does the levelling)."""
        near = self._at(target)
        if self.alike and self.received:
            return int(near[np.abs(self.taste.terms[near] - self.taste.terms[self.received[-1]]).sum(axis=1).argmin()])
        return int(self.taste.rng.choice(near))

    def _at(self, target: float) -> Ints:
        """Packages just above the target; if there are none, the next better one; the best one if nothing is good enough."""
        near = np.flatnonzero((self.scaled >= target) & (self.scaled <= target + BAND))
        if len(near):
            return near
        above = np.where(self.scaled >= target, self.scaled, np.inf)
        return np.array([above.argmin() if np.isfinite(above.min()) else self.scaled.argmax()])


def by_time(curve: Curve) -> Aim:
    """Concedes as time goes by, down to the floor."""
    return lambda own, time: own.taste.floor + (1.0 - own.taste.floor) * curve.target(time)


def in_return(own: Standard, time: float) -> float:
    """The last target less their last concession; the best package at the beginning."""
    return next_tit_for_tat(own.last, [float(own.scaled[x]) for x in own.received]) if time > 0 else 1.0


def mixed(curve: Curve) -> Aim:
    """Answers the other side first, and the clock later."""
    clock = by_time(curve)
    return lambda own, time: time**2 * clock(own, time) + (1.0 - time**2) * in_return(own, time)


class Micro:
    """Concedes one package at a time, if the other side does."""

    def __init__(self, taste: Taste) -> None:
        self.taste = taste
        self.scaled = taste.scaled
        order = np.argsort(-self.scaled, kind="stable")
        self.order = order[self.scaled[order] >= taste.floor]
        self.made = 0
        self.received: set[int] = set()

    def act(self, offered: int | None) -> int:
        """The next package down the list if they have shown as many, else one that was offered before."""
        if offered is not None:
            self.received.add(offered)
        if not len(self.order):
            return int(self.scaled.argmax())
        further = self.made <= len(self.received) and self.made < len(self.order)
        least = self.order[self.made if further else self.made - 1]
        if offered is not None and self.scaled[offered] >= self.scaled[least]:
            return ACCEPT
        if further:
            self.made += 1
            return int(least)
        return int(self.taste.rng.choice(self.order[: self.made]))

    def reply(self, offered: int) -> bool:
        """Whether the very last offer is accepted."""
        return bool(self.scaled[offered] >= self.taste.floor)


def standard(name: str, taste: Taste) -> Agent:
    """A standard negotiator with parameters drawn from the taste's generator."""
    late, early = Curve(taste.rng.uniform(0.15, 0.4)), Curve(taste.rng.uniform(2.0, 5.0))
    if name == "MiCRO":
        return Micro(taste)
    aims = {"Boulware": by_time(late), "linear": by_time(Curve()), "conceder": by_time(early), "tit for tat": in_return, "hybrid": mixed(late)}
    return Standard(taste, by_time(Curve()), alike=True) if name == TRADE_OFF else Standard(taste, aims[name])
