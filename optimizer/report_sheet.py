"""The faces of a contract sheet: cells as texts, plain text of 80 columns, and what its page and its Word file are made of."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from models.sheet import Cell, ContractSheet, SheetColumn, SheetKind, SheetTable
from optimizer.report_text import MINUS, SPACE
from optimizer.wording import number

WIDTH = 80
INDENT = "    "  # tables are preformatted text to readers of Markdown
GAP = "  "
NARROWEST = 14  # of a column of words that is wrapped
DECIMALS: dict[SheetKind, tuple[int, int]] = {"text": (0, 0), "money": (2, 2), "price": (2, 6), "volume": (0, 4), "share": (0, 4), "number": (0, 6)}
DASH = "–"


@dataclass(frozen=True)
class Shown:
    """A sheet's table as texts, in the form that the pages' grid reads."""

    title: str
    columns: tuple[SheetColumn, ...]
    cells: tuple[tuple[str, ...], ...]
    note: str
    left_out: int = 0
    empty: str = "None."

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        return self.cells


@dataclass(frozen=True)
class Part:
    """A piece of a sheet in the order of reading: a heading (level 1 to 3), paragraphs, a list, a table."""

    level: int = 0
    heading: str = ""
    paragraphs: tuple[str, ...] = ()
    bullets: tuple[str, ...] = ()
    table: Shown | None = None


def shown(table: SheetTable) -> Shown:
    """The table with one number of decimals per column: those that its values need, within what its kind allows."""
    columns = [_texts(column.kind, [row[i] for row in table.rows]) for i, column in enumerate(table.columns)]
    return Shown(table.title, table.columns, tuple(zip(*columns, strict=True)), table.note)


def parts(sheet: ContractSheet) -> tuple[Part, ...]:
    """The whole sheet, top to bottom."""
    found = [Part(level=1, heading=f"Contract sheet: {sheet.title}"), Part(bullets=tuple(f"{x.label}: {x.text.rstrip('.')}." for x in sheet.facts))]
    found += [Part(level=3, heading=x.title, table=shown(x)) for x in sheet.tables]
    found += [Part(level=2, heading="Words used", bullets=sheet.definitions)]
    for x in sheet.sections:
        found.append(Part(level=2, heading=f"{x.number}. {x.heading}", paragraphs=(x.wording,), table=shown(x.examples)))
    found.append(Part(level=2, heading="Sample invoices", paragraphs=(f"All clauses together. Amounts in {sheet.currency}.",)))
    for invoice in sheet.invoices:
        found.append(Part(level=3, heading=invoice.title, paragraphs=invoice.not_allowed, table=shown(invoice.volumes)))
        found.append(Part(table=shown(invoice.lines)))
    return tuple(found)


def text_of(sheet: ContractSheet) -> str:
    """The sheet as plain text of at most 80 columns, which is Markdown as well. Tables too wide for that are written row by row."""
    lines: list[str] = []
    for part in parts(sheet):
        if part.heading:
            lines += ["", f"{'#' * part.level} {part.heading}", ""]
        for paragraph in part.paragraphs:
            lines += [*_wrap(paragraph, WIDTH), ""]
        for bullet in part.bullets:
            lines += textwrap.wrap(bullet, WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
        if part.table is not None:
            lines += ["", *_table(part.table), ""]
            lines += [*_wrap(part.table.note, WIDTH), ""] if part.table.note else []
    squeezed = [line.rstrip() for i, line in enumerate(lines) if line or (i and lines[i - 1])]
    return "\n".join(squeezed).strip() + "\n"


def content(sheet: ContractSheet) -> dict[str, Any]:
    """What the page's template speaks of."""
    return {"sheet": sheet, "shown": shown, "charts": ()}


def _texts(kind: SheetKind, values: Sequence[Cell]) -> list[str]:
    """Values of one column as texts."""
    low, high = DECIMALS[kind]
    scale = 100.0 if kind == "share" else 1.0
    numbers = [scale * value for value in values if isinstance(value, int | float)]
    digits = min(high, max([low, *(len(number(round(x, high)).partition(".")[2]) for x in numbers)]))
    end = f"{SPACE}%" if kind == "share" else ""
    return [DASH if x is None else x if isinstance(x, str) else _signed(scale * x, digits) + end for x in values]


def _signed(value: float, digits: int) -> str:
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text.replace("-", MINUS)


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def _table(table: Shown) -> list[str]:
    """Columns side by side where they fit, otherwise each row as a paragraph."""
    if not table.cells:
        return [INDENT + table.empty]
    room = WIDTH - len(INDENT) - len(GAP) * (len(table.columns) - 1)
    widths = [_width(column, [row[i] for row in table.cells]) for i, column in enumerate(table.columns)]
    for i in sorted((i for i, x in enumerate(table.columns) if x.kind == "text"), key=lambda i: -widths[i]):
        if sum(widths) > room:
            widths[i] = max(min(widths[i], NARROWEST), widths[i] - (sum(widths) - room))
    if sum(widths) > room and len(table.columns) > 1 and sum(widths[1:]) <= room + len(GAP):
        return _grouped(table, widths)
    if sum(widths) > room:
        return _paragraphs(table)
    head = _lines(tuple(column.label for column in table.columns), table, widths)
    rule = INDENT + GAP.join("-" * width for width in widths)
    return [*head, rule, *(line for row in table.cells for line in _lines(row, table, widths))]


def _width(column: SheetColumn, cells: Sequence[str]) -> int:
    """Width of a column: its longest cell, or the longest word of its label."""
    return max(max(map(len, cells)), max(map(len, column.label.split())))


def _lines(cells: Sequence[str], table: Shown, widths: Sequence[int]) -> list[str]:
    """A row as one line or, where words are wrapped, several."""
    wrapped = [_wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
    found = []
    for line in zip_longest(*wrapped, fillvalue=""):
        aligned = [text.ljust(w) if c.kind == "text" else text.rjust(w) for text, w, c in zip(line, widths, table.columns, strict=True)]
        found.append(INDENT + GAP.join(aligned))
    return found


def _grouped(table: Shown, widths: Sequence[int]) -> list[str]:
    """A table that is a little too wide: its first column stands above the rows that it names."""
    inner = Shown(table.title, table.columns[1:], tuple(row[1:] for row in table.cells), "")
    found = [*_lines(tuple(column.label for column in inner.columns), inner, widths[1:]), INDENT + GAP.join("-" * width for width in widths[1:])]
    for row, rest in zip(table.cells, inner.cells, strict=True):
        beside = bool(row[0]) and not rest[0]  # a sum names itself in the empty cell
        found += [INDENT + line for line in _wrap(f"{row[0]}:", WIDTH - len(INDENT))] if row[0] and not beside else []
        found += _lines((row[0], *rest[1:]) if beside else rest, inner, widths[1:])
    return found


def _paragraphs(table: Shown) -> list[str]:
    """Rows of a wide table, each as a list entry that names its values."""
    found: list[str] = []
    for row in table.cells:
        said = [f"{column.label} {cell}" for column, cell in zip(table.columns[1:], row[1:], strict=True) if cell not in ("", DASH)]
        found += textwrap.wrap(f"{row[0] or '(same case)'}: {'; '.join(said)}", WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
    return found
