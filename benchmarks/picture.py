"""Charts with two logarithmic axes as plain SVG: small enough for the repository, readable without a script or a network."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import ceil, floor, log10

WIDTH, HEIGHT = 1080, 470
LEFT, TOP, BOTTOM, BETWEEN, RIGHT = 62, 96, 58, 190, 128  # BETWEEN and RIGHT leave room for the names at the ends of the lines
INK, FAINT, PAPER = "#1f2933", "#d9dee3", "#ffffff"
COLOURS = ("#1f2933", "#0b6e99", "#c4520c", "#4f7f2b", "#8a4fa3", "#9a7d0a", "#7a7a7a")  # the first for the total
APART = 15.0  # pixels between names


@dataclass(frozen=True)
class Line:
    """One line: points (x, y) with y > 0, a name at its end, dashed for what is only a comparison."""

    name: str
    points: tuple[tuple[float, float], ...]
    colour: str
    dashed: bool = False


@dataclass(frozen=True)
class Panel:
    """One pair of axes and its lines."""

    title: str
    x: str
    lines: tuple[Line, ...]


def picture(title: str, subtitle: str, panels: tuple[Panel, ...]) -> str:
    """The picture as one SVG text. The title states the finding."""
    room = (WIDTH - LEFT - RIGHT - BETWEEN * (len(panels) - 1)) / len(panels)
    drawn = [_panel(panel, LEFT + i * (room + BETWEEN), room) for i, panel in enumerate(panels)]
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="{INK}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%" fill="{PAPER}"/>',
        f'<text x="16" y="30" font-size="17" font-weight="600">{escape(title)}</text>',
        f'<text x="16" y="51" fill="#52606d">{escape(subtitle)}</text>',
    ]
    return "\n".join([*head, *drawn, "</svg>"]) + "\n"


def _panel(panel: Panel, left: float, room: float) -> str:
    points = [point for line in panel.lines for point in line.points]
    (x0, x1), (y0, y1) = (_decades([point[i] for point in points], whole=bool(i)) for i in (0, 1))
    bottom = HEIGHT - BOTTOM

    def at(x: float, y: float) -> tuple[float, float]:
        return left + room * (log10(x) - x0) / (x1 - x0), bottom - (bottom - TOP) * (log10(y) - y0) / (y1 - y0)

    parts = [f'<text x="{left:.1f}" y="{TOP - 16}" font-weight="600">{escape(panel.title)}</text>']
    for power in range(ceil(y0), floor(y1) + 1):
        y = at(10**x0, 10.0**power)[1]
        parts.append(f'<line x1="{left:.1f}" x2="{left + room:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{FAINT}"/>')
        parts.append(f'<text x="{left - 8:.1f}" y="{y + 4:.1f}" text-anchor="end" fill="#52606d">{10.0**power:,.10g}</text>')
    for x in sorted({point[0] for point in points}):
        spot = at(x, 10**y0)[0]
        parts.append(f'<line x1="{spot:.1f}" x2="{spot:.1f}" y1="{bottom}" y2="{bottom + 5}" stroke="{INK}"/>')
        parts.append(f'<text x="{spot:.1f}" y="{bottom + 19}" text-anchor="middle" fill="#52606d">{x:,.0f}</text>')
    parts.append(f'<line x1="{left:.1f}" x2="{left + room:.1f}" y1="{bottom}" y2="{bottom}" stroke="{INK}"/>')
    parts.append(f'<text x="{left + room / 2:.1f}" y="{bottom + 40}" text-anchor="middle" fill="#52606d">{escape(panel.x)}</text>')
    places = _spread([at(*line.points[-1])[1] for line in panel.lines])
    for line, place in zip(panel.lines, places, strict=True):
        spots = [at(*point) for point in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        dash = ' stroke-dasharray="5 4"' if line.dashed else ""
        parts.append(f'<polyline points="{path}" fill="none" stroke="{line.colour}" stroke-width="2"{dash}/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{line.colour}"/>' for x, y in spots]
        parts.append(f'<text x="{spots[-1][0] + 9:.1f}" y="{place + 4:.1f}" fill="{line.colour}">{escape(line.name)}</text>')
    return "\n".join(parts)


def _decades(values: list[float], whole: bool) -> tuple[float, float]:
    """Ends of a logarithmic axis: whole powers of ten, or just the values; never of no length."""
    low, high = log10(min(values)), log10(max(values))
    if whole:
        low, high = float(floor(low)), float(ceil(high))
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _spread(places: list[float]) -> list[float]:
    """Heights of the names, moved down so far that they do not lie on each other, and up again where they would leave the panel."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    found = list(places)
    for before, here in pairwise(order):
        found[here] = max(found[here], found[before] + APART)
    over = max(found, default=0.0) - (HEIGHT - BOTTOM)
    return [place - max(over, 0.0) for place in found]
