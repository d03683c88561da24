"""The plan, and answers of the negotiation desk, as Excel workbooks: sentences, tables of real numbers with units, native charts whose titles say what
was found. The same words and figures as the HTML pages; nothing is worked out here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from models.plan import Plan
from models.scenario import Scenario
from optimizer import report_tables, report_text
from optimizer.report_charts import charts
from optimizer.report_frontier import frontier_tables
from optimizer.report_plotly import Chart
from optimizer.report_quality import quality_tables
from optimizer.report_stress import stress_tables
from optimizer.report_tables import Column, Table
from optimizer.report_text import Names, label, names_of
from optimizer.report_tree import tree_tables
from optimizer.report_workbook_charts import ChartData, draw, plain
from scenarios.workbook_book import Book

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from optimizer.report_ledger import Found

PLAN, LEDGER = "offtake-plan/1", "offtake-ledger/1"
WIDTH = 15  # of a column of numbers
TEXT_WIDTH = 34
MOST_WIDE = 60
TALL = 28  # characters of a header on a line
STYLES = {"money": "whole", "volume": "volume", "range": "volume", "share": "share"}
SMALL = 1_000.0  # money below this is shown with cents
SHEET_NAMES = {
    "supply": "Supply", "commitments": "Commitments", "spend": "Spend", "distribution": "Futures", "categories": "Costs", "fill": "Fill rates",
    "fresh": "Fresh futures", "stress-value": "Break-even", "frontier-cvar": "Cost and CVaR", "frontier-shortage": "Cost and shortage",
}  # fmt: skip
"""Sheets of charts, by the chart's id or what it begins with."""


@dataclass(frozen=True)
class Page:
    """A sheet to be: its name, a heading, sentences, tables and charts."""

    name: str
    heading: str
    sentences: Sequence[str] = ()
    tables: Sequence[Table] = ()
    charts: Sequence[Chart] = ()


def plan_workbook(plan: Plan, scenario: Scenario | None = None) -> bytes:
    """The plan as a workbook."""
    names = names_of(scenario)
    periods = list(scenario.period_ids) if scenario else list(dict.fromkeys(line.period for line in plan.flow_summaries))
    return _written(PLAN, f"The plan: {plan.scenario}", list(_pages(plan, names, periods)))


def negotiation_workbook(found: Found, scenario: Scenario | None = None) -> bytes:
    """An answer of the negotiation desk as a workbook: each part on a sheet of its own."""
    from optimizer.report_ledger import told

    parts = told(found, scenario)
    pages = [Page(part.heading, part.heading, part.sentences, part.tables, part.charts) for part in parts]
    return _written(LEDGER, f"Negotiation: {scenario.name}" if scenario else "Negotiation", pages)


def _pages(plan: Plan, names: Names, periods: Sequence[str]) -> Iterator[Page]:
    yield _summary(plan)
    yield Page("Awards", "What to sign", [*_contracts(plan, names)], [*_volumes(plan, names), *report_tables.offer_tables(plan, names)])
    costs, fills = list(report_tables.cost_tables(plan, names)), [report_tables.fill_rate_table(plan, names)]
    more = {"Costs": costs, "Fill rates": fills}
    for chart in charts(plan, names, periods):
        name = SHEET_NAMES.get(chart.id) or SHEET_NAMES.get(chart.id.partition("-")[0]) or label(chart.id).replace("-", " ")
        yield Page(name, chart.title, [_first(chart.note)], [*more.pop(name, ()), chart.table] if name != "Costs" else more.pop(name, costs), [chart])
    for name, tables in more.items():
        yield Page(name, name, (), tables)
    yield from _tried(plan, names)
    yield Page("Flows", "What flows when, over the futures", ["Mean and 5th, 50th and 95th percentile of every volume in every period."], [_flows(plan, names)])
    yield Page("Rules", "How the rules fare", (), [report_tables.rule_table(plan)])
    yield Page("Proof", "Why it can be believed", [_words(report_text.proof(plan))], list(report_tables.proof_tables(plan)))


def _tried(plan: Plan, names: Names) -> Iterator[Page]:
    """What the plan was tried on, where that was asked for."""
    if plan.quality:
        yield Page("Quality", "How far the figures hold", [*plan.quality.sentences, *plan.quality.notes], list(quality_tables(plan, names)))
    if plan.tree:
        yield Page("Tree", "What the tree kept of the futures", plan.tree.words, list(tree_tables(plan)))
    if plan.stress:
        yield Page("Tests", "When the world is another than said", [*plan.stress.sentences, *plan.stress.notes], list(stress_tables(plan, names)))
    if plan.frontier:
        yield Page("Less risk", "What less risk costs", [*plan.frontier.sentences, *plan.frontier.notes], list(frontier_tables(plan.frontier, names)))


def _first(note: str) -> str:
    """The first sentence of a chart's note; the others speak of marks that an Excel chart does not have."""
    return f"{note.partition('. ')[0].rstrip('.')}."


def _summary(plan: Plan) -> Page:
    """Page one."""
    facts = [(fact.label, _words(fact.figure), _words(fact.sentence)) for fact in report_text.facts(plan)]
    figures = Table("In figures", (Column("What"), Column("Figure"), Column("That is")), facts)
    said = [_words(report_text.verdict(plan)) + ".", *plan.decision, *(_words(x) for x in report_text.baseline_sentences(plan))]
    warnings = [f"Warning: {text}" for text in plan.warnings]
    return Page("Summary", plan.scenario or "The plan", [*said, *warnings], [figures, report_tables.baseline_table(plan)])


