"""A scenario as a workbook: every table on its sheet, with units, notes, lists to choose from, and a sheet that explains the others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.scenario import Scenario
from scenarios.workbook_book import Book
from scenarios.workbook_cells import Cell, to_cell
from scenarios.workbook_names import ABOUT, FORMAT, REFERS, SETTINGS, SHEETS, SHOWN
from scenarios.workbook_tables import Column, Table, all_tables, settings, tables
from scenarios.workbook_words import GUIDE, header, kind_note, note_of, purpose_of, purpose_of_settings, unit_of

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

Row = dict[str, Any]
PERIODS = ("2027", "2028", "2029", "2030", "2031")  # of an empty template
ROOM = 300  # rows below the last one that still have lists to choose from
MOST_LISTED = 255  # characters of a list to choose from
NOTE_LINE = 42  # characters of a note in a line
HEAD = 32  # height of a header: the name, and its unit below


@dataclass(frozen=True)
class Slot:
    """A column of a sheet as it is written: a field, or a field's value for one period or id."""

    column: Column
    name: str
    which: int | str | None = None

    def cell(self, row: Row) -> Cell:
        """What stands in a row's cell."""
        value = value_at(row, self.column.path)
        if self.which is not None:
            value = value[self.which] if value is not None and (isinstance(self.which, int) or self.which in value) else None
        elif isinstance(value, (dict, list)) and self.column.holds not in ("numbers", "texts"):
            return None  # the other form of the field: a table
        return to_cell(self.column, value)


def write_workbook(scenario: Scenario) -> bytes:
    """The workbook of a scenario; reading it gives the same scenario. Raises InvalidScenario where Excel's limits don't allow one."""
    return _written(json.loads(scenario.model_dump_json()))


def write_template() -> bytes:
    """A workbook without rows, to be filled: defaults in its settings, and some periods."""
    fields = Scenario.model_fields
    data: Row = {name: fields[name].get_default() for name in ("currency", "discount_rate")}
    data |= {name: fields[name].get_default().model_dump(mode="json") for name in ("risk", "uncertainty", "solve")}
    return _written(data | {"periods": list(PERIODS)})


def value_at(row: Any, path: Sequence[str]) -> Any:
    """What stands at a path in a row; None where there is no such place."""
    for part in path:
        row = row.get(part) if isinstance(row, dict) else None
    return row


def rows_of(table: Table, data: Row) -> list[tuple[tuple[str, ...], Row]]:
    """The rows of a table in a scenario, each with the words that name what it belongs to."""
    return next(rows for found, rows in _walked(tables(), [((), data)]) if found.sheet == table.sheet)


def _walked(
    among: Sequence[Table], parents: list[tuple[tuple[str, ...], Row]]
) -> Iterator[tuple[Table, list[tuple[tuple[str, ...], Row]]]]:  # fmt: skip
    for table in among:
        rows = [(keys, row) for keys, parent in parents for row in _below(table, value_at(parent, table.path))]
        yield table, rows
        if table.tables:
            yield from _walked(table.tables, [((*keys, *(str(row.get(field) or "") for field in table.own)), row) for keys, row in rows])


def _below(table: Table, found: Any) -> list[Row]:
    if table.mapping:
        key, value = (column.name for column in table.columns)
        return [{key: one, value: other} for one, other in (found or {}).items()]
    if not isinstance(found, list):
        return []
    return [{"id": row} if isinstance(row, str) else row for row in found]


def _written(data: Row) -> bytes:
    book = Book()
    periods = [row["id"] for row in _below(next(iter(tables())), data["periods"])]
    currency, foreign = data.get("currency") or "USD", bool(data.get("currencies"))
    found = {table.sheet: (table, rows) for table, rows in _walked(tables(), [((), data)])}
    placed = set(SHEETS.values())
    ordered = [found[sheet] for sheet in (*SHEETS.values(), *(sheet for sheet in found if sheet not in placed))]  # new ones last
    _about(book, [(table, len(rows)) for table, rows in ordered])
    scenario, *others = settings()
    _settings(book, scenario, data, currency)
    shown = [(table, rows) for table, rows in ordered if table.sheet in SHOWN]
    for table, rows in shown:
        _table(book, table, rows, periods, (currency, foreign))
    for sheet in others:
        _settings(book, sheet, data, currency)
    for table, rows in ordered:
        if table.sheet not in SHOWN:
            _table(book, table, rows, periods, (currency, foreign))
    return book.content


def _about(book: Book, counts: Sequence[tuple[Table, int]]) -> None:
    """What this file is, how to fill it, and what each sheet holds."""
    sheet = book.sheet(ABOUT)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 10)
    sheet.set_column(2, 2, 110)
    sheet.hide_gridlines(2)
    book.put(sheet, 0, 0, "A sourcing question for Offtake", "title")
    book.put(sheet, 1, 0, "format", "name")
    book.put(sheet, 1, 1, FORMAT)
    for line, text in enumerate(GUIDE, 3):
        book.put(sheet, line, 0, text)
    top = 4 + len(GUIDE)
    for column, name in enumerate(("sheet", "rows", "what it holds")):
        book.put(sheet, top, column, name, "head")
    lines: list[tuple[str, int | None, str]] = [(name, None, purpose_of_settings(name)) for name in SETTINGS]
    lines[1:1] = [(table.sheet, count, purpose_of(table)) for table, count in counts if table.sheet in SHOWN]
    lines += [(table.sheet, count, purpose_of(table)) for table, count in counts if table.sheet not in SHOWN]
    for line, (name, count, text) in enumerate(lines, top + 1):
        if count == 0 and name not in SHOWN:  # no link leads to a hidden sheet
            book.put(sheet, line, 0, name)
        else:
            sheet.write_url(line, 0, f"internal:'{name}'!A1", book.style("link"), name)
        book.put(sheet, line, 1, "hidden" if count == 0 and name not in SHOWN else count, "count")
        book.put(sheet, line, 2, text)


