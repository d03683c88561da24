"""The whole fit: from a simulated history to settings that a scenario takes and that draw such a history again; sentences and warnings."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from models.generator import Geometric, Jumps, MeanReverting
from models.uncertainty import Generated
from scenarios import library
from scenarios.files import scenario_from
from scenarios.fitting import Fit, fit
from scenarios.fitting_chain import over, stationary
from scenarios.fitting_csv import read_history
from scenarios.fitting_history import Column, History
from scenarios.fitting_markets import outages_of
from scenarios.fitting_parts import number
from scenarios.fitting_settings import WEEKS_PER_YEAR, process_of, rounded, settings_table
from scenarios.fitting_words import sections_of
from scenarios.sampling import draw
from tests.scenarios.histories import MONTH, chain_path, csv_of, history, log_prices

MONTHLY = np.array([[0.94, 0.06, 0.0], [0.04, 0.92, 0.04], [0.0, 0.12, 0.88]])
FACTORS = np.array([0.65, 1.0, 1.8])
VOLATILITY, SPEED, ROWS = 0.25, 3.0, 300


@cache
def market() -> History:
    """Twenty-five years of a market with three regimes, an index that is tied to its price, and two sites."""
    rng = np.random.default_rng(11)
    path = chain_path(rng, MONTHLY, ROWS, 1)
    x = log_prices(4, ROWS, volatility=VOLATILITY, speed=SPEED)
    carry = np.exp(-SPEED * MONTH)
    shocks = np.r_[0, x[1:] - carry * x[:-1]]
    shocks /= shocks.std()
    glass = np.exp(np.cumsum(0.15 * np.sqrt(MONTH) * (0.7 * shocks + np.sqrt(1 - 0.49) * rng.standard_normal(ROWS))))
    common, site = (np.cumsum(s * np.sqrt(MONTH) * rng.standard_normal((n, ROWS)), axis=1) for s, n in ((0.1, 1), (0.05, 2)))
    return history(
        [
            Column("spot_price", "spot-us", 30_000 * FACTORS[path] * np.exp(x)),
            Column("available", "spot-us", np.array([9_000, 8_000, 2_000])[path] * np.exp(0.05 * rng.standard_normal(ROWS))),
            Column("lead_weeks", "spot-us", np.array([8.0, 10.0, 26.0])[path]),
            *(Column("volume", f"{name}/cable", 3_000 * np.exp(common[0] + site[i])) for i, name in enumerate(("ohio", "texas"))),
            Column("index", "inputs", glass),
            Column("deliverability", "maker", np.where(path == 2, 0.7, 1.0)),
        ]
    )


@cache
def found() -> Fit:
    """Its fit, three regimes asked for (the search over their number has a test of its own)."""
    return fit(market(), regimes=3)


def quickstart(settings: Generated, **changes: Any) -> Any:
    """The bundled scenario with these settings as its uncertainty."""
    data = library.load("quickstart").model_dump(mode="json") | {"uncertainty": settings_table(settings)} | changes
    return scenario_from({key: value for key, value in data.items() if value is not None})


def test_settings_are_taken_by_the_scenario() -> None:
    """If this fails, what `offtake fit` writes can't be pasted into a scenario, or means something else there."""
    scenario = quickstart(found().settings)
    assert scenario.uncertainty == found().settings
    assert settings_table(found().settings)["kind"] == "generated"
    assert all(settings_table(found().settings).values())


