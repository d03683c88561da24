"""Charts of the report as native Excel charts: the same series, under the same titles. Their numbers stand on a sheet of their own, `Chart data`."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from optimizer.report_plotly import Chart, Trace
from scenarios.workbook_book import Book

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

SHEET = "Chart data"
COLOURS = {
    "@c0": "#2F6DB5", "@c1": "#2A9D8F", "@c2": "#E9A13B", "@c3": "#8E5EA2", "@c4": "#C8553D", "@c5": "#6B8E23", "@c6": "#7A7A7A",
    "@spot": "#F2C14E", "@short": "#C0392B", "@other": "#A9A9A9", "@total": "#555555", "@ink": "#222222",
}  # fmt: skip
PIXELS = 20  # height of a row
WIDTH = 960
GRID = {"visible": True, "line": {"color": "#D9D9D9", "width": 0.5}}
NUMBERS = "#,##0.##"


def plain(text: str) -> str:
    """A text without marks for a browser or a typesetter."""
    return html.unescape(re.sub(r"<[^<>]*>", " ", text.replace("<br>", " "))).replace("\u00a0", " ").replace("\u2212", "-")


class ChartData:
    """The sheet on which the numbers of all charts stand, block beside block."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._blocks: list[tuple[str, list[tuple[str, list[Any]]]]] = []
        self._next = 0

    def add(self, title: str, columns: list[tuple[str, list[Any]]]) -> int:
        """Keep a block for later; the column in which it will begin."""
        begins = self._next
        self._blocks.append((title, columns))
        self._next += len(columns) + 1
        return begins

    def finish(self) -> None:
        """Write the sheet, if there are charts."""
        if not self._blocks:
            return
        sheet = self._book.sheet(SHEET)
        column = 0
        for title, columns in self._blocks:
            self._book.put(sheet, 0, column, title, "name")
            for name, values in columns:
                self._book.put(sheet, 1, column, name, "head")
                for row, value in enumerate(values, 2):
                    self._book.put(sheet, row, column, plain(value) if isinstance(value, str) else value)
                column += 1
            column += 1


def draw(book: Book, sheet: Worksheet, row: int, chart: Chart, data: ChartData) -> int:
    """Put a chart on a sheet; how many rows it takes. A chart that Excel has no form for is left to its table."""
    traces = [x for x in chart.traces if x.get("type") in ("bar", "waterfall", "scatter") and "error_y" not in x and len(x["x"])]
    barred = [x for x in traces if x["type"] != "scatter"]
    named = "ticktext" in chart.layout["yaxis"] or any(isinstance(y, str) for x in traces for y in x["y"])  # a place for each of some names
    if named and not barred:
        traces = [x for x in traces if x.get("mode") == "markers"]
    if not traces:
        return 0
    if any(x.get("orientation") == "h" for x in barred):
        found = _across(book, chart, barred, data)
    elif barred:
        found = _upright(book, chart, barred, [x for x in traces if x["type"] == "scatter"], data)
    elif named:
        found = _across(book, chart, traces, data)
    else:
        found = _points(book, chart, traces, data)
    height = min(640, max(320, chart.height))
    title = plain(chart.title)
    found.set_title({"name": title[:250], "name_font": {"size": 12, "color": "#1F3A5F"}, "overlay": False})
    found.set_size({"width": WIDTH, "height": height})
    found.set_legend({"position": "bottom"} if len(traces) > 1 else {"none": True})
    found.show_blanks_as("gap")
    sheet.insert_chart(row, 0, found, {"description": title[:250]})
    return height // PIXELS + 2


def _title_of(axis: dict[str, Any]) -> str:
    return plain(str(axis.get("title", {}).get("text", "")))


def _colours(traces: Sequence[Trace]) -> list[str]:
    """A colour for each trace; told apart where the page tells them apart by another mark."""
    found = [str((trace.get("marker", {}) | trace.get("line", {})).get("color", "")) for trace in traces]
    if len(set(found)) < len(found):
        found = [f"@c{i % 7}" for i in range(len(traces))]
    return [COLOURS.get(name, COLOURS["@c0"]) for name in found]


def _stacking(chart: Chart) -> dict[str, str]:
    """Whether bars stand on each other, or side by side."""
    return {"subtype": "stacked"} if chart.layout.get("barmode") in ("stack", "relative") else {}


