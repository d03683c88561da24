"""The plan and answers of the negotiation desk as workbooks: numbers that are numbers, sentences, native charts whose titles are findings."""

from __future__ import annotations

import io
import re
from typing import Any

import openpyxl
import pytest
from openpyxl import Workbook
from python_calamine import load_workbook

from models.errors import InvalidScenario
from models.negotiation import Interval, LedgerLine, OfferLedger, TermLedger
from models.plan import Plan
from optimizer.report import excel_negotiation, excel_report
from optimizer.report_charts import charts
from optimizer.report_text import names_of
from scenarios import library
from scenarios.workbook import read_workbook
from tests.api.plans import PERIODS, synthetic_plan

SCENARIO = library.load("quickstart")
PLAN = synthetic_plan()


def opened(raw: bytes) -> Workbook:
    """The workbook as another program sees it."""
    return openpyxl.load_workbook(io.BytesIO(raw))


@pytest.fixture(scope="module")
def book() -> Workbook:
    """The workbook of a plan."""
    return opened(excel_report(PLAN, SCENARIO))


def title_of(chart: Any) -> str:
    """The title of a native chart."""
    return "".join(run.t for paragraph in chart.title.tx.rich.p for run in paragraph.r or ())


def values(book: Workbook, sheet: str) -> list[Any]:
    """Everything that stands on a sheet."""
    return [cell.value for row in book[sheet].iter_rows() for cell in row if cell.value is not None]


def test_the_sheets_say_it_all(book: Workbook) -> None:
    """A part of the plan would be missing from its workbook."""
    assert {"Summary", "Awards", "Commitments", "Spend", "Costs", "Futures", "Flows", "Rules", "Proof", "Chart data", "About"} <= set(book.sheetnames)
    summary = values(book, "Summary")
    assert all(sentence in summary for sentence in PLAN.decision)
    assert PLAN.summary.objective in summary
    assert [cell.value for cell in book["About"][2]] == ["format", "offtake-plan/1"]


def test_numbers_are_numbers_with_units_and_separators(book: Workbook) -> None:
    """Sums could not be made of the plan's figures, or nobody would know what they are in."""
    heads = [cell.value for row in book["Futures"].iter_rows() for cell in row if cell.value and "Cost (" in str(cell.value)]
    assert heads == ["Cost (USD)"]
    costs = {x.cost for x in PLAN.futures}
    cells = [cell for row in book["Futures"].iter_rows() for cell in row if cell.value in costs]
    assert {cell.value for cell in cells} == costs
    assert {cell.number_format for cell in cells} == {"#,##0"}
    assert any(cell.number_format == "0.0%" for row in book["Futures"].iter_rows() for cell in row)


def test_every_chart_is_native_and_its_title_a_finding(book: Workbook) -> None:
    """A chart would be a picture, or its title would only name its axes."""
    wanted = [re.sub(r"[\u00a0\u2212]", " ", chart.title) for chart in charts(PLAN, names_of(SCENARIO), PERIODS)]
    found = [title_of(chart) for sheet in book.worksheets for chart in sheet._charts]
    assert [re.sub("-", " ", x) for x in found] == [re.sub("-", " ", x) for x in wanted]
    assert len(found) >= 4


def test_charts_show_the_plan_s_numbers(book: Workbook) -> None:
    """A native chart would point at the wrong cells, and show something else than the page does."""
    data = book["Chart data"]
    for chart in charts(PLAN, names_of(SCENARIO), PERIODS):
        native = next(x for sheet in book.worksheets for x in sheet._charts if title_of(x)[:20] == chart.title.replace("\u00a0", " ")[:20])
        series = [*native.series, *(x for other in getattr(native, "_charts", [])[1:] for x in other.series)]
        for trace, one in zip([x for x in chart.traces if "error_y" not in x], series, strict=False):
            across = trace.get("orientation") == "h" or "ticktext" in chart.layout["yaxis"]
            first, last = re.findall(r"\$[A-Z]+\$\d+", one.val.numRef.f)
            shown = [cell.value for row in data[first.replace("$", "") : last.replace("$", "")] for cell in row if cell.value is not None]
            assert shown == pytest.approx([x for x in trace["x" if across else "y"] if x is not None])


def test_text_stays_text() -> None:
    """A name that begins with = would be run by whoever opens the plan."""
    plan = Plan(**{**PLAN.model_dump(), "scenario": "=1+1", "decision": ("=cmd|' /C calc'!A0", "@sum", "-1")})
    raw = excel_report(plan, SCENARIO)
    assert not [cell for sheet in opened(raw).worksheets for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert "=cmd|' /C calc'!A0" in [cell for row in load_workbook(io.BytesIO(raw)).get_sheet_by_name("Summary").to_python() for cell in row]


def test_a_plan_is_not_taken_for_a_scenario() -> None:
    """Who sends the wrong file would be told that sixty sheets are missing."""
    with pytest.raises(InvalidScenario, match="this workbook shows a plan"):
        read_workbook(excel_report(PLAN))


def step(lever: str, worth: float, toward: str = "buyer") -> LedgerLine:
    """A step of a term that is worth something."""
    money, one = Interval(lower=worth, upper=worth), Interval(lower=1.0, upper=1.5)
    fields = {"offer": "frame", "lever": lever, "title": lever, "unit": "money per unit", "value": 10.0, "moved_to": 9.0, "price_unit": "USD per km"}
    return LedgerLine(**fields, toward=toward, worth=money, price_equivalent=one, sentence=f"{lever} is worth {worth:g}.")


def test_the_ledger_has_a_native_tornado() -> None:
    """What terms are worth would be a table only, or the largest would not be on top."""
    lines = (step("price", 3e6), step("fee", 5e5), step("least", 2e6), step("fee", -6e5, "supplier"))
    cost = Interval(lower=1e8, upper=1e8)
    offer = OfferLedger(offer="frame", supplier="maker", headline_price=28.0, price_unit="USD per km", signed=cost, lines=lines)
    book = opened(excel_negotiation(TermLedger(format="offtake-ledger/1", scenario="x", currency="USD", offers=(offer,), solves=5), SCENARIO))
    (tornado,) = book.worksheets[0]._charts
    assert (tornado.barDir, tornado.grouping) == ("bar", "stacked")
    assert title_of(tornado) == "Price apart, least matters most: from 10 to 9 is worth $2 M"
    first, last = re.findall(r"\$[A-Z]+\$\d+", tornado.series[0].cat.strRef.f)
    names = [row[0].value for row in book["Chart data"][first.replace("$", "") : last.replace("$", "")]]
    assert names[::-1] == ["price", "least", "fee"]  # Excel draws the last category on top
    assert {"On the price, USD per km, least", "On the price, USD per km, most"} <= set(values(book, book.sheetnames[0]))
    assert -600_000 in values(book, book.sheetnames[0])
