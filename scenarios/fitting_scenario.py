"""A history beside the scenario that its fit is for: ids that both know, lengths of periods, and what the scenario's base values say against the history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches
from math import log

from models.errors import Finding, InvalidScenario
from models.scenario import Scenario
from models.uncertainty import Generated
from scenarios.files import scenario_from
from scenarios.fitting import Fit
from scenarios.fitting_history import History
from scenarios.fitting_parts import Section, number, share

APART = 1.25  # a base price this much above or below the history's is worth a word
FAST = 2.0  # standard errors by which growth must differ to be worth one
WHAT = {"spot_price": "spot market", "available": "spot market", "lead_weeks": "spot market", "index": "index", "fx": "currency", "deliverability": "supplier"}


def check_ids(history: History, scenario: Scenario) -> None:
    """Every column is about something that the scenario has. Raises InvalidScenario (of the history) with every finding."""
    ids = {
        "spot market": [x.id for x in scenario.spot],
        "index": [x.id for x in scenario.indices],
        "currency": [x.id for x in scenario.currencies],
        "supplier": [x.id for x in scenario.suppliers],
        "site": [x.id for x in scenario.sites],
        "product": [x.id for x in scenario.products],
    }
    found = []
    for column in history.columns:
        site, _, product = column.id.rpartition("/")
        named = [(WHAT[column.kind], column.id)] if column.kind in WHAT else [("site", site), ("product", product)]
        for what, name in named:
            if name and name not in ids[what]:
                found.append(Finding(f"column {column.name}", f"the scenario has no {what} '{name}'{_known(name, ids[what])}"))
    if found:
        raise InvalidScenario(found, "history")


def _known(name: str, ids: Iterable[str]) -> str:
    known = list(ids)
    close = get_close_matches(name, known, n=1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known are {', '.join(known[:8])}{' and more' if len(known) > 8 else ''}. Rename or remove the column" if known else "; remove the column"


def period_years(scenario: Scenario) -> float:
    """The length of most of the scenario's periods, in years."""
    return Counter(scenario.period_years).most_common(1)[0][0]


def with_settings(scenario: Scenario, settings: Generated) -> Scenario:
    """`scenario` with `settings` as its uncertainty. Raises InvalidScenario where they don't go together."""
    return scenario_from(scenario.model_dump(mode="json") | {"uncertainty": settings.model_dump(mode="json")})


def compared(fit: Fit, scenario: Scenario) -> Section:
    """What the scenario's base values say against the history."""
    section = Section("Beside the scenario")
    lengths = sorted(set(scenario.period_years))
    if len(lengths) > 1 and fit.regimes is not None:
        text = f"Periods last {lengths[0]:g} to {lengths[-1]:g} years, but regimes move once per period"
        section.warnings.append(f"{text}: the moves are right for periods of {fit.period_years:g} only.")
    for price in fit.prices:
        spot = next((spot for spot in scenario.spot if price.driver == f"spot:{spot.id}"), None)
        if spot is None or not spot.price:
            continue
        base = sum(spot.price) / len(spot.price)
        regime = fit.regimes.names[fit.regimes.normal] if fit.regimes is not None else None
        what = f"a {regime} market" if regime else "the last row" if price.speed is None else "the long run"
        text = f"The base price of '{spot.id}' is {number(base)} on average over the periods, the history's in {what} {number(price.level)}."
        if regime and price.speed is None:
            continue
        (section.warnings if not 1 / APART < base / price.level < APART else section.sentences).append(text)
    growth = _base_growth(scenario)
    if fit.demand is not None and growth is not None:
        seen = fit.demand.growth
        text = f"Base demand grows by {share(growth)} a year from the first period to the last, the history's grew by {share(seen.value)}."
        (section.warnings if abs(growth - seen.value) > FAST * seen.error else section.sentences).append(text)
    return section


def _base_growth(scenario: Scenario) -> float | None:
    """Growth of all base demand per year, from the first period's rate to the last's (logarithm)."""
    years = scenario.period_years
    rates = [sum(row.volume[t] for row in scenario.demand) / years[t] for t in range(len(years))]
    apart = sum(years) - (years[0] + years[-1]) / 2
    return log(rates[-1] / rates[0]) / apart if len(years) > 1 and rates[0] > 0 and rates[-1] > 0 else None