def _block(chart: Chart, traces: Sequence[Trace], across: bool, data: ChartData) -> tuple[int, int]:
    """Write categories and a column for each trace; where they begin, and how many categories there are."""
    at, of = ("y", "x") if across else ("x", "y")
    ticks = dict(zip(chart.layout["yaxis"].get("tickvals", ()), chart.layout["yaxis"].get("ticktext", ()), strict=False)) if across else {}
    ordered = chart.layout["yaxis"].get("categoryarray", ()) if across else ()  # the first at the bottom, as in Excel
    keys = list(dict.fromkeys([*ordered, *(x for trace in traces for x in trace[at])]))
    names = [plain(str(trace.get("name", ""))) or f"series {i}" for i, trace in enumerate(traces, 1)]
    columns: list[tuple[str, list[Any]]] = [("", [_category(ticks.get(x, x)) for x in keys])]
    for name, trace in zip(names, traces, strict=True):
        values = dict(zip(trace[at], trace[of], strict=True))
        columns.append((name, [values.get(x) for x in keys]))
    return data.add(plain(chart.title), columns), len(keys)


def _category(value: Any) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else plain(str(value))


def _series(begins: int, count: int, i: int) -> dict[str, Any]:
    column = begins + 1 + i
    return {
        "name": [SHEET, 1, column],
        "categories": [SHEET, 2, begins, 1 + count, begins],
        "values": [SHEET, 2, column, 1 + count, column],
    }


def _across(book: Book, chart: Chart, traces: Sequence[Trace], data: ChartData) -> Any:
    """Bars from left to right, the categories below each other."""
    begins, count = _block(chart, traces, True, data)
    found = book.workbook.add_chart({"type": "bar", **_stacking(chart)})
    labels = {"value": True, "num_format": NUMBERS, "font": {"size": 8}}
    for i, colour in enumerate(_colours(traces)):
        found.add_series({**_series(begins, count, i), "fill": {"color": colour}, "gap": 60, "data_labels": labels})
    low, high = chart.layout["yaxis"].get("range", (0, 1))
    found.set_y_axis({"label_position": "low", "num_font": {"size": 9}, "reverse": low > high})
    ends = dict(zip(("min", "max"), chart.layout["xaxis"].get("range", ()), strict=False))
    found.set_x_axis({"name": _title_of(chart.layout["xaxis"]), "num_format": NUMBERS, "major_gridlines": GRID, **ends})
    return found


def _upright(book: Book, chart: Chart, bars: Sequence[Trace], lines: Sequence[Trace], data: ChartData) -> Any:
    """Columns on top of each other, and lines across them."""
    traces = [*bars, *lines]
    begins, count = _block(chart, traces, False, data)
    found = book.workbook.add_chart({"type": "column", **_stacking(chart)})
    for i, colour in enumerate(_colours(bars)):
        found.add_series({**_series(begins, count, i), "fill": {"color": colour}, "gap": 50})
    if lines:
        over = book.workbook.add_chart({"type": "line"})
        for i, colour in enumerate(_colours(lines), len(bars)):
            ink = {"color": colour}
            over.add_series({**_series(begins, count, i), "line": {**ink, "width": 2}, "marker": {"type": "circle", "size": 5, "fill": ink, "border": ink}})
        found.combine(over)
    found.set_x_axis({"name": _title_of(chart.layout["xaxis"]), "label_position": "low"})
    found.set_y_axis({"name": _title_of(chart.layout["yaxis"]), "num_format": NUMBERS, "major_gridlines": GRID})
    return found


def _points(book: Book, chart: Chart, traces: Sequence[Trace], data: ChartData) -> Any:
    """Lines and points over numbers."""
    found = book.workbook.add_chart({"type": "scatter", "subtype": "straight_with_markers"})
    for i, (trace, colour) in enumerate(zip(traces, _colours(traces), strict=True), 1):
        name = plain(str(trace.get("name", ""))) or f"series {i}"
        begins = data.add(plain(chart.title) if i == 1 else "", [(f"{name}: x", list(trace["x"])), (name, list(trace["y"]))])
        ends, ink = 1 + len(trace["x"]), {"color": colour}
        line = {"line": {**ink, "width": 1.75}} if "lines" in str(trace.get("mode", "lines")) else {"line": {"none": True}}
        spots = {"marker": {"type": "circle", "size": 6, "fill": ink, "border": ink} if "markers" in str(trace.get("mode", "lines")) else {"type": "none"}}
        ranges = {"name": [SHEET, 1, begins + 1], "categories": [SHEET, 2, begins, ends, begins], "values": [SHEET, 2, begins + 1, ends, begins + 1]}
        found.add_series({**ranges, **line, **spots})
    found.set_x_axis({"name": _title_of(chart.layout["xaxis"]), "num_format": NUMBERS, "major_gridlines": GRID})
    found.set_y_axis({"name": _title_of(chart.layout["yaxis"]), "num_format": NUMBERS, "major_gridlines": GRID})
    return found
