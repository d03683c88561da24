"""Answers of the negotiation desk as text for a terminal: sentences first, then tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from api.page import Page

if TYPE_CHECKING:
    from models.scenario import Scenario
    from optimizer.report import NegotiationFound as Found


def print_answer(found: Found, scenario: Scenario, console: Console) -> None:
    """Print an answer, part by part."""
    from optimizer.report import told_negotiation

    page = Page(console)
    for part in told_negotiation(found, scenario):
        page.heading(part.heading)
        for sentence in part.sentences:
            page.say(sentence, mark="•")
        for table in part.tables:
            page.heading(table.title)
            if table.rows:
                columns = [(column.label, "left" if column.kind == "text" else "right") for column in table.columns]
                page.table(columns, table.cells)
            else:
                page.say(table.empty)
            if table.note:
                page.say(table.note, style="dim")
