"""The market that the bundled case `fibre` lives in: four regimes that follow each other by a Markov chain, and three branches of demand.

Every number says where it comes from: "public" (company statements, filings, trade press), "derived" from such, or "assumed".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

YEARS = tuple(range(2027, 2033))
WEEKS = 52.0
SUPPLIERS = ("maker", "second", "importer")
SPOTS = ("spot-outside", "spot-inside")


@dataclass(frozen=True)
class Regime:
    """What one year of a market regime looks like."""

    moves: dict[str, float]  # to which regime the next year belongs, with what probability
    price: float  # spot price relative to a normal year
    served: float  # share of what the buyer asks for that the spot market can serve
    lead_weeks: float
    inputs: float  # level of the input-cost index
    deliverable: dict[str, float]  # share of the committed volume each supplier can deliver; not listed = all of it
    late_weeks: dict[str, float]


# Public: lead times 8-12 weeks in normal times, 15-20 tight, about 52 in a crisis; bare fibre rose from $3.70 to $6.30 (2021-22) and fell and rose again
# by the factor 2.5 in China (2025-26); helium +135 % and silicon tetrachloride +50 % in 2020-22. Assumed: the spot prices
# and availabilities that stand for these regimes, the moves between them, the index levels, and how far each supplier's allocation and punctuality fall;
# large contract buyers are served first (trade press), imports last.
REGIMES = {
    "glut": Regime({"glut": 0.45, "normal": 0.55}, 0.65, 1.0, 8, 0.93, {}, {}),
    "normal": Regime({"normal": 0.70, "tight": 0.20, "glut": 0.10}, 1.0, 1.0, 10, 1.0, {}, {}),
    "tight": Regime(
        {"tight": 0.45, "crisis": 0.15, "normal": 0.25, "glut": 0.15}, 1.5, 0.5, 20, 1.12,
        {"maker": 0.97, "second": 0.92, "importer": 0.80}, {"maker": 1, "second": 2, "importer": 4},
    ),
    "crisis": Regime(
        {"crisis": 0.45, "tight": 0.35, "glut": 0.20}, 2.5, 0.15, 52, 1.35,
        {"maker": 0.90, "second": 0.75, "importer": 0.50}, {"maker": 4, "second": 8, "importer": 16},
    ),
}  # fmt: skip
CATCH_UP = 1.5  # assumed: a buyer who waited out a crisis can ask for half a year's demand on top of the year's own
FIRST_REGIME = "tight"  # assumed: 2027 is still tight, after the crisis of 2025-26
SETTLES = {"crisis": "tight", "tight": "normal", "glut": "normal", "normal": "normal"}  # assumed: where a market drifts when it is no longer followed

# One forecaster tripled its forecast within a year (trade press), 2001-03 halved one (filings): branches x0.6 / x1 / x1.8. Assumed: their probabilities,
# and that they show in 2029, at first by half.
BRANCHES = {"low": (0.25, (1.0, 1.0, 0.8, 0.6, 0.6, 0.6)), "base": (0.5, (1.0,) * 6), "high": (0.25, (1.0, 1.0, 1.4, 1.8, 1.8, 1.8))}
BRANCH_YEAR = 2029
SPLIT_ABOVE = 0.04  # a course less likely than this is not split further: it settles. Keeps the tree at about 60 futures


@dataclass(frozen=True)
class Course:
    """A regime for every year so far, a demand branch once it shows, and the probability of both."""

    regimes: tuple[str, ...]
    branch: str
    probability: float


def courses() -> list[Course]:
    """All futures: the Markov chain of regimes combined with the demand branches. Their probabilities sum to 1."""
    found = [Course((FIRST_REGIME,), "", 1.0)]
    for year in YEARS[1:]:
        found = [after for course in found for after in _next(course, year)]
    return found


def _next(course: Course, year: int) -> Iterator[Course]:
    here = course.regimes[-1]
    moves = REGIMES[here].moves if course.probability >= SPLIT_ABOVE else {SETTLES[here]: 1.0}
    for regime, move in moves.items():
        branches = {name: weight for name, (weight, _) in BRANCHES.items()} if year == BRANCH_YEAR else {course.branch: 1.0}
        for branch, weight in branches.items():
            yield Course((*course.regimes, regime), branch, course.probability * move * weight)


def future(course: Course) -> dict[str, Any]:
    """A course as a future. Courses with the same beginning have the same data there, so that the engine merges them into one tree."""
    years = [REGIMES[name] for name in course.regimes]
    return {
        "id": "".join(name[0].upper() for name in course.regimes) + "-" + course.branch,
        "probability": round(course.probability, 12),
        "demand_factor": list(BRANCHES[course.branch][1]),
        "spot_price_factor": [x.price for x in years],
        "spot_available_factor": [_available(x, factor) for x, factor in zip(years, BRANCHES[course.branch][1], strict=True)],
        "spot_lead": [{"spot": spot, "lead_periods": [round(x.lead_weeks / WEEKS, 4) for x in years]} for spot in SPOTS],
        "deliverability": [{"supplier": k, "share": [x.deliverable.get(k, 1.0) for x in years]} for k in SUPPLIERS],
        "lateness": [{"supplier": k, "weeks": [x.late_weeks.get(k, 0) for x in years]} for k in SUPPLIERS],
        "index": {"inputs": [x.inputs for x in years]},
    }


def _available(regime: Regime, demand_factor: float) -> float:
    """Spot volume relative to the plan's demand. Where everything that is asked for is served, that is CATCH_UP times the demand of the branch."""
    return round(demand_factor * (CATCH_UP if regime.served == 1 else regime.served), 4)
