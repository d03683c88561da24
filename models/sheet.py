"""The contract sheet: an awarded package in words that two parties could sign, with worked examples.

Tables hold the numbers themselves, as computed; whoever shows them decides on decimals. Money is in the offer's currency. Positive amounts are paid by
the Buyer, negative ones are credited to the Buyer.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from models.base import Document
from models.negotiation import Package

SheetKind = Literal["text", "volume", "price", "money", "share", "number"]
Cell = str | float | None


class SheetColumn(Document):
    """A column of a sheet's table."""

    label: str
    kind: SheetKind = "text"


class SheetTable(Document):
    """A table: raw values, one per column; None where there is nothing to say."""

    title: str
    columns: tuple[SheetColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    @model_validator(mode="after")
    def _filled(self) -> Self:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"table '{self.title}' has a row that does not have one value per column")
        return self


class SheetFact(Document):
    """One line of a sheet's head."""

    label: str
    text: str


class SheetSection(Document):
    """One clause: its text, and what it comes to."""

    number: int
    clause: str
    """Its kind (`take_or_pay`)."""
    heading: str
    wording: str
    examples: SheetTable


class SheetInvoice(Document):
    """What the whole contract bills, period by period, if a share of the committed volume is taken."""

    title: str
    share_taken: float
    volumes: SheetTable
    lines: SheetTable
    total: float
    not_allowed: tuple[str, ...]
    """Which clauses forbid these volumes, and by how much; empty where they are allowed."""


class ContractSheet(Document):
    """An awarded package in plain English."""

    format: Literal["offtake-sheet/1"]
    scenario: str
    package: Package
    offer: str
    title: str
    currency: str
    """Of all money in the sheet."""
    facts: tuple[SheetFact, ...]
    tables: tuple[SheetTable, ...]
    """Prices and volumes, volumes by period where they differ, delivery sites."""
    definitions: tuple[str, ...]
    sections: tuple[SheetSection, ...]
    invoices: tuple[SheetInvoice, ...]