def test_futures_look_like_the_history() -> None:
    """If this fails, the settings draw another market than the one they were fitted to (moments of 4,000 futures over 8 years)."""
    years = 8
    periods = [f"{2027 + t}" for t in range(years)]
    scenario = quickstart(
        found().settings,
        periods=periods,
        demand=[{"site": site, "product": "cable", "volume": [3_000.0] * years} for site in ("ohio", "texas")],
        spot=[{"id": "spot-us", "product": "cable", "price": [30_000.0] * years, "available": [8_000.0] * years}],
        suppliers=[{"id": "maker"}],
        offers=[],
        rules=[],
    )
    paths = draw(scenario, scenario.uncertainty, futures=4_000, seed=7)
    weight = paths.probability
    assert paths.regime is not None
    share = np.array([weight @ (paths.regime[:, -1] == r) for r in range(3)])
    seen = np.bincount(chain_path(np.random.default_rng(11), MONTHLY, ROWS, 1), minlength=3) / ROWS
    assert np.abs(share - stationary(found().settings_moves)).max() < 0.02
    assert np.abs(share - seen).max() < 0.1
    price = np.log(paths.states.spot_price[:, -1, 0])
    real = np.log(market().columns[0].values)
    assert np.sqrt(weight @ (price - weight @ price) ** 2) == pytest.approx(real.std(), rel=0.15)
    assert weight @ price == pytest.approx(real.mean(), abs=0.12)
    for r, (available, lead) in enumerate(((9 / 8, 8.0), (1.0, 10.0), (0.25, 26.0))):
        there = paths.regime == r
        assert paths.states.spot_available[:, :, 0][there].mean() / 8_000 == pytest.approx(available, rel=0.06)
        assert paths.states.spot_lead[:, :, 0][there].mean() * WEEKS_PER_YEAR == pytest.approx(lead, rel=0.06)
    total = np.log(paths.states.demand.sum(axis=(2, 3)))
    assert np.sqrt(weight @ (total[:, 4] - total[:, 3]) ** 2) == pytest.approx(0.1 * np.sqrt(2 / 3), rel=0.35)
    index = np.log(paths.states.index[:, :, 0])
    assert np.diff(index, axis=1).std() == pytest.approx(0.15, rel=0.12)
    within = price - np.log(FACTORS)[paths.regime[:, -1]]
    assert np.corrcoef(within, index[:, -1] - index[:, -2])[0, 1] == pytest.approx(0.7, abs=0.12)


def test_moves_are_those_of_twelve_months() -> None:
    """If this fails, a scenario of years moves between regimes as fast as a history of months."""
    assert found().regimes is not None
    moves = over(found().regimes.moves, 12)[0]  # type: ignore[union-attr]
    assert np.allclose(found().settings_moves, moves, atol=1e-6)
    assert all(sum(regime.moves.values()) == pytest.approx(1, abs=1e-9) for regime in found().settings.regimes)
    assert sum(regime.initial for regime in found().settings.regimes) == pytest.approx(1, abs=1e-9)


def test_market_in_its_regimes() -> None:
    """If this fails, a tight market doesn't cost its price, its scarcity, its delay and its deliveries."""
    loose, normal, tight = found().settings.regimes
    assert (loose.id, normal.id, tight.id) == ("glut", "normal", "tight")
    assert [x.spot[0].price_factor for x in (loose, normal, tight)] == pytest.approx(FACTORS.tolist(), rel=0.08)
    assert [x.spot[0].available_factor for x in (loose, normal, tight)] == pytest.approx([9 / 8, 1, 0.25], rel=0.06)
    assert [x.spot[0].lead_periods for x in (loose, normal, tight)] == pytest.approx([8 / WEEKS_PER_YEAR, 10 / WEEKS_PER_YEAR, 26 / WEEKS_PER_YEAR], rel=0.06)
    assert tight.allocation[0].deliverable_share == pytest.approx(0.7, abs=0.02)
    assert found().outages == ()


def test_several_markets_share_their_regimes() -> None:
    """If this fails, two spot markets of the same goods are in crisis at different times, or lose their own factors."""
    one = market().columns[0]
    other = Column("spot_price", "spot-eu", 20_000 * (one.values / 30_000) ** 0.5 * np.exp(0.02 * np.random.default_rng(1).standard_normal(ROWS)))
    both = fit(replace(market(), columns=(one, other)), regimes=3)
    tight = both.settings.regimes[2]
    assert {row.spot: row.price_factor for row in tight.spot} == pytest.approx({"spot-us": 1.8, "spot-eu": 1.8**0.5}, rel=0.1)
    assert {row.spot for row in both.settings.spot} == {"spot-us", "spot-eu"}
    assert any(set(tie.drivers) == {"spot:spot-us", "spot:spot-eu"} and tie.value > 0.5 for tie in both.ties)