def _settings(book: Book, name: str, data: Row, currency: str) -> None:
    """A sheet of single values: one in a row, with its unit and meaning."""
    sheet = book.sheet(name)
    for column, (text, width) in enumerate((("setting", 40), ("value", 28), ("unit", 12), ("meaning", 110))):
        book.put(sheet, 0, column, text, "key" if column == 1 else "head")
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 2)
    for line, column in enumerate(settings()[name], 1):
        text = column.holds in ("text", "texts")
        book.put(sheet, line, 0, column.name, "name")
        book.put(sheet, line, 1, Slot(column, column.name).cell(data), "input_text" if text else "input")
        book.put(sheet, line, 2, unit_of(column, currency, False))
        book.put(sheet, line, 3, note_of(column).replace("\n", " "))
        _choices(sheet, column, (line, 1, line, 1))


def _table(book: Book, table: Table, rows: list[tuple[tuple[str, ...], Row]], periods: Sequence[str], money: tuple[str, bool]) -> None:
    """A sheet of rows."""
    sheet = book.sheet(table.sheet)
    sheet.set_row(0, HEAD)
    slots = _slots(table, [row for _, row in rows], periods)
    first, last = len(table.keys), len(rows) + ROOM
    for column, key in enumerate(table.keys):
        book.put(sheet, 0, column, key, "key")
        sheet.set_column(column, column, 20, book.style("text"))
        _note(sheet, column, f"Names the row of another sheet that this one belongs to{f': an id on {REFERS[key]}' if key in REFERS else ''}.")
        kinds = next((x for x in all_tables() if x.sheet == "clauses"), table).columns[0].choices if key == "clause" else ()
        alias = Column((key,), "choice" if kinds else "text", alias="Identifier", choices=kinds)
        _choices(sheet, alias, (1, column, last, column))
    for column, slot in enumerate(slots, first):
        title = header(slot.column, slot.name, *money)
        book.put(sheet, 0, column, title, "key" if slot.column.required else "head")
        width = 40 if slot.name in ("note", "name") else min(24, max(11, len(slot.name) + 2))
        sheet.set_column(column, column, width, book.style("text") if slot.column.holds in ("text", "texts", "choice") else None)
        if slot.which in (None, 0) or isinstance(slot.which, str):
            kinds_told = f"\n{kind_note(table)}" if slot.name == "kind" else ""
            _note(sheet, column, note_of(slot.column) + kinds_told)
        _choices(sheet, slot.column, (1, column, last, column))
    styles = [_style(slot.column) for slot in slots]
    for line, (keys, row) in enumerate(rows, 1):
        for column, key in enumerate(keys):
            book.put(sheet, line, column, key or None, "text")
        for column, slot in enumerate(slots):
            value = slot.cell(row)
            if value is not None:
                book.put(sheet, line, first + column, value, styles[column] if not isinstance(value, float) or value == int(value) else "")
    sheet.freeze_panes(1, first or (1 if slots[0].name == "id" else 0))
    if rows:
        sheet.autofilter(0, 0, len(rows), first + len(slots) - 1)
    if table.sheet not in SHOWN and not rows:
        sheet.hide()


def _slots(table: Table, rows: list[Row], periods: Sequence[str]) -> list[Slot]:
    found: list[Slot] = []
    for column in table.columns:
        if column.spread == "period":
            found += [Slot(column, f"{column.name} {period}", t) for t, period in enumerate(periods)]
        elif column.spread == "key":
            keys = dict.fromkeys(key for row in rows for key in value_at(row, column.path) or ())
            own = [row["id"] for row in rows if row.get("id") in keys]  # ids of the sheet's own rows stand in their order
            keys = dict.fromkeys([*own, *keys])
            found += [Slot(column, f"{column.name}.{key}", key) for key in keys]
        else:
            found.append(Slot(column, column.name))
    return found


def _style(column: Column) -> str:
    if column.holds in ("text", "texts", "choice"):
        return "text"
    return "whole" if column.alias in ("Money", "Volume") else ""


def _note(sheet: Worksheet, column: int, text: str) -> None:
    lines = sum(1 + len(line) // NOTE_LINE for line in text.splitlines())
    sheet.write_comment(0, column, text, {"width": 290, "height": min(600, 24 + 17 * lines), "font_size": 9})


def _choices(sheet: Worksheet, column: Column, cells: tuple[int, int, int, int]) -> None:
    """Lists to choose from: what is not among the kinds of something is refused, an id that is on no sheet yet only remarked on."""
    listed = ["TRUE", "FALSE"] if column.holds == "flag" else list(column.choices)
    if listed and sum(map(len, listed)) + len(listed) <= MOST_LISTED:
        told = {"error_title": "Not in the list", "error_message": f"One of the list, please ({column.name})."[:255]}
        sheet.data_validation(*cells, {"validate": "list", "source": listed, "ignore_blank": True, **told})
    elif column.refers:
        source = f"={column.refers}!$A$2:$A${1 + ROOM * 10}"
        told = {"error_title": "No such id", "error_message": f"Sheet {column.refers} has no such id. Keep it?", "error_type": "warning"}
        sheet.data_validation(*cells, {"validate": "list", "source": source, "ignore_blank": True, **told})
