"""One sheet of rows that is being read: its header is matched with the table's columns, its rows become JSON and go to the rows they belong to."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from models.errors import Finding
from scenarios.workbook_cells import Unfit, from_cell, is_empty
from scenarios.workbook_places import cell_name
from scenarios.workbook_tables import REFERS, Column, Table
from scenarios.workbook_words import field_named

Row = dict[str, Any]
MAX_FOUND = 500  # findings that are kept; more would only be read by a machine
KEY = Column((), "text", alias="Identifier")


@dataclass
class Told:
    """What is wrong, one sentence for each cell and cause."""

    found: list[Finding] = field(default_factory=list)
    cells: set[str] = field(default_factory=set)

    def say(self, where: str, message: str) -> None:
        """Add a finding, unless the cell has one."""
        if len(self.found) < MAX_FOUND and (not where or where not in self.cells):
            self.found.append(Finding(where, message))
            self.cells.add(where)

    def value(self, column: Column, raw: Any, where: str) -> Any:
        """The value in a cell. One that does not fit is said; what takes its place is refused as well, by whoever misses it."""
        try:
            return from_cell(column, raw)
        except Unfit as error:
            self.say(where, str(error))
            return None if column.holds in ("numbers", "texts") else _UNFIT


_UNFIT: Row = {}  # is no number, no text and no list, so nothing takes it for a value


@dataclass
class Sheet:
    """A sheet of rows and where its columns are."""

    table: Table
    rows: list[list[Any]]
    periods: list[str]
    told: Told
    fixed: dict[str, int] = field(default_factory=dict)
    """Columns of single values, and those that name the row's parent, by name."""
    series: dict[str, list[int | None]] = field(default_factory=dict)
    """Columns of values per period, by the field's name."""
    keyed: dict[str, dict[str, int]] = field(default_factory=dict)
    """Columns of values per id, by the field's name."""
    placed: dict[int, list[int]] = field(default_factory=dict)
    """Rows of the sheet by the list (its identity) that they went to, in order."""
    mapped: dict[int, dict[str, int]] = field(default_factory=dict)
    """Likewise for mappings, by key."""

    def where(self, row: int, column: int) -> str:
        """A cell's name."""
        return cell_name(self.table.sheet, row, column)

    def read(self, parents: dict[tuple[str, ...], Row]) -> dict[tuple[str, ...], Row]:
        """Read the rows into those they belong to; returns them by the words that name them."""
        self._match()
        used = self._used()
        lines = [line for line, row in enumerate(self.rows) if line and any(not is_empty(row[x]) for x in used)]
        self._check_columns(bool(lines))
        found: dict[tuple[str, ...], Row] = {}
        for line in lines:
            keys = tuple(str(self._key(line, key)) for key in self.table.keys)
            row = self._row(line)
            parent = parents.get(keys)
            if parent is None:
                self._orphan(line, keys, parents)
            elif self.table.mapping:
                self._map(line, parent, row)
            else:
                self._append(line, parent, row)
            found.setdefault((*keys, *(str(row.get(x) or "") for x in self.table.own)), row)
        return found

    # --- Columns ----------------------------------------------------------------------------------------------------------------------------

    def _match(self) -> None:
        """Find what each column is."""
        plain = {column.name for column in self.table.columns if not column.spread} | set(self.table.keys)
        spread = {column.name: column.spread for column in self.table.columns if column.spread}
        for name in (name for name, kind in spread.items() if kind == "period"):
            self.series[name] = [None] * len(self.periods)
        for column, raw in enumerate(self.rows[0] if self.rows else []):
            text = from_cell_text(raw)
            name = field_named(text)
            if text.startswith("#"):
                continue
            if not name:
                if any(not is_empty(row[column]) for row in self.rows[1:]):
                    self.told.say(self.where(0, column), "the column has no name; name it, or begin its name with # to have it ignored")
            elif name in plain:
                self._take(self.fixed, name, column)
            elif not self._take_spread(name, column, spread):
                self._unknown(name, column, [*plain, *spread], spread)

    def _used(self) -> list[int]:
        """Columns that are read."""
        series = [x for places in self.series.values() for x in places if x is not None]
        return sorted({*self.fixed.values(), *series, *(x for places in self.keyed.values() for x in places.values())})

    def _take(self, into: dict[str, int], name: str, column: int) -> None:
        if name in into:
            self.told.say(self.where(0, column), f"the column is there twice, also in {self.where(0, into[name])}; keep one")
        else:
            into[name] = column

    def _take_spread(self, name: str, column: int, spread: dict[str, str]) -> bool:
        """Whether a column holds a field's values for one period or id."""
        field_name, _, period = name.partition(" ")
        if spread.get(field_name) == "period" and period.strip() in self.periods:
            t = self.periods.index(period.strip())
            if (known := self.series[field_name][t]) is not None:
                self.told.say(self.where(0, column), f"the column is there twice, also in {self.where(0, known)}; keep one")
            else:
                self.series[field_name][t] = column
            return True
        for field_name in (x for x, kind in spread.items() if kind == "key" and name.startswith(f"{x}.")):
            self._take(self.keyed.setdefault(field_name, {}), name.removeprefix(f"{field_name}."), column)
            return True
        return False

    def _unknown(self, name: str, column: int, known: list[str], spread: dict[str, str]) -> None:
        start = name.partition(" ")[0]
        if spread.get(start) == "period":
            given = ", ".join(self.periods[:12]) + (", ..." if len(self.periods) > 12 else "")
            message = f"sheet periods has no such period; columns of `{start}` are called `{start} PERIOD`, with one of: {given or 'none yet'}"
        else:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean `{close[0]}`? Otherwise " if close else ""
            message = f"there is no such column; {hint}begin its name with # to have it ignored"
        self.told.say(self.where(0, column), message)

    def _check_columns(self, used: bool) -> None:
        """Columns that are missing, where the sheet has rows."""
        if not used:
            return
        needed = [*self.table.keys, *(x.name for x in self.table.columns if x.required and not x.spread and not x.nullable)]
        for name in needed:
            if name not in self.fixed:
                self.told.say(f"{self.table.sheet}!1:1", f"the column `{name}` is missing")
                return
        for column in (x for x in self.table.columns if x.spread == "period"):
            places = self.series[column.name]
            missing = [period for period, place in zip(self.periods, places, strict=True) if place is None]
            if missing and (column.required or len(missing) < len(places)):
                self.told.say(f"{self.table.sheet}!1:1", f"the column `{column.name} {missing[0]}` is missing; every period needs one")

    # --- Rows -------------------------------------------------------------------------------------------------------------------------------

    def _key(self, line: int, key: str) -> Any:
        place = self.fixed.get(key)
        if place is None:
            return ""
        return self.told.value(KEY, self.rows[line][place], self.where(line, place)) or ""

    def _row(self, line: int) -> Row:
        cells, out = self.rows[line], Row()
        for column in self.table.columns:
            if column.spread == "period":
                value: Any = self._series(line, column)
            elif column.spread == "key":
                value = {}
                for key, place in self.keyed.get(column.name, {}).items():
                    one = self.told.value(column, cells[place], self.where(line, place))
                    if one is not None:
                        value[key] = one
                value = value or ({} if column.required else None)
            else:
                at = self.fixed.get(column.name)
                value = None if at is None else self.told.value(column, cells[at], self.where(line, at))
            if value is not None or column.nullable:
                put_at(out, column.path, value)
        self._drop_others(line, out)
        return out

    def _series(self, line: int, column: Column) -> list[Any] | None:
        """A value for every period; None where there is none at all."""
        places = self.series[column.name]
        found = [None if x is None else self.told.value(column, self.rows[line][x], self.where(line, x)) for x in places]
        if all(x is None for x in found):
            return None
        for value, place in zip(found, places, strict=True):
            if value is None and place is not None:
                self.told.say(self.where(line, place), f"is empty; `{column.name}` needs a value for every period (0 where there is none), or for none")
        return found

    def _drop_others(self, line: int, out: Row) -> None:
        """Cells of fields that the row's kind does not have are said, and left out."""
        for column in self.table.columns:
            if not column.kinds or column.name not in self.fixed:
                continue
            kind, inside = _at(out, column.kind), _at(out, column.path[:-1])
            if isinstance(kind, str) and kind not in column.kinds and isinstance(inside, dict) and column.path[-1] in inside:
                if kind in next((x.choices for x in self.table.columns if x.path == column.kind), ()):
                    said = f"a row of kind '{kind}' has no `{column.name}`, which belongs to {' and '.join(column.kinds)}; clear the cell"
                    self.told.say(self.where(line, self.fixed[column.name]), said)
                inside.pop(column.path[-1])

    def _orphan(self, line: int, keys: tuple[str, ...], parents: dict[tuple[str, ...], Row]) -> None:
        """Say that a row belongs to nothing."""
        for count, key in enumerate(self.table.keys, 1):
            if not any(known[:count] == keys[:count] for known in parents):
                place = self.fixed.get(key)
                if place is not None:
                    known = [x[count - 1] for x in parents if x[: count - 1] == keys[: count - 1]]
                    close = get_close_matches(keys[count - 1], known, n=1) if len(known) < 1_000 else []
                    sheet = REFERS.get(key, {"alternative": "alternatives", "clause": "clauses"}.get(key, "another sheet"))
                    belongs = f" of {self.table.keys[count - 2]} in this row" if count > 1 else ""
                    hint = f"; did you mean '{close[0]}'?" if close else "; correct it, or add the row there"
                    self.told.say(self.where(line, place), f"sheet {sheet} has no such {key}{belongs}{hint}")
                return
        self.told.say(self.where(line, 0), "the row belongs to no row of another sheet; check its first columns")

    def _append(self, line: int, parent: Row, row: Row) -> None:
        """Put a row into the list it belongs to."""
        inside = parent
        for part in self.table.path[:-1]:
            inside = inside.setdefault(part, {})
        rows = inside.setdefault(self.table.path[-1], [])
        if not isinstance(rows, list):
            if self.table.path[0] == "uncertainty":  # the number of futures of a generator
                self.told.say(f"{self.table.sheet}!A2", "the sheet has rows, and `uncertainty.futures` a number; keep one of them")
                return
            name = self.table.path[-1]
            self.told.say(self.where(line, 0), f"`{name}` is given on the row of this {self.table.keys[-1]} already; clear it there, or delete this row")
            return
        if self.table.plain and list(row) == ["id"]:
            rows.append(row["id"])
        else:
            rows.append(row)
        self.placed.setdefault(id(rows), []).append(line)

    def _map(self, line: int, parent: Row, row: Row) -> None:
        """Put a row into the mapping it belongs to."""
        key, value = (column.name for column in self.table.columns)
        entries = parent.setdefault(self.table.path[-1], {})
        if not isinstance(row.get(key), str):
            self.told.say(self.where(line, self.fixed.get(key, 0)), f"`{key}` must be given")
        elif row[key] in entries:
            self.told.say(self.where(line, self.fixed[key]), f"there is a row for this {key} and {self.table.keys[-1]} already; keep one")
        else:
            entries[row[key]] = row.get(value, [])
            self.mapped.setdefault(id(entries), {})[row[key]] = line


def from_cell_text(raw: Any) -> str:
    """What stands above a column, as text."""
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    return "" if raw is None else str(raw).strip()


def put_at(row: Row, path: tuple[str, ...], value: Any) -> None:
    """Put a value at a path in a row."""
    for part in path[:-1]:
        inner = row.setdefault(part, {})
        if not isinstance(inner, dict):
            return
        row = inner
    row[path[-1]] = value


def _at(row: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        row = row.get(part) if isinstance(row, dict) else None
    return row
