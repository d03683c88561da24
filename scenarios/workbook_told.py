"""Findings about a workbook while it is read: one sentence for each cell and cause."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from models.errors import Finding
from scenarios.workbook_cells import Unfit, from_cell
from scenarios.workbook_places import cell_name
from scenarios.workbook_tables import Column

MAX_FOUND = 500  # findings that are kept; more would only be read by a machine


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

    def value(self, column: Column, raw: Any, sheet: str, row: int, place: int) -> Any:
        """The value in a cell. One that does not fit is said; what takes its place is refused as well, by whoever misses it."""
        try:
            return from_cell(column, raw)
        except Unfit as error:
            self.say(cell_name(sheet, row, place), str(error))
            return None if column.holds in ("numbers", "texts") else {}  # no number, no text and no list, so nothing takes it for a value