def test_the_same_history_gives_the_same_settings() -> None:
    """If this fails, settings can't be reproduced."""
    again = fit(read_history(csv_of(market()).encode()), regimes=3)
    assert again.settings == found().settings


def test_drift_stays_out_unless_asked_for() -> None:
    """If this fails, the buyer's own forecast gets the history's growth on top, or nobody can have it there."""
    made = history([Column("index", "glass", np.exp(log_prices(2, 120, volatility=0.2, drift=0.1)))])
    without, within = fit(made), fit(made, drift=True)
    assert isinstance(without.settings.index[0].level, Geometric)
    assert isinstance(within.settings.index[0].level, Geometric)
    assert without.settings.index[0].level.drift == 0
    assert within.settings.index[0].level.drift == pytest.approx(within.prices[0].drift.value, rel=1e-3)


@pytest.mark.parametrize("speed", [0.5, 4.0])
def test_jumps_over_a_period_by_simulation(speed: float) -> None:
    """If this fails, a jump that has faded by the end of a year counts in full."""
    x = log_prices(3, 360, volatility=0.15, speed=speed, jumps=(1.0, 0.5, 0.1))
    price = fit(history([Column("fx", "EUR", np.exp(x))])).prices[0]
    assert price.chosen.jumps is not None
    assert price.speed is not None
    process = process_of(price, 1.0, drift=False)
    assert isinstance(process, MeanReverting)
    assert isinstance(process.jumps, Jumps)
    when = np.random.default_rng(0).random(200_000)
    size = price.chosen.jumps.mean.value + price.chosen.jumps.deviation.value * np.random.default_rng(1).standard_normal(len(when))
    left = size * np.exp(-price.speed.value * (1 - when))
    assert process.jumps.mean == pytest.approx(left.mean(), rel=0.02)
    assert process.jumps.deviation == pytest.approx(left.std(), rel=0.02)
    assert process.jumps.rate_per_year == pytest.approx(price.chosen.jumps.rate.value, rel=1e-3)


def test_outages_by_hand() -> None:
    """If this fails, how often and how long a supplier fails is misread: 12 months of outage in two spells, of which one had begun before."""
    share = np.ones(60)
    share[:4], share[20:28] = 0.5, 0.2
    seen = outages_of(Column("deliverability", "maker", share), MONTH)
    assert seen is not None
    assert (seen.spells, seen.begun) == (2, 1)
    assert seen.rate.value == pytest.approx(1 / 4)
    assert seen.mean_years == pytest.approx(0.5)
    assert seen.share == pytest.approx((4 * 0.5 + 8 * 0.2) / 12)
    assert outages_of(Column("deliverability", "maker", np.ones(12)), MONTH) is None
    alone = fit(history([Column("deliverability", "maker", share)]))
    assert alone.settings.disruptions[0].supplier == "maker"


def test_fan_by_closed_form() -> None:
    """If this fails, the picture shows another process than the one that was fitted."""
    made = fit(history([Column("index", "glass", np.exp(log_prices(1, 240, volatility=0.2)))]))
    price = made.prices[0]
    assert price.speed is None
    fan = np.log(made.fan(price))
    steps = fan.shape[1]
    assert steps == made.fan_steps == 60
    assert fan[:, -1].std() == pytest.approx(price.volatility.value * np.sqrt(steps * MONTH), rel=0.08)
    assert fan[:, -1].mean() == pytest.approx(np.log(price.values[-1]) + price.chosen.shift * steps, abs=0.05)
    assert np.array_equal(made.fan(price), made.fan(price))


def test_fan_lives_in_the_regimes() -> None:
    """If this fails, the picture of a market with regimes forgets them."""
    fan = found().fan(found().prices[0])
    real = market().columns[0].values
    assert np.log(fan[:, -1]).std() == pytest.approx(np.log(real).std(), rel=0.2)
    assert np.median(fan[:, 0]) == pytest.approx(real[-1], rel=0.2)


# --- sentences ------------------------------------------------------------------------------------------------------------------------------


def said(what: Fit, kind: str = "sentences") -> str:
    """All sentences, or all warnings, one per line."""
    return "\n".join(line for section in sections_of(what) for line in getattr(section, kind))


