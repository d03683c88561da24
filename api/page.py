"""A page of text on a terminal: figures as people read them, headings, paragraphs and tables in one width.

Everything is printed through `rich.text.Text`, never through markup, and is cleaned of control characters: names come from documents.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

MAX_ROWS = 40
MAX_WIDTH = 100


def clean(text: str) -> str:
    """`text` without control and direction-changing characters, which could redraw a terminal."""
    return "".join("?" if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c != "\n" else c for c in text)


def figure(value: float) -> str:
    """A plain number with thousands separators and as many decimals as its size deserves."""
    size = abs(value)
    if size >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.1f}" if size >= 100 else f"{value:,.2f}" if size >= 0.01 else f"{value:.2g}"


def percent(share: float) -> str:
    """A share in percent: `63.1 %`, `1.25 %`, `0.008 %`. Little is not shown as nothing, nor almost all as all."""
    value = 100 * share
    size = abs(value)
    if size < 1e-10:
        return "0 %"
    if size < 5e-5:
        return "<0.0001 %"
    if 99.995 <= size < 100:
        return ">99.99 %"
    digits = 2 if 99.95 <= size < 100 else 1 if size >= 9.995 else 2 if size >= 0.095 else 4 if size < 0.001 else 3
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".") + " %"


@dataclass(frozen=True)
class MoneyScale:
    """One unit of money for a whole report, so that its figures can be compared at a glance."""

    currency: str
    divisor: float
    word: str
    digits: int

    @classmethod
    def fitting(cls, currency: str, largest: float) -> MoneyScale:
        """The scale for amounts up to `largest`."""
        if largest >= 1e7:
            return cls(currency, 1e6, " million", 2)
        return cls(currency, 1.0, "", 0 if largest >= 1000 else 2)

    @property
    def unit(self) -> str:
        """For column heads: `USD million`."""
        return f"{self.currency}{self.word}"

    def cell(self, amount: float) -> str:
        """The number alone, for a column whose head names the unit."""
        shown = f"{amount / self.divisor:,.{self.digits}f}"
        if self.rounded(amount) != 0:
            return shown
        least = f"{10.0**-self.digits:.{self.digits}f}"
        return f"{0:.{self.digits}f}" if abs(amount) < 1e-6 * self.divisor else f"<{least}" if amount > 0 else f">-{least}"

    def rounded(self, amount: float) -> float:
        """`amount` in this unit, with as many digits as are shown."""
        return round(amount / self.divisor, self.digits)

    def text(self, amount: float) -> str:
        """The amount with its unit, for a sentence."""
        return f"{self.currency} {self.cell(amount)}{self.word}"


class Page:
    """A console seen as a page: headings, paragraphs and tables in one width."""

    def __init__(self, console: Console) -> None:
        self._console, self.width = console, min(console.width, MAX_WIDTH)

    def heading(self, text: str) -> None:
        line = Text(clean(text), style="bold")
        line.append(" " + "─" * max(0, self.width - len(line) - 1), style="dim")
        self.draw(Text())
        self.draw(line)

    def say(self, text: str, style: str = "", mark: str = "") -> None:
        """A paragraph, indented; `mark` hangs in the indent."""
        grid = Table.grid(padding=0)
        grid.add_column(width=2)
        grid.add_column(overflow="fold")
        grid.add_row(Text(mark, style=style), Text(clean(text), style=style))
        self.draw(grid)

    def table(self, columns: list[tuple[str, str]], rows: Sequence[tuple[str, ...]], total: tuple[str, ...] = (), limit: int = MAX_ROWS) -> None:
        """Rows under heads; a column is (head, "left" | "right"). Beyond `limit` the rest is counted."""
        shown = [tuple(clean(cell) for cell in row) for row in rows[:limit]]
        drawn = Table(
            box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold", show_footer=bool(total), footer_style="bold"
        )
        heads = [clean(head) for head, _ in columns]
        widths = fitting_widths(heads, [*shown, total] if total else shown, self.width - 2 - 2 * (len(columns) - 1))
        for i, (_, justify) in enumerate(columns):
            drawn.add_column(Text(heads[i]), Text(total[i]) if total else "", justify=justify, overflow="fold", width=widths[i])  # type: ignore[arg-type]
        for row in shown:
            drawn.add_row(*map(Text, row))
        self.draw(Padding(drawn, (0, 0, 0, 2)))
        if len(rows) > limit:
            self.say(f"and {len(rows) - limit:,} more rows, all of them in the plan file", style="dim")

    def draw(self, what: Text | Table | Padding) -> None:
        """Print in the page's width."""
        self._console.print(what, width=self.width, highlight=False)


def fitting_widths(heads: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """Widths of columns that together take at most `room`: first so much that no word is broken, then lines as few as can be.

    rich shrinks the widest column first, and so cuts ids and numbers in two while there is room beside them.
    """
    cells = [[head, *(row[i] for row in rows)] for i, head in enumerate(heads)]
    widths = [max(len(word) for cell in column for word in cell.split() or [""]) or 1 for column in cells]
    while sum(widths) > room and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    for first in (1, 0):  # room goes to the cells, and what is left to the heads
        wanted = [max((len(cell) for cell in column[first:]), default=1) for column in cells]
        while sum(widths) < room:
            short = [want / width for want, width in zip(wanted, widths, strict=True)]
            if max(short) <= 1:
                break
            widths[short.index(max(short))] += 1
    return widths
