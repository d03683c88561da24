"""A workbook back to a scenario. Cells become the JSON that the tables stand for, which is then read as any other; every finding names sheet and cell."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

from models.errors import Finding, InvalidScenario
from models.scenario import Scenario
from scenarios.files import parse_scenario
from scenarios.workbook_archive import Archive, checked, printable
from scenarios.workbook_header import Header
from scenarios.workbook_names import ABOUT, FORMAT, NEEDED, SETTINGS
from scenarios.workbook_places import Places, cell_name
from scenarios.workbook_sheet import Row, Sheet, put_at
from scenarios.workbook_tables import Table, all_tables, settings, tables
from scenarios.workbook_told import MAX_FOUND, Told

WHAT = "workbook"  # what messages call it
OTHERS = {
    "offtake-workbook": "this is a scenario, not a form for a counter-offer; `offtake negotiate session form` writes one",
    "offtake-counter": "this is a form for a counter-offer, not a scenario; `offtake negotiate session receive ... --workbook FILE.xlsx` takes it down",
    "offtake-plan": "this workbook shows a plan; it can't be read back. The scenario is a workbook of its own",
    "offtake-ledger": "this workbook shows what terms are worth; it can't be read back. The scenario is a workbook of its own",
}
UNCERTAIN = {"futures": "futures", "nodes": "tree"}  # which kind of uncertainty has a table; all others are the generator's
LIKE = 0.75  # how alike a sheet's name must be for it to be taken for a slip


def read_workbook(raw: bytes) -> Scenario:
    """The scenario in a workbook. Raises InvalidScenario with every finding, each at its cell (`offers!C7`)."""
    return parse_scenario(json_of(raw))


def json_of(raw: bytes) -> bytes:
    """The scenario in a workbook as JSON, checked. Raises InvalidScenario like `read_workbook`."""
    reading = Reading(open_workbook(raw))
    data = reading.data()
    text = json.dumps(data).encode()
    try:
        parse_scenario(text)
    except InvalidScenario as error:
        places = Places(data, reading.sheets, reading.settings)
        for finding in error.findings:
            where, message, field = places.of(finding)
            sheet = where.partition("!")[0]
            if sheet not in reading.told.cells and not (field and f"{sheet}!1:1" in reading.told.cells):  # its cause is said already
                reading.told.say(where, message)
    if reading.told.found:
        raise InvalidScenario(reading.told.found, WHAT)
    return text


class Opened:
    """A workbook's sheets as rows of values, by name in small letters."""

    def __init__(self, archive: Archive) -> None:
        from python_calamine import load_workbook

        self.book = load_workbook(io.BytesIO(archive.content))
        self.names = {name.strip().lower(): name for name in self.book.sheet_names}
        self._loaded: dict[str, Any] = {}
        self.errors = {name.lower(): cells for name, cells in archive.errors.items()}
        self.unknown = {name.lower(): cells for name, cells in archive.unknown.items()}

    def rows(self, name: str) -> list[list[Any]] | None:
        """The rows of a sheet from its first cell on; None where there is no such sheet."""
        if name.lower() not in self.names:
            return None
        with _damage(name):
            found: list[list[Any]] = self._sheet(name).to_python(skip_empty_area=False)
            return found

    def merged(self, name: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """Ranges of merged cells."""
        with _damage(name):
            return self._sheet(name).merged_cell_ranges or []

    def _sheet(self, name: str) -> Any:
        """A sheet, loaded once."""
        if name.lower() not in self._loaded:
            self._loaded[name.lower()] = self.book.get_sheet_by_name(self.names[name.lower()])
        return self._loaded[name.lower()]


@contextmanager
def _damage(sheet: str = "") -> Iterator[None]:
    """Turn whatever the reader raises into a finding: its panics are no Exceptions, and its errors mean nothing to who filled the workbook."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError, InvalidScenario):
        raise
    except BaseException:
        said = f"the {'sheet' if sheet else 'workbook'} is damaged; open the workbook in Excel and save it again"
        raise InvalidScenario([Finding(sheet, said)], WHAT) from None


def open_workbook(raw: bytes, form: str = FORMAT) -> Opened:
    """The sheets of a workbook of a format, which the first lines of its sheet About say, or those of its first sheet. Raises InvalidScenario."""
    archive = checked(raw)
    with _damage():
        opened = Opened(archive)
    first = next(iter(opened.book.sheet_names), ABOUT)
    sheet = ABOUT if ABOUT.lower() in opened.names else first
    about = opened.rows(sheet)
    lines = [row for row in (about or [])[:20] if len(row) > 1 and str(row[0]).strip().lower() == "format"]
    _check_format(str(lines[0][1]).strip() if lines else "", form, printable(sheet))
    return opened


def _check_format(given: str, wanted: str, sheet: str) -> None:
    """Refuse a workbook of another format or version, and say what to do."""
    if given == wanted:
        return
    name, _, version = given.partition("/")
    own, _, current = wanted.partition("/")
    again = "`offtake negotiate session form`" if wanted != FORMAT else "`offtake template FILE.xlsx`"
    if name in OTHERS and name != own:
        message = OTHERS[name]
    elif name == own and version.isdecimal() and len(version) < 9 and int(version) < int(current):
        message = f"the workbook has an older format; this version reads {wanted}. Make a new one with {again} and copy the values over"
    elif name == own:
        message = f"the workbook was made for a newer version of Offtake; this one reads {wanted}. Update Offtake, or make it again here"
    else:
        message = f"the workbook does not say `format` and {wanted} on its sheet {ABOUT}; start from one that {again} writes"
    raise InvalidScenario([Finding(f"{sheet}!B2", message)], WHAT)


class Reading:
    """A workbook that is being read."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.told = Told()
        self.sheets: dict[str, Sheet] = {}
        self.settings: dict[str, str] = {}
        """Cells of single values, by their dotted name."""
        self.periods: list[str] = []

    def data(self) -> Row:
        """What the sheets come to, as JSON has it; what is wrong with cells is in `told`."""
        data: Row = {"format": "offtake/1"}
        self._check_sheets()
        for name in SETTINGS:
            self._settings(name, data)
        for table in tables():
            self._table(table, {(): data})
        for table in tables():
            if table.sheet in NEEDED and table.sheet in self.sheets:
                data.setdefault(table.sheet, [])
        self._check_kind(data)
        return data

    def _check_sheets(self) -> None:
        known = {ABOUT.lower(), *SETTINGS, *(table.sheet for table in all_tables())}
        for name, shown in self.opened.names.items():
            if name.startswith("#") or name in known:
                continue
            close = get_close_matches(name, sorted(known), n=1, cutoff=LIKE)
            hint = f"did you mean '{close[0]}'? Otherwise: " if close else ""
            self.told.say(printable(shown), f"there is no table of this name; {hint}a sheet of your own gets a name that begins with #")
        for name in ("scenario", *NEEDED):
            if name not in self.opened.names:
                self.told.say(name, f"the sheet '{name}' is missing; take it from a workbook that `offtake template FILE.xlsx` writes")
        for name in known & self.opened.names.keys() - {ABOUT.lower()}:
            for (row, column), _ in self.opened.merged(name)[:5]:
                self.told.say(cell_name(name, row, column), "cells are merged here; unmerge them and give every row its own value")
            for cell in self.opened.errors.get(name, [])[:MAX_FOUND]:
                self.told.say(f"{name}!{cell}", "shows an error (such as #REF!); correct the formula, or enter the value")
            for cell in self.opened.unknown.get(name, [])[:MAX_FOUND]:
                self.told.say(f"{name}!{cell}", "holds a formula that was never calculated; open the workbook in Excel and save it")

    def _settings(self, name: str, data: Row) -> None:
        rows = self.opened.rows(name) or []
        columns = {column.name: column for column in settings()[name]}
        for line, row in enumerate(rows[1:], 1):
            label = str(row[0]).strip() if row else ""
            where = cell_name(name, line, 1)
            if not label or label.startswith("#"):
                continue
            if label not in columns:
                close = get_close_matches(label, columns, n=1)
                self.told.say(cell_name(name, line, 0), f"there is no such setting; {f'did you mean `{close[0]}`?' if close else 'remove the row'}")
                continue
            if label in self.settings:
                self.told.say(cell_name(name, line, 0), f"the setting is there twice, also in {self.settings[label]}; keep one")
                continue
            self.settings[label] = where
            value = self.told.value(columns[label], row[1] if len(row) > 1 else None, name, line, 1)
            if value is not None:
                put_at(data, columns[label].path, value)
        self._drop_others(name, data)

    def _drop_others(self, name: str, data: Row) -> None:
        """Settings that the chosen kind does not have are said, and left out."""
        for column in settings()[name]:
            kind = _value(data, column.kind) if column.kinds else None
            if column.kinds and isinstance(kind, str) and kind not in column.kinds and _value(data, column.path) is not None:
                self.told.say(self.settings[column.name], f"with `{'.'.join(column.kind)}` {_shown(kind)} there is no such setting; clear the cell")
                _value(data, column.path[:-1]).pop(column.path[-1])

    def _table(self, table: Table, parents: dict[tuple[str, ...], Row]) -> None:
        rows = self.opened.rows(table.sheet)
        if rows is None:
            return
        sheet = Sheet(table, rows, self.told, Header(table, rows, self.periods, self.told))
        self.sheets[table.sheet] = sheet
        below = sheet.read(parents)
        if table.sheet == "periods":
            self.periods = [key[-1] for key in below]
            if any(x.path.startswith("periods") for x in self.told.found):
                raise InvalidScenario(self.told.found, WHAT)  # columns of other sheets are named by periods
        for child in table.tables:
            self._table(child, below)

    def _check_kind(self, data: Row) -> None:
        """Rows that the chosen kind of uncertainty does not have."""
        uncertainty = data.get("uncertainty")
        if not isinstance(uncertainty, dict):
            return
        kind = uncertainty.get("kind")
        for table in tables():
            wanted = UNCERTAIN.get(table.path[-1], "generated")
            if table.path[0] == "uncertainty" and isinstance(kind, str) and kind != wanted and isinstance(_value(data, table.path), list):
                where = self.settings.get("uncertainty.kind", "uncertainty!A1")
                self.told.say(f"{table.sheet}!A2", f"the sheet has rows, which belong to '{wanted}'; change `uncertainty.kind` ({where}), or delete them")
                _value(data, table.path[:-1]).pop(table.path[-1])


def _value(data: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        data = data.get(part) if isinstance(data, dict) else None
    return data


def _shown(kind: str) -> str:
    """A kind as messages show it, if it is one."""
    return f"'{kind}'" if kind.isidentifier() and len(kind) < 40 else "given"
