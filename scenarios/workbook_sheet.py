"""One sheet of rows that is being read: its header is matched with the table's columns, its rows become JSON and go to the rows they belong to."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from scenarios.workbook_cells import is_empty
from scenarios.workbook_header import Header
from scenarios.workbook_names import REFERS
from scenarios.workbook_tables import Column, Table
from scenarios.workbook_told import Told

Row = dict[str, Any]
KEY = Column((), "text", alias="Identifier")


@dataclass
class Sheet:
    """A sheet of rows and where its columns are."""

    table: Table
    rows: list[list[Any]]
    told: Told
    head: Header
    placed: dict[int, list[int]] = field(default_factory=dict)
    """Rows of the sheet by the list (its identity) that they went to, in order."""
    mapped: dict[int, dict[str, int]] = field(default_factory=dict)
    """Likewise for mappings, by key."""

    def read(self, parents: dict[tuple[str, ...], Row]) -> dict[tuple[str, ...], Row]:
        """Read the rows into those they belong to; returns them by the words that name them."""
        self.head.match()
        used = self.head.used()
        lines = [line for line, row in enumerate(self.rows) if line and any(not is_empty(row[x]) for x in used)]
        self.head.check(bool(lines))
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

    # --- Rows -------------------------------------------------------------------------------------------------------------------------------

    def _key(self, line: int, key: str) -> Any:
        place = self.head.fixed.get(key)
        if place is None:
            return ""
        return self.told.value(KEY, self.rows[line][place], self.table.sheet, line, place) or ""

    def _row(self, line: int) -> Row:
        cells, out = self.rows[line], Row()
        for column in self.table.columns:
            if column.spread == "period":
                value: Any = self._series(line, column)
            elif column.spread == "key":
                value = {}
                for key, place in self.head.keyed.get(column.name, {}).items():
                    one = self.told.value(column, cells[place], self.table.sheet, line, place)
                    if one is not None:
                        value[key] = one
                value = value or ({} if column.required else None)
            else:
                at = self.head.fixed.get(column.name)
                value = None if at is None else self.told.value(column, cells[at], self.table.sheet, line, at)
            if value is not None or column.nullable:
                put_at(out, column.path, value)
        self._drop_others(line, out)
        return out

    def _series(self, line: int, column: Column) -> list[Any] | None:
        """A value for every period; None where there is none at all."""
        places = self.head.series[column.name]
        cells, sheet = self.rows[line], self.table.sheet
        found = [None if x is None else self.told.value(column, cells[x], sheet, line, x) for x in places]
        if all(x is None for x in found):
            return None
        for value, place in zip(found, places, strict=True) if None in found else ():
            if value is None and place is not None:
                self.told.say(self.head.where(line, place), f"is empty; `{column.name}` needs a value for every period (0 where there is none), or for none")
        return found

    def _drop_others(self, line: int, out: Row) -> None:
        """Cells of fields that the row's kind does not have are said, and left out."""
        for column in self.table.columns:
            if not column.kinds or column.name not in self.head.fixed:
                continue
            kind, inside = _at(out, column.kind), _at(out, column.path[:-1])
            if isinstance(kind, str) and kind not in column.kinds and isinstance(inside, dict) and column.path[-1] in inside:
                if kind in next((x.choices for x in self.table.columns if x.path == column.kind), ()):
                    said = f"a row of kind '{kind}' has no `{column.name}`, which belongs to {' and '.join(column.kinds)}; clear the cell"
                    self.told.say(self.head.where(line, self.head.fixed[column.name]), said)
                inside.pop(column.path[-1])

    def _orphan(self, line: int, keys: tuple[str, ...], parents: dict[tuple[str, ...], Row]) -> None:
        """Say that a row belongs to nothing."""
        for count, key in enumerate(self.table.keys, 1):
            if not any(known[:count] == keys[:count] for known in parents):
                place = self.head.fixed.get(key)
                if place is not None:
                    known = [x[count - 1] for x in parents if x[: count - 1] == keys[: count - 1]]
                    close = get_close_matches(keys[count - 1], known, n=1) if len(known) < 1_000 else []
                    sheet = REFERS.get(key, {"alternative": "alternatives", "clause": "clauses"}.get(key, "another sheet"))
                    belongs = f" of {self.table.keys[count - 2]} in this row" if count > 1 else ""
                    hint = f"; did you mean '{close[0]}'?" if close else "; correct it, or add the row there"
                    self.told.say(self.head.where(line, place), f"sheet {sheet} has no such {key}{belongs}{hint}")
                return
        self.told.say(self.head.where(line, 0), "the row belongs to no row of another sheet; check its first columns")

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
            self.told.say(self.head.where(line, 0), f"`{name}` is given on the row of this {self.table.keys[-1]} already; clear it there, or delete this row")
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
            self.told.say(self.head.where(line, self.head.fixed.get(key, 0)), f"`{key}` must be given")
        elif row[key] in entries:
            self.told.say(self.head.where(line, self.head.fixed[key]), f"there is a row for this {key} and {self.table.keys[-1]} already; keep one")
        else:
            entries[row[key]] = row.get(value, [])
            self.mapped.setdefault(id(entries), {})[row[key]] = line


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
