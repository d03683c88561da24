"""What a fit says about market regimes, in sentences."""

from __future__ import annotations

from math import isnan

import numpy as np

from scenarios.fitting import Fit
from scenarios.fitting_chain import stationary
from scenarios.fitting_markets import market_rows
from scenarios.fitting_parts import FEW_SPELLS, WEAK, Section, correlation, plus_minus, rate_interval, share
from scenarios.fitting_regimes import LEAST_ROWS, LEAST_ROWS_ASKED, RegimeFit

TRENDING = 0.5  # share of a price's variance in a straight line
UNITS = {1: "months", 3: "quarters", 12: "years"}


def regime_section(fit: Fit) -> Section:
    section = Section("Market regimes")
    found = fit.regimes
    if found is None:
        if fit.asked is not None and fit.asked < 2:
            section.sentences.append("None, as asked.")
        elif not fit.history.of("spot_price"):
            section.sentences.append("None: the history has no spot price to see them in.")
        elif market_rows(fit.history, fit.asked) is None:
            least = LEAST_ROWS_ASKED if fit.asked else LEAST_ROWS
            asks = "" if fit.asked else f" (`--regimes 2` asks for them in {LEAST_ROWS_ASKED})"
            section.warnings.append(f"None: all spot prices must be known together in {least} rows or more{asks}.")
        elif fit.asked:
            section.warnings.append(f"{fit.asked} regimes don't hold up in this history (one is hardly visited, or two are the same): there are none.")
        else:
            section.sentences.append("None: no number of regimes describes the spot price better than one process throughout (by BIC).")
        if fit.history.of("available", "lead_weeks"):
            section.warnings.append("Volumes on offer and lead times only count by regime, so those columns were not used.")
        return section
    section.sentences += [_choice(found), *_states(fit, found)]
    now = ", ".join(f"{name} {share(regime.initial, 0)}" for name, regime in zip(found.names, fit.settings.regimes, strict=True))
    section.sentences.append(f"The first period, one period after {fit.history.dates[found.rows[1] - 1]}, is {now}.")
    section.warnings += _doubts(fit, found)
    return section


def _choice(found: RegimeFit) -> str:
    count = len(found.names)
    if found.asked:
        return f"{count} regimes, as asked (BIC {found.bics[count]:,.1f}; {found.bics[1]:,.1f} without regimes, less is better)."
    others = [f"{bic:,.1f} {'without regimes' if k == 1 else f'with {k}'}" for k, bic in sorted(found.bics.items()) if k != count]
    return f"{count} regimes describe the spot price best: BIC {found.bics[count]:,.1f}, against {', '.join(others)} (less is better)."


def _states(fit: Fit, found: RegimeFit) -> list[str]:
    unit, h = UNITS[fit.history.step], fit.history.step_years
    years, lasting = len(found.path) * h, stationary(found.moves)
    said = []
    for r, name in enumerate(found.names):
        seen = found.visits[r]
        stay = found.moves[r, r]
        effects = [f"price of '{m.spot}' × {plus_minus(m.price[r])}" for m in fit.markets if m.price]
        effects += [f"volume of '{m.spot}' × {m.available[r]:.2f}" for m in fit.markets if m.available is not None and not isnan(m.available[r])]
        effects += [f"lead time of '{m.spot}' {m.lead_weeks[r]:.1f} weeks" for m in fit.markets if m.lead_weeks is not None and not isnan(m.lead_weeks[r])]
        effects += [f"'{k}' delivers {share(x[r], 0)}" for k, x in fit.shares.items()]
        low, high = rate_interval(seen.begun, years)
        spells = f"{seen.steps} of {len(found.path)} {unit} in {seen.spells} {'spell' if seen.spells == 1 else 'spells'}"
        begins = f"begins {seen.begun / years:.2g} times a year (95 %: {low:.2g} to {high:.2g})"
        lasts = f"lasts {h / max(1 - stay, 1e-9):.2g} years on average" if stay < 1 else "is never left"
        said.append(f"{name}: {'; '.join(effects)}. Seen for {spells}; {begins}, {lasts}, {share(lasting[r], 0)} of the time in the long run.")
    return said


def _doubts(fit: Fit, found: RegimeFit) -> list[str]:
    unit, h = UNITS[fit.history.step], fit.history.step_years
    years = len(found.path) * h
    said = []
    for r, name in enumerate(found.names):
        seen = found.visits[r]
        if seen.spells < FEW_SPELLS:
            low, high = (share(1 - np.exp(-x)) for x in rate_interval(seen.begun, years))
            text = f"Only {seen.spells} {name} of {seen.steps} {unit} seen in {years:.3g} years"
            said.append(f"{text}; its frequency is uncertain: it begins in {low} to {high} of years.")
        if r in found.never_ended:
            said.append(f"No end of {name} was seen: how long it lasts is a guess (half an end in {seen.steps} {unit}).")
        lasts = h / max(1 - found.moves[r, r], 1e-9)
        if lasts < fit.period_years / 2:
            said.append(f"A {name} market lasts {lasts:.2g} years, much less than a period of {fit.period_years:g}; the model holds it for a whole one.")
    if found.asked and found.bics[1] < found.bics[len(found.names)]:
        said.append("One process throughout describes the prices better than these regimes (by BIC); they were asked for.")
    rest = [bic for k, bic in found.bics.items() if k != len(found.names)]
    if not found.asked and rest and min(rest) - found.bics[len(found.names)] < WEAK:
        said.append("Another number of regimes describes the history almost as well (BIC within 2); try it with `--regimes`.")
    for column in fit.history.of("spot_price"):
        x = np.log(column.values[~np.isnan(column.values)])
        if correlation(np.arange(float(len(x))), x) ** 2 > TRENDING:
            growth = float(np.polyfit(np.arange(len(x)) * h, x, 1)[0])
            said.append(f"The price of '{column.id}' trends ({share(growth)} a year): regimes may be the trend. Divide by an inflation index and fit again.")
    return said
