"""The plan's faces: tidy tables that add up, CSV files that no spreadsheet runs, a report that shows only stored numbers and needs no network."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from models.plan import Plan
from models.scenario import Scenario
from optimizer.report import html_parts, html_report, tables, write_tables
from optimizer.report_charts import charts
from optimizer.report_plotly import Chart, round_steps
from optimizer.report_text import baseline_sentences, facts, money, names_of, percent, proof, tiny, verdict, volume
from tests.optimizer.report_plan import FORMULA, PERIODS, SCRIPT, UNITS, report_plan, report_scenario

NAMES = "summary awards award_volumes offers capacity_opened futures fill_rates flow_summaries cost_summaries rules baselines flows costs phases".split()  # noqa: SIM905


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


def test_tables_are_the_promised_ones_in_order() -> None:
    """A table is missing, extra or out of order, so that scripts which read plans break."""
    assert list(tables(report_plan())) == NAMES


def test_documentation_names_every_column() -> None:
    """A column exists that docs/plan.md does not explain, or its order there differs."""
    text = (Path(__file__).parents[2] / "docs" / "plan.md").read_text("utf-8")
    for name, frame in tables(report_plan()).items():
        section = re.search(rf"^### {name}\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
        assert section, name
        assert re.findall(r"^\| `(\w+)`", section[1], re.MULTILINE) == list(frame.columns), name


def test_empty_tables_keep_their_columns() -> None:
    """A plan without contracts gives tables without headers."""
    empty = tables(report_plan(baselines="none", awards=(), offers=(), capacity_opened=(), rules=(), flows=(), costs=(), flow_summaries=(), fill_rates=()))
    full = tables(report_plan())
    assert {name: list(frame.columns) for name, frame in empty.items()} == {name: list(frame.columns) for name, frame in full.items()}


def test_cost_dimensions_sum_to_the_expected_cost() -> None:
    """A breakdown of cost has lost or doubled an amount."""
    plan = report_plan()
    sums = tables(plan)["cost_summaries"].groupby("dimension")["present"].sum()
    assert sums.pop("cash_period") == pytest.approx(plan.summary.expected_cash)
    assert set(sums.index) == {"category", "supplier", "source", "period"}
    assert sums.to_numpy() == pytest.approx(plan.summary.expected_cost)


def test_ledger_rows_sum_to_the_expected_cost_and_to_every_future() -> None:
    """The ledger's table does not add up to page one."""
    plan = report_plan()
    costs = tables(plan)["costs"]
    assert (costs["probability"] * costs["present"]).sum() == pytest.approx(plan.summary.expected_cost)
    futures = tables(plan)["futures"]
    assert (futures["probability"] * futures["cost"]).sum() == pytest.approx(plan.summary.expected_cost)
    assert (futures["probability"] * futures["tail_share"]).sum() == pytest.approx(plan.summary.tail)


def test_flows_and_their_summaries_agree() -> None:
    """Means over the futures differ from the rows per node that they summarise."""
    found = tables(report_plan())
    flows = found["flows"].assign(mean=lambda rows: rows["probability"] * rows["volume"])
    keys = ["kind", "source", "product", "site", "period"]
    rows = flows.groupby(keys)["mean"].sum()
    summaries = found["flow_summaries"].query("kind != 'shortage'")
    assert rows.to_dict() == pytest.approx(summaries.set_index(keys)["mean"].to_dict())


def test_supply_demand_and_shortage_balance() -> None:
    """Delivered plus unmet volume differs from demand, with nothing in stock or on its way."""
    sums = tables(report_plan())["flow_summaries"].groupby("kind")["mean"].sum()
    assert sums["deliver"] + sums["receive"] + sums["unmet"] == pytest.approx(sums["demand"])


def test_volumes_carry_their_units() -> None:
    """A volume stands in a table without the unit of its product."""
    found = tables(report_plan())
    for name in ("award_volumes", "flows", "flow_summaries"):
        assert (found[name]["unit"] == found[name]["product"].map(UNITS)).all(), name
    assert found["offers"].set_index("offer")["unit"].to_dict() == {"north-frame": UNITS["cable"], "kit-option": UNITS["kit"], "costly": ""}
    assert set(found["futures"]["unit"]) == {"mixed units"}


def test_csv_protects_texts_and_leaves_numbers(tmp_path: Path) -> None:
    """A text from a scenario runs as a formula in a spreadsheet, or a negative number became text."""
    plan = report_plan()
    paths = write_tables(plan, tmp_path / "plan")
    assert [path.stem for path in paths] == NAMES
    assert [row["text"] for row in _read(tmp_path / "plan" / "rules.csv")] == ["At least 60 % from domestic suppliers.", "'" + FORMULA, "'-97 % fill rate"]
    assert "'+line" in (tmp_path / "plan" / "capacity_opened.csv").read_text("utf-8")
    amounts = [row["amount"] for row in _read(tmp_path / "plan" / "costs.csv")]
    assert min(map(float, amounts)) == min(line.amount for line in plan.costs) < 0
    for path in paths:
        for row in _read(path):
            assert not [cell for cell in row.values() if cell[:1] in ("=", "+", "@") or (cell[:1] == "-" and not re.fullmatch(r"-[\d.e+-]+", cell))], path.name


