"""An Excel file in the making: what every workbook of ours has in common. Text is never a formula or a link, and numbers keep all their digits."""

from __future__ import annotations

import io
import math
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from models.errors import Finding, InvalidScenario
from scenarios.workbook_cells import MAX_CELL

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
MADE = datetime(2000, 1, 1, tzinfo=UTC)  # said to be the date of every workbook, so that the same content gives the same bytes
INK, PAPER, LINE = "#1F3A5F", "#DCE6F2", "#9FB3CC"
STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 16, "font_color": INK},
    "head": {"bold": True, "bg_color": PAPER, "font_color": INK, "border": 1, "border_color": LINE, "text_wrap": True, "valign": "top"},
    "key": {"bold": True, "bg_color": INK, "font_color": "#FFFFFF", "border": 1, "border_color": LINE, "text_wrap": True, "valign": "top"},
    "name": {"bold": True, "valign": "top"},
    "text": {"num_format": "@"},
    "wrap": {"text_wrap": True, "valign": "top"},
    "link": {"font_color": "#0B5394", "underline": 1},
    "whole": {"num_format": "#,##0"},
    "money": {"num_format": "#,##0.00"},
    "volume": {"num_format": "#,##0.###"},
    "share": {"num_format": "0.0%"},
    "input": {"bg_color": "#FFF8DC", "border": 1, "border_color": LINE},
    "input_text": {"bg_color": "#FFF8DC", "border": 1, "border_color": LINE, "num_format": "@"},
    "count": {"align": "center"},
    "number": {"num_format": "#,##0.######"},
    "percent": {"num_format": "0.0###%"},
    "open_number": {"bg_color": "#FFF8DC", "border": 1, "border_color": LINE, "locked": False},
    "open_percent": {"bg_color": "#FFF8DC", "border": 1, "border_color": LINE, "num_format": "0.0###%", "locked": False},
    "open_text": {"bg_color": "#FFF8DC", "border": 1, "border_color": LINE, "num_format": "@", "locked": False},
}


class Exact(float):
    """A number that is written with all its digits: Excel keeps 17, and XlsxWriter's 16 would not read back as the same number."""

    def __format__(self, _: str) -> str:
        return repr(float(self))


class Book:
    """A workbook in memory."""

    def __init__(self) -> None:
        from xlsxwriter import Workbook

        self._buffer = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self.workbook: Workbook = Workbook(self._buffer, options)
        self.workbook.set_properties({"created": MADE.replace(tzinfo=None), "author": "Offtake"})
        self._styles: dict[str, Format] = {}

    def style(self, name: str) -> Format:
        """A format by its name in STYLES."""
        if name not in self._styles:
            self._styles[name] = self.workbook.add_format(STYLES[name])
        return self._styles[name]

    def sheet(self, name: str) -> Worksheet:
        """A new sheet."""
        found: Worksheet = self.workbook.add_worksheet(name)
        return found

    @cached_property
    def content(self) -> bytes:
        """The finished file."""
        self.workbook.close()
        return self._buffer.getvalue()

    def put(self, sheet: Worksheet, row: int, column: int, value: Any, style: str = "") -> None:
        """Write a value as what it is: a number, TRUE or FALSE, text; nothing for None. Raises InvalidScenario where it does not fit."""
        form = self.style(style) if style else None
        if row >= MAX_ROWS or column >= MAX_COLUMNS:
            refuse(f"sheet '{sheet.name}' would need more than {MAX_ROWS:,} rows or {MAX_COLUMNS:,} columns, which Excel does not have; keep it as JSON")
        if value is None:
            if form is not None and style != "text":
                sheet.write_blank(row, column, None, form)
        elif isinstance(value, bool):
            sheet.write_boolean(row, column, value, form)
        elif isinstance(value, float) and not math.isfinite(value):
            sheet.write_string(row, column, "–", form)
        elif isinstance(value, (int, float)):
            sheet.write_number(row, column, Exact(value), form)
        else:
            if len(value) > MAX_CELL:
                refuse(f"sheet '{sheet.name}' would have a cell with {len(value):,} characters, and Excel allows {MAX_CELL:,}; keep it as JSON")
            sheet.write_string(row, column, value, form)


def refuse(message: str) -> None:
    """Raise InvalidScenario: something can't be a workbook."""
    raise InvalidScenario([Finding("", message)], "workbook")
