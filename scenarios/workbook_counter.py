"""A supplier's counter-offer on one sheet (`offtake-counter/1`): a form with the terms of an offer, to be sent out, and the same filled in, read back.

The form says what is on the table and where each term may go. It does not say which way we would like it to go, what it is worth to us, or anything
about other offers.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from models.errors import Finding, InvalidScenario
from models.negotiation import LeverLine, Levers, Package
from models.session import TheirOffer
from scenarios.workbook_book import Book
from scenarios.workbook_cells import is_empty
from scenarios.workbook_header import from_cell_text
from scenarios.workbook_places import cell_name
from scenarios.workbook_read import open_workbook
from scenarios.workbook_tables import Column
from scenarios.workbook_told import Told

FORMAT, SHEET, WHAT = "offtake-counter/1", "counter-offer", "counter-offer"
HEAD = ("term", "unit", "as offered", "least", "most", "your value", "lever")
VALUE, LEVER = HEAD.index("your value"), HEAD.index("lever")
TOP = 7  # row of the header, counted from 0
ANY = 1e12  # a limit that is none
SHARES = ("share", "per year", "relative")  # units of terms that people say in per cent
GUIDE = "Enter your values in the yellow cells; a term left empty stays as offered. Percentages may be entered as 80%. Save the file and send it back."
TEXT, NUMBER = Column((), "text", alias="Identifier"), Column((), "number")


def write_counter(levers: Levers, currency: str, alternatives: tuple[str, ...] = (), about: str = "", alternative: str | None = None) -> bytes:
    """The form for an offer: its levers, where each stands, and a cell for the supplier's value. An `alternative` that is left open means all of them."""
    book = Book()
    sheet = book.sheet(SHEET)
    for column, width in enumerate((44, 30, 14, 14, 14, 16, 34)):
        sheet.set_column(column, column, width)
    book.put(sheet, 0, 0, "Counter-offer", "title")
    lines: list[tuple[str, Any]] = [("format", FORMAT), ("about", about), ("offer", levers.offer), ("supplier", levers.supplier)]
    lines.append(("alternative", alternative))
    for row, (name, value) in enumerate(lines, 1):
        book.put(sheet, row, 0, name, "name")
        book.put(sheet, row, 1, value, "open_text" if name == "alternative" else "text")
    if len(alternatives) > 1:
        sheet.data_validation(len(lines), 1, len(lines), 1, {"validate": "list", "source": list(alternatives)})
    book.put(sheet, TOP - 1, 0, GUIDE)
    for column, name in enumerate(HEAD):
        book.put(sheet, TOP, column, name, "key" if column == VALUE else "head")
    for row, line in enumerate(levers.levers, TOP + 1):
        _line(book, sheet, row, line, currency)
    sheet.freeze_panes(TOP + 1, 1)
    sheet.protect("", {"format_cells": True, "format_columns": True})
    sheet.fit_to_pages(1, 0)
    sheet.set_landscape()
    return book.content


def _line(book: Book, sheet: Any, row: int, line: LeverLine, currency: str) -> None:
    unit = currency + line.unit.removeprefix("money") if line.unit.startswith("money") else line.unit
    share = line.unit.startswith(SHARES)
    book.put(sheet, row, 0, line.title, "name")
    book.put(sheet, row, 1, unit)
    for column, value in enumerate((line.value, line.low, line.high), 2):
        book.put(sheet, row, column, None if abs(value) >= ANY else value, "percent" if share else "number")
    book.put(sheet, row, VALUE, None, "open_percent" if share else "open_number")
    book.put(sheet, row, LEVER, line.lever)
    low, high = max(line.low, -ANY), min(line.high, ANY)
    told = {"error_title": "Out of range", "error_message": f"A number from {low:g} to {high:g}, please."}
    sheet.data_validation(row, VALUE, row, VALUE, {"validate": "decimal", "criteria": "between", "minimum": low, "maximum": high, **told})


def read_counter(raw: bytes) -> TheirOffer:
    """What a supplier has filled in, as the event that they put a package on the table. Raises InvalidScenario with every finding, at its cell."""
    try:
        opened = open_workbook(raw, FORMAT)
    except InvalidScenario as error:
        raise InvalidScenario(error.findings, WHAT) from None
    rows, told = opened.rows(SHEET), Told()
    if rows is None:
        raise InvalidScenario([Finding(SHEET, f"the sheet '{SHEET}' is missing; its name must stay as it is")], WHAT)
    for cell in opened.errors.get(SHEET, []):
        told.say(f"{SHEET}!{cell}", "shows an error (such as #REF!); enter the value")
    head = next((line for line, row in enumerate(rows) if "lever" in map(from_cell_text, row)), None)
    if head is None:
        raise InvalidScenario([Finding(f"{SHEET}!A{TOP + 1}", f"there is no line with the words {', '.join(HEAD)}; use the form as it was sent")], WHAT)
    given = _terms(rows, head, told)
    named = {from_cell_text(row[0]): line for line, row in enumerate(rows[:head])}
    offer, alternative = (_named(rows, named.get(name), told) for name in ("offer", "alternative"))
    if offer is None:
        told.say(f"{SHEET}!B4", "the offer must be named")
    if not given and not told.found:
        told.say(cell_name(SHEET, head + 1, VALUE), "no value is filled in, so nothing would change; enter at least one")
    if told.found:
        raise InvalidScenario(told.found, WHAT)
    try:
        return TheirOffer(package=Package(offer=offer or "", alternative=alternative, price=given.pop("price", None), terms=given))
    except ValidationError as error:
        raise InvalidScenario([Finding(SHEET, x["msg"]) for x in error.errors(include_url=False, include_input=False)], WHAT) from None


def _terms(rows: list[list[Any]], head: int, told: Told) -> dict[str, float]:
    """Values by lever, of the lines that have one."""
    columns = {from_cell_text(text): column for column, text in enumerate(rows[head])}
    lever, value = columns.get("lever", LEVER), columns.get("your value")
    if value is None:
        told.say(cell_name(SHEET, head, VALUE), "the column `your value` is missing; use the form as it was sent")
        return {}
    found: dict[str, float] = {}
    for line, row in enumerate(rows[head + 1 :], head + 1):
        if is_empty(row[value]):
            continue
        number = told.value(NUMBER, row[value], SHEET, line, value)
        name = told.value(TEXT, row[lever], SHEET, line, lever)
        if not isinstance(name, str):
            told.say(cell_name(SHEET, line, lever), "there is a value but no lever; use the form as it was sent")
        elif name in found:
            told.say(cell_name(SHEET, line, lever), "this lever is there twice; keep one line")
        elif isinstance(number, (int, float)):
            found[name] = float(number)
    return found


def _named(rows: list[list[Any]], line: int | None, told: Told) -> str | None:
    """The word beside a name above the table."""
    if line is None or len(rows[line]) < 2:
        return None
    found = told.value(TEXT, rows[line][1], SHEET, line, 1)
    return found if isinstance(found, str) else None