def test_csv_needs_an_existing_parent(tmp_path: Path) -> None:
    """A mistyped folder is silently made, parents and all."""
    with pytest.raises(FileNotFoundError):
        write_tables(report_plan(), tmp_path / "no" / "such")


def test_csv_replaces_older_tables(tmp_path: Path) -> None:
    """A second run into the same folder fails or leaves the first run's numbers."""
    write_tables(report_plan(), tmp_path)
    write_tables(report_plan(scale=2.0), tmp_path)
    rows = {row["figure"]: row["value"] for row in _read(tmp_path / "summary.csv")}
    assert float(rows["expected_cost"]) == report_plan(scale=2.0).summary.expected_cost


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
    drawn = json.dumps(html_parts(report_plan(), report_scenario())["charts"]).replace("<extra></extra>", "")
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


@pytest.mark.parametrize("baselines", ["all", "one missing", "none"])
def test_every_number_of_page_one_is_stored_in_the_plan(baselines: str) -> None:
    """Page one shows a number that is not in the plan."""
    plan = report_plan(baselines=baselines)
    stored = set(_numbers(plan))
    texts = [verdict(plan), proof(plan), *baseline_sentences(plan), *(text for fact in facts(plan) for text in (fact.figure, fact.sentence))]
    html = html_report(plan)
    assert all(text in html for text in texts)
    for text in texts:
        shown = [float(value) for value in re.findall(r'<data value="([^"]+)"', text)]
        assert not set(shown) - stored, text
        bare = re.sub(r"<data .*?</data>", "", text)
        assert not re.search(r"\d", bare.replace("&#39;", "")), f"a number outside <data>: {bare}"


def test_missing_baselines_are_explained() -> None:
    """A baseline without a plan shows None or a zero, or its reason is lost."""
    told = " ".join(baseline_sentences(report_plan(baselines="one missing")))
    assert "It breaks the hard rule &lt;budget&gt;" in told
    assert "None" not in told
    assert "No baselines were asked for" in baseline_sentences(report_plan(baselines="none"))[0]
    assert "–" in html_report(report_plan(baselines="one missing"))


def test_every_baseline_is_told_with_its_value() -> None:
    """VSS, EVPI or the value of contracts is missing on page one."""
    plan = report_plan(baselines="all")
    assert plan.baselines is not None
    told = baseline_sentences(plan)
    assert len(told) == 3
    for text, value in zip(told, (plan.baselines.value_of_contracts, plan.baselines.vss, plan.baselines.evpi), strict=True):
        assert value is not None
        assert money(value, "USD") in text


@pytest.mark.parametrize(
    ("change", "phrase"), [({"status": "feasible", "stop_reason": "time"}, "time limit"), ({"status": "feasible", "stop_reason": "user"}, "stopped")]
)
def test_unproven_plans_say_so(change: dict[str, Any], phrase: str) -> None:
    """A plan from a search that was cut short looks proven."""
    text = verdict(report_plan(**change))
    assert phrase in text
    assert "Optimal" not in text


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


def test_report_is_quick_without_importing_plotly_or_pandas() -> None:
    """Reading or drawing the report takes longer than half a second."""
    html_report(report_plan())
    start = time.process_time()
    html_report(report_plan())
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (412.3e6, "$412.3 M"),
        (999_960_000, "$1 B"),
        (1.2345e9, "$1.234 B"),
        (-18.5e6, "−$18.5 M"),
        (123_456.7, "$123,457"),
        (9.5, "$9.50"),
        (0.0, "$0"),
        (-1e-12, "$0"),
    ],
)
def test_money_is_compact(value: float, text: str) -> None:
    """An amount is shown with the wrong scale, sign or rounding."""
    assert money(value, "USD").replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.832, "83 %"),
        (0.0123, "1.2 %"),
        (0.9997, "99.97 %"),
        (1.0, "100 %"),
        (0.0, "0 %"),
        (1e-8, "under 0.0001 %"),
        (1 - 1e-8, "over 99.9999 %"),
        (1.1, "110 %"),
        (-0.05, "−5 %"),
    ],
)
def test_shares_never_round_to_all_or_nothing(share: float, text: str) -> None:
    """A rare shortage is shown as none, or 99.97 % as everything."""
    assert percent(share).replace("\u00a0", " ") == text


def test_volumes_and_differences_are_readable() -> None:
    """A volume loses its unit or separators, or a relative difference is shown as 0.000."""
    assert volume(31_200.4, "thousand f-km") == "31,200\u00a0thousand f-km"
    assert volume(0.5, "t") == "0.5\u00a0t"
    assert tiny(2.3e-12) == "2\u00a0×\u00a010⁻¹²"
    assert round_steps(4.06, 9.5) == [5.0, 6.0, 7.0, 8.0, 9.0]


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


def _read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))


def _numbers(value: Any) -> Iterator[float]:
    """Every number in a document."""
    if isinstance(value, bool):
        return
    if isinstance(value, (int, float)):
        yield float(value)
    elif isinstance(value, BaseModel):
        for _, part in value:
            yield from _numbers(part)
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _numbers(part)
