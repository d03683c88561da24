"""The first row of a sheet: which column is what. What can't be matched is said at its cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from scenarios.workbook_cells import is_empty
from scenarios.workbook_places import cell_name
from scenarios.workbook_tables import Table
from scenarios.workbook_told import Told
from scenarios.workbook_words import field_named


@dataclass
class Header:
    """Where the columns of a table are on its sheet."""

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

    def where(self, row: int, column: int) -> str:
        """A cell's name."""
        return cell_name(self.table.sheet, row, column)

    def match(self) -> None:
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

    def used(self) -> list[int]:
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

    def check(self, used: bool) -> None:
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


def from_cell_text(raw: Any) -> str:
    """What stands above a column, as text."""
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    return "" if raw is None else str(raw).strip()
