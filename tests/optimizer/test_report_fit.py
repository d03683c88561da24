"""The picture of a fit: one file, no network, texts escaped, tables that add up, sane in a real browser."""

from __future__ import annotations

import json
import re
import shutil
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from optimizer.report import html_fit
from optimizer.report_fit import charts
from optimizer.report_fit_changes import _beyond, _density
from scenarios.fitting import Fit, fit
from scenarios.fitting_history import Column
from tests.scenarios.histories import chain_path, history, log_prices


@cache
def fitted() -> Fit:
    """A market with regimes, an index with jumps, an exchange rate, two products."""
    rng = np.random.default_rng(5)
    path = chain_path(rng, np.array([[0.95, 0.05], [0.1, 0.9]]), 120)
    walks = np.cumsum(0.03 * rng.standard_normal((2, 120)), axis=1)
    columns = [
        Column("spot_price", "fibre", 20 * np.exp(0.6 * path + log_prices(9, 120, volatility=0.2, speed=4.0))),
        Column("index", "glass", np.exp(log_prices(3, 120, volatility=0.15, jumps=(1.0, 0.4, 0.1)))),
        Column("fx", "EUR", np.exp(log_prices(8, 120, volatility=0.1))),
        Column("demand", "a", np.exp(walks[0])),
        Column("demand", "b", np.exp(walks[0] + 0.3 * walks[1])),
    ]
    return fit(history(columns), regimes=2)


class Tags(HTMLParser):
    """Tags of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_one_file_without_a_network() -> None:
    """If this fails, the picture needs a server, or runs scripts that its policy doesn't know."""
    html = html_fit(fitted())
    tags = Tags(html).found
    assert not [tag for tag, attributes in tags if tag in ("link", "iframe", "img") or "src" in attributes]
    (policy,) = (str(attributes["content"]) for tag, attributes in tags if "http-equiv" in attributes)
    assert "default-src 'none'" in policy
    assert policy.count("sha256-") == 2
    assert html.count("<h1>") == 1


def test_every_driver_is_drawn() -> None:
    """If this fails, a price was fitted and nobody can see how well."""
    drawn = {chart.id: chart for chart in charts(fitted())}
    assert list(drawn) == ["regimes", *(f"{kind}-{i}" for i in range(3) for kind in ("fan", "changes", "echo")), "demand"]
    assert "Spot price 'fibre'" in drawn["fan-0"].title
    assert all(chart.table.rows for chart in drawn.values())
    assert json.dumps([chart.traces for chart in drawn.values()], allow_nan=False)


def test_seen_and_expected_add_up() -> None:
    """If this fails, the histogram leaves out changes, or the fit's density is on another scale."""
    for price in fitted().prices:
        shocks = price.shocks[~np.isnan(price.shocks)]
        chart = next(chart for chart in charts(fitted()) if chart.id == f"changes-{fitted().prices.index(price)}")
        assert sum(row[2] for row in chart.table.rows) == len(shocks)
        assert sum(row[3] for row in chart.table.rows) == pytest.approx(len(shocks), abs=1)
        grid = np.linspace(-30, 30, 60_001)
        density = _density(price, grid)
        assert np.trapezoid(density, grid) == pytest.approx(1, abs=1e-6)
        assert np.trapezoid(density * grid, grid) == pytest.approx(0, abs=1e-4)
        assert np.trapezoid(density * grid**2, grid) == pytest.approx(1, abs=1e-3)
        assert _beyond(price, np.array([0.5]))[0] == pytest.approx(np.trapezoid(density[grid <= 0.5], grid[grid <= 0.5]), abs=1e-3)


def test_fan_begins_where_history_ends() -> None:
    """If this fails, there is a jump between what was and what may come, or dates overlap."""
    chart = next(chart for chart in charts(fitted()) if chart.id == "fan-1")
    past, low = chart.traces[0], chart.traces[1]
    assert past["x"][-1] == low["x"][0] == "2009-12"
    assert past["y"][-1] == pytest.approx(low["y"][0])
    assert low["x"][1] == "2010-01"
    assert len(low["x"]) == fitted().fan_steps + 1


def test_texts_of_the_fit_are_escaped() -> None:
    """If this fails, an id or a sentence becomes markup."""
    html = html_fit(fitted())
    body = html.split('<script type="application/json"')[0]
    assert "&#39;fibre&#39;" in body
    assert not re.search(r"<(?!/?(!|html|head|meta|title|style|body|a|header|p|h1|main|div|h2|h3|ul|li|section|figure|figcaption|details|summary|table|thead|tbody|tr|th|td|footer)\b)", body.split("</style>")[1])  # fmt: skip  # noqa: E501


@pytest.mark.browser
def test_browser_draws_it(tmp_path: Path) -> None:
    """If this fails, the page is blank where the picture should be."""
    from playwright.sync_api import sync_playwright

    file = tmp_path / "fit.html"
    file.write_text(html_fit(fitted()), encoding="utf-8")
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 400, "height": 800})
        page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(file.as_uri())
        page.wait_for_function("[...document.querySelectorAll('[data-chart]')].every((place) => place.querySelector('.main-svg'))")
        wide = page.evaluate("document.documentElement.scrollWidth")
        browser.close()
    assert problems == []
    assert wide <= 400
