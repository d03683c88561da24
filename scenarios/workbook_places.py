"""Where in a workbook a finding about a document belongs: its path (`offers[2].window.start`) as a cell (`offers!F4`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from models.errors import Finding
from scenarios.workbook_names import SHEETS

if TYPE_CHECKING:
    from scenarios.workbook_sheet import Sheet

PART = re.compile(r"[^.\[\]]+|\[\d+\]")
PATH = re.compile(r"\b[a-z_]+\[\d+\](?:\.?[a-z_]+|\[\d+\])*")
REQUIRED = "this field is required"


def cell_name(sheet: str, row: int, column: int) -> str:
    """A cell as Excel names it, from numbers that begin at 0."""
    letters, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{sheet}!{letters}{row + 1}"


class Places:
    """Finds the cells of a document that was read from sheets."""

    def __init__(self, data: dict[str, Any], sheets: dict[str, Sheet], settings: dict[str, str]) -> None:
        self._data, self._settings = data, settings
        self._lists = {identity: (sheet, lines) for sheet in sheets.values() for identity, lines in sheet.placed.items()}
        self._maps = {identity: (sheet, lines) for sheet in sheets.values() for identity, lines in sheet.mapped.items()}

    def of(self, finding: Finding) -> tuple[str, str, str]:
        """The cell and the message of a finding, and the field that has no cell of its own."""
        message = PATH.sub(lambda found: self._place(found[0])[0] or found[0], finding.message)
        where, field, missing = self._place(finding.path)
        if missing and message == REQUIRED:
            return where, f"needs at least one row on sheet {missing}", field
        return where, f"`{field}`: {message}" if field else message, field

    def _place(self, path: str) -> tuple[str, str, str]:
        """The cell at a path; the field, where it has no cell of its own; the sheet, where it is a table of its own."""
        node: Any = self._data
        sheet: Sheet | None = None
        line, rest = 0, list[str]()
        for part in PART.findall(path):
            if part.startswith("["):
                i = int(part[1:-1])
                known = self._lists.get(id(node))
                if known is not None and i < len(known[1]):
                    sheet, line, rest = known[0], known[1][i], []
                else:
                    rest.append(part)
                node = node[i] if isinstance(node, list) and i < len(node) else None
                continue
            mapped = self._maps.get(id(node))
            if mapped is not None and part in mapped[1]:
                sheet, line = mapped[0], mapped[1][part]
                rest = [sheet.table.columns[1].name]
            else:
                rest.append(part)
            node = node.get(part) if isinstance(node, dict) else None
        return self._in_settings(rest, isinstance(node, list)) if sheet is None else _in_row(sheet, line, rest)

    def _in_settings(self, rest: list[str], listed: bool) -> tuple[str, str, str]:
        names = [part for part in rest if not part.startswith("[")]
        for count in range(len(names), 0, -1):
            name = ".".join(names[:count])
            if name in self._settings and not (listed and name in SHEETS):
                return self._settings[name], "", ""
            if name in SHEETS:
                return f"{SHEETS[name]}!A1", ".".join(names[count:]), SHEETS[name]
            inside = next((cell for known, cell in self._settings.items() if known.startswith(f"{name}.")), None)
            if inside is not None:
                return inside, ".".join(names[count:]), ""
        return "", ".".join(names), ""


def _in_row(sheet: Sheet, line: int, rest: list[str]) -> tuple[str, str, str]:
    """The cell of a field in a row."""
    names = [part for part in rest if not part.startswith("[")]
    index = next((int(part[1:-1]) for part in rest if part.startswith("[")), None)
    for count in range(len(names), 0, -1):
        name = ".".join(names[:count])
        if name in sheet.head.fixed:
            return sheet.head.where(line, sheet.head.fixed[name]), "", ""
        columns = sheet.head.series.get(name)
        if columns:
            column = columns[index] if index is not None and index < len(columns) else next((x for x in columns if x is not None), None)
            if column is not None:
                return sheet.head.where(line, column), "", ""
        keys = sheet.head.keyed.get(name, {})
        column = keys.get(".".join(names[count:]), next(iter(keys.values()), None))
        if column is not None:
            return sheet.head.where(line, column), "", ""
        inside = next((x for known, x in sheet.head.fixed.items() if known.startswith(f"{name}.")), None)
        if inside is not None:
            return sheet.head.where(line, inside), "", ""
    child = next((table.sheet for table in sheet.table.tables if names[:1] == list(table.path)), "")
    own = [x for name, x in sheet.head.fixed.items() if name not in sheet.table.keys]
    kind = sheet.head.fixed.get("kind", min(own, default=0))
    return sheet.head.where(line, kind), ".".join(names), child
