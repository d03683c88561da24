"""What a fit says in sentences: what was found, how sure it is, what was assumed, and where the data are too few for a claim."""

from __future__ import annotations

from math import sqrt

import numpy as np

from scenarios.fitting import Fit
from scenarios.fitting_correlation import MOST_DRIVERS
from scenarios.fitting_demand import DemandFit, FactorFit
from scenarios.fitting_history import STEPS
from scenarios.fitting_parts import FEW_SPELLS, WEAK, Section, correlation, number, plus_minus, rate_interval, share
from scenarios.fitting_prices import LEAST_REVERTING, PriceFit
from scenarios.fitting_settings import yearly_spread
from scenarios.fitting_words_regimes import regime_section

FEW_JUMPS = 5.0
FEW_YEARS = 5.0
KINDS = {"spot": "spot price", "index": "index", "fx": "exchange rate", "site": "site", "product": "product"}


def sections_of(fit: Fit) -> list[Section]:
    """The whole fit in sentences."""
    found = [_history(fit), regime_section(fit), _prices(fit), *([_demand(fit.demand)] if fit.demand else []), _suppliers(fit), _ties(fit), _assumed(fit)]
    return [section for section in found if section.sentences or section.warnings]


def subject(driver: str) -> str:
    """`spot:fibre` as `spot price 'fibre'`."""
    kind, _, name = driver.partition(":")
    return f"{KINDS[kind]} '{name}'" if name else "demand"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _history(fit: Fit) -> Section:
    h = fit.history
    names = ", ".join(column.name for column in h.columns[:12]) + (f" and {len(h.columns) - 12} more" if len(h.columns) > 12 else "")
    text = f"{len(h.months):,} {STEPS[h.step]} rows from {h.dates[0]} to {h.dates[-1]} ({h.years:.3g} years): {names}."
    section = Section("History", [text])
    if h.years < FEW_YEARS:
        section.warnings.append(f"Only {h.years:.3g} years: what happens less than once in {h.years:.0f} years can't be seen in them.")
    return section


def _prices(fit: Fit) -> Section:
    section = Section("Prices")
    for price in fit.prices:
        within = fit.regimes is not None and price.driver.startswith("spot:")
        section.sentences.append(_price(price, within) + ("" if within else f" {_reason(price)}"))
        section.warnings += _price_doubts(price, fit, within)
    return section


def _price(price: PriceFit, within: bool) -> str:
    name = _capital(subject(price.driver))
    moves = f"volatility {plus_minus(price.volatility, 100, 1)} % a year"
    if price.speed is None:
        text = f"{name}{' within its regime' if within else ''} is a geometric random walk: {moves}, drift {plus_minus(price.drift, 100, 1)} % a year."
    else:
        to = "the level of its regime" if within else f"{number(price.level)}"
        half = f"half of a deviation is gone after {price.half_life:.2g} years (speed {plus_minus(price.speed)} a year)"
        text = f"{name} returns to {to}: {half}; {moves}."
        text += f" In a normal market it is {number(price.level)} on average." if within else ""
    jumps = price.chosen.jumps
    if jumps is None:
        return text
    size = f"{plus_minus(jumps.mean, 100, 0)} % in the logarithm with a spread of {plus_minus(jumps.deviation, 100, 0)} %"
    return f"{text} It jumps {plus_minus(jumps.rate)} times a year, by {size}."


def _reason(price: PriceFit) -> str:
    if len(price.tried) == 1:
        return f"(Taken for granted: {price.chosen.count} changes can't tell a random walk from a return to a mean; {LEAST_REVERTING} are needed.)"
    second = next(one for one in price.tried if one is not price.chosen)
    return f"Its BIC is {second.bic - price.chosen.bic:,.1f} below that of {second.words}."


def _price_doubts(price: PriceFit, fit: Fit, within: bool) -> list[str]:
    said, name = [], subject(price.driver)
    kinds = {one.kind: one.bic for one in reversed(price.tried)}
    if len(kinds) == 2 and not within and abs(kinds["geometric"] - kinds["mean_reverting"]) < WEAK:
        said.append(f"Whether the {name} returns to a mean is hardly told by {price.chosen.count} changes (BIC within 2); it matters for far periods.")
    if price.half_life and price.half_life > fit.history.years / 3:
        said.append(f"The {name} returns so slowly ({price.half_life:.2g} years) that {fit.history.years:.3g} years hardly show it.")
    jumps = price.chosen.jumps
    if jumps is not None and jumps.expected < FEW_JUMPS:
        low, high = rate_interval(jumps.expected, price.chosen.count * fit.history.step_years)
        text = f"Only about {jumps.expected:.0f} jumps of the {name} seen: their frequency is uncertain, {low:.2g} to {high:.2g} a year, and so is their size."
        said.append(text)
    if not within:
        said += _momentum(price, fit)
    return said


def _momentum(price: PriceFit, fit: Fit) -> list[str]:
    """Changes that follow each other make years wilder than steps say."""
    x = np.log(price.values[~np.isnan(price.values)])
    per_year = fit.history.per_year
    if per_year == 1 or len(x) < 4 * per_year:
        return []
    seen, implied = float(np.std(x[per_year:] - x[:-per_year])), yearly_spread(price, fit.history.step_years)
    shocks = price.shocks[~np.isnan(price.shocks)]
    follows = correlation(shocks[1:], shocks[:-1])
    if follows < 2 / sqrt(len(shocks)) or seen < implied:
        return []
    moved = f"over a year it moved by ± {share(seen, 0)}, while the process says ± {share(implied, 0)}"
    return [f"Changes of the {subject(price.driver)} follow each other (autocorrelation {follows:.2f}, as averages over a month do): {moved}."]