def _contracts(plan: Plan, names: Names) -> Iterator[str]:
    for contract in report_tables.contracts(plan, names):
        worth = f"{contract.offer} ({contract.alternative}) with {contract.supplier}. {contract.when} Committed: worth {contract.worth}."
        yield " ".join([worth, *contract.clauses])


def _volumes(plan: Plan, names: Names) -> Iterator[Table]:
    yield from (contract.volumes for contract in report_tables.contracts(plan, names))


def _flows(plan: Plan, names: Names) -> Table:
    spread = tuple(Column(name, "volume") for name in ("Mean", "P5", "P50", "P95"))
    columns = (Column("Volume"), Column("From"), Column("Product"), Column("Site"), Column("Period"), *spread, Column("Unit"))
    rows = [
        (
            label(x.kind), names("spot" if x.kind in ("order", "receive") else "offer", x.source), names("product", x.product), names("site", x.site), x.period,
            x.mean, x.p5, x.p50, x.p95, plan.units.get(x.product, ""),
        )
        for x in plan.flow_summaries
    ]  # fmt: skip
    return Table("Volumes over the futures", columns, rows)


def _words(text: Markup) -> str:
    """What a marked-up sentence says."""
    return plain(str(text.striptags()))


# --- The file -----------------------------------------------------------------------------------------------------------------------------------


def _written(form: str, title: str, pages: Sequence[Page]) -> bytes:
    book = Book()
    data = ChartData(book)
    taken: set[str] = set()
    named = [replace(page, name=_free(page.name, taken)) for page in pages]
    for page in named:
        _page(book, page, data)
    data.finish()
    sheet = book.sheet("About")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 100)
    book.put(sheet, 0, 0, title, "title")
    for line, (name, text) in enumerate((("format", form), *((page.name, plain(page.heading)) for page in named)), 1):
        book.put(sheet, line, 0, name, "name")
        book.put(sheet, line, 1, text)
    return book.content


def _free(name: str, taken: set[str]) -> str:
    """A sheet's name as Excel allows it, that no other sheet has."""
    short = re.sub(r"[\[\]:*?/\\']", " ", name).strip()[:28] or "Sheet"
    found, count = short, 2
    while found.lower() in taken or found.lower() in ("history", "about", "chart data"):
        found, count = f"{short[:25]} {count}", count + 1
    taken.add(found.lower())
    return found


def _page(book: Book, page: Page, data: ChartData) -> None:
    sheet = book.sheet(page.name)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    book.put(sheet, 0, 0, plain(page.heading), "title")
    row = 2
    for text in page.sentences:
        sheet.merge_range(row, 0, row, 7, "", book.style("wrap"))
        book.put(sheet, row, 0, plain(text), "wrap")
        sheet.set_row(row, 15 * (1 + len(text) // 125))
        row += 1
    row += 1 if page.sentences else 0
    for chart in page.charts:
        row += draw(book, sheet, row, chart, data)
    widths: dict[int, int] = {}
    for table in page.tables:
        row = _table(book, sheet, row, table, widths) + 1
    for column, width in widths.items():
        sheet.set_column(column, column, min(MOST_WIDE, max(WIDTH, width + 2)))


def _table(book: Book, sheet: Worksheet, row: int, table: Table, widths: dict[int, int]) -> int:
    """Write a table and return the row below it."""
    columns, rows = _unfolded(table)
    book.put(sheet, row, 0, plain(table.title), "name")
    row += 1
    lines = max((len(plain(head.label)) for head in columns), default=0) // TALL
    if rows and lines:
        sheet.set_row(row, 15 * (1 + lines))
    if not rows:
        book.put(sheet, row, 0, plain(table.empty))
        return row + 1
    for column, head in enumerate(columns):
        book.put(sheet, row, column, plain(head.label), "head")
        texts = [str(values[column]) for values in rows[:200]] if head.kind == "text" and column < len(columns) - 1 else ()  # the last may run on
        widths[column] = max(widths.get(column, 0), min(TEXT_WIDTH, len(head.label)), *(min(MOST_WIDE, len(x)) for x in texts))
    styles = [_style(head.kind, [values[column] for values in rows]) for column, head in enumerate(columns)]
    for values in rows:
        row += 1
        for column, value in enumerate(values):
            shown = plain(value) if isinstance(value, str) else value
            book.put(sheet, row, column, shown, styles[column] if not isinstance(shown, str) else "")
    if table.note:
        row += 1
        book.put(sheet, row, 0, plain(table.note))
    return row + 1


def _style(kind: str, values: Iterable[Any]) -> str:
    if kind == "cents":
        return "money"
    if kind == "money":
        largest = max((abs(x) for x in values if isinstance(x, (int, float))), default=0.0)
        return "money" if largest < SMALL else "whole"
    return STYLES.get(kind, "")


def _unfolded(table: Table) -> tuple[list[Column], list[list[Any]]]:
    """Columns and rows with a range as its two ends, where they differ anywhere."""
    columns: list[Column] = []
    parts: list[tuple[int, int | None]] = []
    for i, column in enumerate(table.columns):
        ranged = column.kind == "range"
        if ranged and any(row[i] is not None and row[i][0] != row[i][1] for row in table.rows):
            columns += [replace(column, label=f"{column.label}, {end}") for end in ("least", "most")]
            parts += [(i, 0), (i, 1)]
        else:
            columns.append(column)
            parts.append((i, 0 if ranged else None))
    rows = [[row[i] if part is None or row[i] is None else row[i][part] for i, part in parts] for row in table.rows]
    return columns, rows
