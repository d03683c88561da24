"""Frontiers as text for a terminal: sentences first, then the points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from api.page import MoneyScale, Page, figure

if TYPE_CHECKING:
    from models.frontier import Frontier, FrontierCurve, FrontierPoint


def print_frontier(found: Frontier, console: Console) -> None:
    """Print frontiers by themselves."""
    page = Page(console)
    page.heading(found.scenario or "Frontier")
    frontier_body(found, page)


def frontier_section(found: Frontier, page: Page) -> None:
    """The section of a plan's report."""
    page.heading("What less risk costs")
    frontier_body(found, page)


def frontier_body(found: Frontier, page: Page) -> None:
    """Sentences, a table for each frontier, notes."""
    for sentence in found.sentences:
        page.say(sentence, mark="•")
    for curve in found.curves:
        if len(curve.points) > 1:
            _table(found, curve, page)
    for note in found.notes:
        page.say(note, style="dim")
    audited, worst = sum(curve.audited for curve in found.curves), max(curve.largest_violation for curve in found.curves)
    page.say(f"{found.futures:,} futures; {audited} plans audited, largest violation {worst:.1e}; {found.seconds:,.1f} s.", style="dim")


def _table(found: Frontier, curve: FrontierCurve, page: Page) -> None:
    money = MoneyScale.fitting(found.currency, max(abs(p.cvar) for p in curve.points))
    cvar = curve.risk == "cvar"
    name = f"worst {100 * found.tail:g} %" if cvar else f"shortage{f', {curve.unit}' if curve.unit else ''}"
    page.heading(f"Expected cost against {'the ' if cvar else 'expected '}{name}; {money.unit}")
    columns = ("", "Cost", "Worst futures" if cvar else "Shortage", "No plan below", "Gap, %", "Committed")
    heads = [*((name, "right") for name in columns), ("Signs", "left")]
    rows = [_row(i, p, before, curve, money) for i, (p, before) in enumerate(zip(curve.points, (None, *curve.points), strict=False), 1)]
    page.table(heads, rows, limit=max(len(rows), 1))


def _row(i: int, point: FrontierPoint, before: FrontierPoint | None, curve: FrontierCurve, money: MoneyScale) -> tuple[str, ...]:
    mark = "▸" if curve.given == i - 1 else ""
    risk = money.cell(point.cvar) if curve.risk == "cvar" else figure(point.expected_shortage)
    gap = "0" if point.gap < 1e-9 else "<0.01" if point.gap < 5e-5 else f"{100 * point.gap:.2f}"
    least = "–" if point.least_cost is None else money.cell(point.least_cost)
    committed = figure(sum(x.volume for x in point.award))
    return (f"{mark}{i}", money.cell(point.expected_cost), risk, least, gap, committed, _signs(point, before))


def _signs(point: FrontierPoint, before: FrontierPoint | None) -> str:
    """What is signed, or how that differs from the point above."""
    mine = list(dict.fromkeys(x.offer for x in point.award))
    if before is None:
        return ", ".join(mine) or "nothing"
    theirs = [x.offer for x in before.award]
    changes = [f"+ {x}" for x in mine if x not in theirs] + [f"− {x}" for x in dict.fromkeys(theirs) if x not in mine]
    return ", ".join(changes) or "the same"
