"""Workbooks for tests: valid ones with cells changed by another program's writer."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import openpyxl
from openpyxl import Workbook

from models.errors import InvalidScenario
from scenarios import library
from scenarios.workbook import read_workbook, write_workbook

QUICKSTART = write_workbook(library.load("quickstart"))


def opened(raw: bytes = QUICKSTART) -> Workbook:
    """A workbook as openpyxl sees it."""
    return openpyxl.load_workbook(io.BytesIO(raw))


def saved(book: Workbook) -> bytes:
    """The bytes of a workbook."""
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _small() -> bytes:
    """The same without hidden sheets and notes, which openpyxl takes long to read and write."""
    book = opened()
    for sheet in book.worksheets:
        if sheet.sheet_state == "hidden" and sheet.title != "nodes":
            book.remove(sheet)
        for cell in sheet[1]:
            cell.comment = None
    return saved(book)


SMALL = _small()


def changed(raw: bytes = SMALL, **sheets: dict[str, Any]) -> bytes:
    """A workbook with cells replaced: `changed(offers={"A2": "other"})`."""
    book = opened(raw)
    for sheet, cells in sheets.items():
        for cell, value in cells.items():
            book[sheet][cell] = value
    return saved(book)


def edited(change: Callable[[Workbook], object], raw: bytes = SMALL) -> bytes:
    """A workbook after a change."""
    book = opened(raw)
    change(book)
    return saved(book)


def said(raw: bytes) -> dict[str, str]:
    """The findings about a workbook, by cell."""
    try:
        read_workbook(raw)
    except InvalidScenario as error:
        return {x.path: x.message for x in error.findings}
    return {}


def column(sheet: str, name: str, raw: bytes = QUICKSTART) -> str:
    """The letters of the column of a name."""
    row = next(opened(raw)[sheet].iter_rows(max_row=1))
    return next(cell.column_letter for cell in row if str(cell.value).partition("[")[0].strip() == name)
