"""What a comparison of runs looks like: the shapes of the answer."""

from __future__ import annotations

from typing import Any

from api.store import State
from api.views import FindingView, View


class ComparedRun(View):
    """One of the runs compared."""

    id: str
    name: str
    state: State
    currency: str
    page: str
    """Address of its page."""
    decision: list[str]
    """What to do, in sentences; empty without a plan."""


class InputChange(View):
    """One place where the scenarios differ."""

    path: str
    """Where, in the scenario of the first run that has the place: `offers[1].alternatives[0].price`."""
    words: str
    """The place in words: offer 'frame', alternative 'base', price."""
    values: list[Any]
    """What each run says there, in the order of `runs`; null where it says nothing. Long parts are told by their size."""


class FigureRow(View):
    """One figure of the answers."""

    name: str
    label: str
    unit: str
    values: list[float | None]
    """Of each run, in the order of `runs`; null where it has none."""
    differences: list[float | None]
    """To the first run; null where one of the two is missing or the currencies differ."""


class AwardRow(View):
    """What the runs do with one offer."""

    offer: str
    awards: list[str | None]
    """The alternative that is signed now, `later` where it is signed in some futures only, null where it is not signed."""
    volumes: list[float | None]
    """Expected volume taken over the horizon."""
    costs: list[float | None]
    """Expected present value of everything the offer charges."""


class Comparison(View):
    """Two to four runs beside each other; the first is what the others are compared with."""

    runs: list[ComparedRun]
    changes: list[InputChange]
    """Where the scenarios differ, at most 200 places."""
    changes_left_out: int
    same_input: bool
    notes: list[FindingView]
    """What could not be compared, and why."""
    figures: list[FigureRow]
    awards: list[AwardRow]
    costs: list[FigureRow]
    """Expected present value by category."""