def _demand(found: DemandFit) -> Section:
    section = Section("Demand")
    section.sentences.append(f"Total demand grew by {plus_minus(found.growth, 100, 1)} % a year.")
    text = f"From year to year all of it moves together by {_factor(found.common)}"
    section.sentences.append(text + (f"; the first common factor explains {share(found.explained, 0)} of {found.series} series." if found.series > 1 else "."))
    for rows in (found.sites, found.products):
        if rows:
            each = "; ".join(f"{row.driver.partition(':')[2]} {_factor(row)}" for row in rows[:8])
            more = f"; and {len(rows) - 8} more" if len(rows) > 8 else ""
            section.sentences.append(f"Each {rows[0].driver.partition(':')[0]} besides: {each}{more}.")
    if found.years < FEW_YEARS:
        low, high = (found.common.volatility.value * x for x in _spread_interval(found.years))
        text = f"Worth only {found.years:.1f} independent changes from year to year: the common volatility may be {share(low, 0)} as well as {share(high, 0)}."
        section.warnings.append(text)
    if found.weighted_equally:
        section.warnings.append("Some series move against the others; the common factor is their plain mean.")
    if found.left_over > 0.1:
        section.warnings.append(
            f"{share(found.left_over, 0)} of the variance belongs to single sites and products together, for which the generator has no factor."
        )
    return section


def _factor(row: FactorFit) -> str:
    lasting = "" if row.persistence == 1 else f" ({share(row.persistence, 0)} of a deviation is left after a year)"
    return f"{plus_minus(row.volatility, 100, 1)} %{lasting}"


def _spread_interval(years: float) -> tuple[float, float]:
    """The 95 % interval of a standard deviation, as factors on its estimate from `years` independent changes."""
    from scipy.stats import chi2

    freedom = max(years - 1, 0.5)
    return sqrt(freedom / float(chi2.ppf(0.975, freedom))), sqrt(freedom / float(chi2.ppf(0.025, freedom)))


def _suppliers(fit: Fit) -> Section:
    section = Section("Suppliers")
    for row in fit.outages:
        low, high = rate_interval(row.begun, fit.history.years)
        often = f"{row.spells} {'outage' if row.spells == 1 else 'outages'} of '{row.supplier}', {row.rate.value:.2g} a year"
        section.sentences.append(f"{often}, {row.mean_years:.2g} years long on average; {share(row.share, 0)} was delivered meanwhile.")
        if row.spells < FEW_SPELLS:
            section.warnings.append(f"Few outages of '{row.supplier}' seen: their frequency is uncertain, {low:.2g} to {high:.2g} a year.")
    said = {row.supplier for row in fit.outages} | set(fit.shares)
    whole = [column.id for column in fit.history.of("deliverability") if column.id not in said]
    if whole:
        section.sentences.append(f"No outage of {', '.join(whole)} in the history, and none in the settings.")
    return section


def _ties(fit: Fit) -> Section:
    section = Section("What moves together")
    strong = sorted((tie for tie in fit.ties if tie.significant), key=lambda tie: -abs(tie.value))
    for tie in strong[:10]:
        one, other = tie.drivers
        section.sentences.append(f"{one} and {other}: {tie.value:+.2f} (rank correlation {tie.rank:+.2f} of about {tie.observations:.0f} observations).")
    if len(strong) > 10:
        section.sentences.append(f"And {len(strong) - 10} more pairs, all of them in the settings.")
    weak = sum(not tie.significant and tie.observations > 0 for tie in fit.ties)
    if weak:
        section.sentences.append(f"{weak} {'pair is' if weak == 1 else 'pairs are'} within the noise of their number of observations and taken as independent.")
    if fit.untied:
        section.warnings.append(f"{fit.untied} drivers are drawn on their own: correlations are fitted between the first {MOST_DRIVERS} only.")
    bent = sum(not tie.significant and tie.value != 0 for tie in fit.ties)
    if bent:
        pairs = "pair is" if bent == 1 else "pairs are"
        section.sentences.append(f"The others contradicted each other a little; {bent} more {pairs} tied so that all fit together.")
    return section


def _assumed(fit: Fit) -> Section:
    section = Section("Assumed")
    if not fit.drift:
        text = "Base values are your forecast: drift and growth of the history are not in the settings"
        section.sentences.append(f"{text}{' (`--drift` puts the drift of prices in)' if any(p.speed is None for p in fit.prices) else ''}.")
    if fit.regimes is not None:
        normal = fit.regimes.names[fit.regimes.normal]
        section.sentences.append(f"Base prices and base volumes on offer are those of a {normal} market.")
        power = fit.period_years / fit.history.step_years
        length = "1 year" if fit.period_years == 1 else f"{fit.period_years:g} years"
        section.sentences.append(f"A period is {length}; moves per period are those per step of the history to the power {power:g}.")
        section.sentences.append("Regimes move on their own: no correlation with demand is fitted (a row with `regime` in `correlations` adds one).")
    if fit.prices:
        section.sentences.append("A period's price is the price at its end; the mean over a period moves less.")
    return section
