"""The HTML report: everything escaped, no network, titles that state what the data say, sane in a real browser."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from models.plan import Plan
from models.scenario import Scenario
from optimizer.report import html_parts, html_report
from optimizer.report_charts import charts
from optimizer.report_plotly import Chart
from optimizer.report_text import money, names_of, percent
from tests.optimizer.report_plan import PERIODS, SCRIPT, report_plan, report_scenario


class Page(HTMLParser):
    """Elements of a page: tags with their attributes, and the text of each script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] == "script":
            self.scripts[-1] += data


@pytest.mark.parametrize("named", [False, True])
def test_report_escapes_every_text(named: bool) -> None:
    """A name or note from a scenario becomes markup or script in the report."""
    html = html_report(report_plan(), report_scenario() if named else None)
    page = Page(html)
    assert len([tag for tag, _ in page.elements if tag == "script"]) == 3
    assert SCRIPT not in html
    assert not [tag for tag, _ in page.elements if tag in ("img", "i", "em", "kits", "budget")]
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert json.loads(page.scripts[0])


def test_chart_texts_are_escaped_for_plotly() -> None:
    """Plotly would read a name as its own small HTML, with links and line breaks."""
    drawn = (
        json.dumps(html_parts(report_plan(), report_scenario())["charts"]).replace("<extra></extra>", "").replace("<br>", "")
    )  # ours; a name's own would read &lt;br&gt;
    assert "<" not in drawn
    assert "&lt;img src=x" in drawn


def test_report_opens_offline() -> None:
    """The report asks the network for something, or its own policy would let it."""
    page = Page(html_report(report_plan()))
    for tag, attributes in page.elements:
        assert not {"src", "srcset", "poster", "action", "data", "ping"} & set(attributes), tag
        assert (attributes.get("href") or "#").startswith("#"), tag
        assert tag not in ("link", "iframe", "object", "embed", "base")
    policy = next(attributes["content"] for tag, attributes in page.elements if attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    style = html_report(report_plan()).split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_suspect_plans_carry_an_alarm() -> None:
    """A plan that its own checks doubt looks like any other."""
    plan = report_plan()
    assert 'role="alert"' not in html_report(plan)
    assert 'role="alert"' in html_report(report_plan(audit=plan.audit.model_copy(update={"suspect": True})))


def test_chart_titles_state_what_the_data_say() -> None:
    """A title disagrees with the table behind it."""
    plan = report_plan()
    by_id = _charts(plan)
    sums = {kind: sum(x.mean for x in plan.flow_summaries if x.kind == kind and x.product == "cable") for kind in ("deliver", "receive", "demand")}
    title = by_id["supply-0"].title
    assert f"contracts cover {percent(sums['deliver'] / sums['demand'])} of demand" in title
    assert f"the spot market {percent(sums['receive'] / sums['demand'])}" in title
    assert money(plan.summary.cvar, "USD") in by_id["distribution"].title
    assert money(plan.summary.expected_cost, "USD") in by_id["categories"].title
    assert "Texas" in _charts(plan, report_scenario())["fill"].table.cells[1][0]


def test_chart_of_spend_adds_up_to_the_expected_cash() -> None:
    """The spend chart has lost a payment, or counts penalties as cash."""
    plan = report_plan()
    spend = _charts(plan)["spend"]
    drawn = sum(sum(trace["y"]) for trace in spend.traces)
    assert drawn * 1e6 == pytest.approx(sum(c.probability * c.amount for c in plan.costs if not c.category.endswith("_penalty")), rel=1e-6)
    assert spend.traces[0]["x"] == list(PERIODS)


def test_shortage_percentiles_count_futures_without_shortage() -> None:
    """P5 and P95 of shortage are taken over the futures that run short only, or over sites apart."""
    plan = report_plan()
    supply = _charts(plan)["supply-0"]
    unmet = {node: sum(x.volume for x in plan.flows if x.kind == "unmet" and x.product == "cable" and x.node == node) for node in ("worst.2028", "crisis.2028")}
    row = next(row for row in supply.table.cells if row[0] == "2028")
    assert row[-2] == "0"  # 65 % of probability has no shortage
    assert float(row[-1].replace(",", "")) == pytest.approx(unmet["crisis.2028"], abs=1)  # the worst future has 5 %, so P95 is the next one


def test_report_without_rows_per_node() -> None:
    """A plan whose rows were left out for size can't be reported."""
    full, short = _charts(report_plan()), _charts(report_plan(detail=False))
    assert list(short) == list(full)
    assert short["supply-0"].table.cells == full["supply-0"].table.cells
    assert sum(short["spend"].traces[0]["y"]) == pytest.approx(sum(sum(trace["y"]) for trace in full["spend"].traces))
    assert html_report(report_plan(detail=False)).endswith("</html>\n")


def test_report_of_a_plan_that_signs_nothing() -> None:
    """An empty plan breaks the report."""
    html = html_report(report_plan(awards=(), offers=(), flows=(), costs=(), flow_summaries=(), cost_summaries=(), fill_rates=(), rules=(), futures=()))
    assert "No contract is signed." in html
    assert "The scenario has no rules." in html


def test_one_future_has_no_distribution() -> None:
    """A deterministic plan draws a distribution of one bar."""
    plan = report_plan()
    only = plan.futures[0].model_copy(update={"probability": 1.0})
    assert "distribution" not in _charts(report_plan(futures=(only,)))


def test_report_is_quick() -> None:
    """Drawing the report takes longer than half a second."""
    html_report(report_plan())
    start = time.process_time()
    html_report(report_plan())
    assert time.process_time() - start < 0.5


def test_report_imports_neither_plotly_nor_pandas() -> None:
    """The command line waits for a heavy import that the report does not need."""
    code = "import sys; from tests.optimizer.report_plan import report_plan; from optimizer.report import html_report; html_report(report_plan())"
    check = "; print(*{'plotly', 'pandas', 'pyomo'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code + check], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The installed Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (320, "light")])
def test_report_in_a_browser(tmp_path: Path, chromium: Any, width: int, scheme: str) -> None:
    """In a real browser the report logs an error, asks the network for something, overflows, or draws no charts."""
    file = tmp_path / "report.html"
    file.write_text(html_report(report_plan(baselines="all"), report_scenario()), "utf-8")
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    logged: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: logged.append(message.text))
    page.on("pageerror", lambda error: logged.append(str(error)))
    page.on("dialog", lambda dialog: logged.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_function("document.querySelectorAll('.chart svg.main-svg').length >= document.querySelectorAll('.chart').length")
    assert logged == []
    assert asked == [file.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".chart").count() == len(_charts(report_plan()))
    page.close()


def _charts(plan: Plan, scenario: Scenario | None = None) -> dict[str, Chart]:
    return {chart.id: chart for chart in charts(plan, names_of(scenario), PERIODS)}