def test_sentences_say_what_was_found_and_assumed() -> None:
    """If this fails, the numbers have no errors, no reason or no assumption beside them."""
    text = said(found())
    for words in ("300 monthly rows from 2000-01 to 2024-12 (25 years)", "3 regimes, as asked", "Seen for", "lead time of 'spot-us'", "'maker' delivers 7"):
        assert words in text
    for words in ("±", "grew by", "explains", "Base prices and base volumes on offer are those of a normal market", "to the power 12", "index:inputs: +0."):
        assert words in text
    assert "nan" not in (text + said(found(), "warnings")).lower()


def test_few_data_are_said_to_be_few() -> None:
    """If this fails, what was seen once is believed like what was seen a hundred times."""
    path = np.ones(96, dtype=int)
    path[40:44] = 2
    x = np.log(FACTORS[path]) + log_prices(2, 96, volatility=0.1, speed=6.0)
    made = fit(history([Column("spot_price", "a", np.exp(x)), Column("demand", "p", 1 + np.arange(96.0))]), regimes=2)
    warnings = said(made, "warnings")
    assert "Only 1 tight of 4 months seen in 8 years; its frequency is uncertain: it begins in 0.3 % to 50" in warnings
    assert "A tight market lasts" in warnings
    assert "much less than a period of 1" in warnings
    short = fit(history([Column("demand", "p", np.array([5.0, 6, 5, 7]))], step=12))
    assert "Only 4 years" in said(short, "warnings")
    assert "independent changes from year to year" in said(short, "warnings")


def test_no_regimes_says_why() -> None:
    """If this fails, regimes are missing and nobody knows why, or columns that need them are silently dropped."""
    values = np.exp(log_prices(0, 30, volatility=0.2))
    short = fit(history([Column("spot_price", "a", values), Column("lead_weeks", "a", np.full(30, 9.0))]))
    assert "known together in 48 rows or more" in said(short, "warnings")
    assert "those columns were not used" in said(short, "warnings")
    assert "no spot price" in said(fit(history([Column("index", "a", values)])))
    assert "None, as asked" in said(fit(history([Column("spot_price", "a", values)]), regimes=0))
    calm = np.exp(0.001 * np.random.default_rng(0).standard_normal(30))
    assert "3 regimes don't hold up" in said(fit(history([Column("spot_price", "a", calm)]), regimes=3), "warnings")


def test_averages_over_months_are_noticed() -> None:
    """If this fails, prices that are averages over a month make years look calmer than they were."""
    daily = np.cumsum(0.3 / np.sqrt(252) * np.random.default_rng(3).standard_normal(21 * 240))
    monthly = np.exp(daily).reshape(240, 21).mean(axis=1)
    text = said(fit(history([Column("index", "glass", monthly)])), "warnings")
    assert "follow each other (autocorrelation 0." in text


def test_many_drivers_stay_within_the_documents() -> None:
    """If this fails, a history of a hundred indices ends in an error of the document, or some are silently left untied."""
    shared = log_prices(0, 60, volatility=0.3)
    columns = [Column("index", f"i{k}", np.exp(shared + log_prices(k + 1, 60, volatility=0.2))) for k in range(70)]
    many = fit(history(columns))
    assert 500 < len(many.settings.correlations) <= 2_000
    assert "7 drivers are drawn on their own" in said(many, "warnings")


def test_a_price_that_never_moved() -> None:
    """If this fails, a list price that stood still for years ends in a division by zero."""
    still = fit(history([Column("spot_price", "a", np.full(60, 5.0)), Column("index", "b", np.full(60, 1.0))]), regimes=2)
    assert still.regimes is None
    assert "nan" not in said(still).lower() + said(still, "warnings").lower()
    assert still.settings.correlations == ()


def test_numbers_are_rounded_for_people() -> None:
    """If this fails, settings claim sixteen digits."""
    assert [rounded(x) for x in (0.123456, 123456.0, -0.00098765, 0.0)] == [0.1235, 123500.0, -0.0009877, 0.0]
    assert [number(x) for x in (30_720.4, 0.00123456, 17.4, 1.0, 123_456_789.0, 0.0)] == ["30,720", "0.001235", "17.40", "1.000", "123,500,000", "0"]
