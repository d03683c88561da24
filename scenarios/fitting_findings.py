"""What can be wrong with a history besides its form: dates that repeat or leave gaps, values that can't be, too little of something.

Each function adds findings to `found`; a path is `row 17, column spot_price:fibre`, where the row is the line of the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from models.errors import Finding
from scenarios.fitting_cells import date_text, parse_date
from scenarios.fitting_history import LEAST_PRICES, LEAST_YEARS, PRICES, STEPS, VOLUMES, Column, yearly_sums
from scenarios.tree import Ints


def check_dates(cells: list[tuple[int, str]], head: str, found: list[Finding]) -> tuple[Ints, int]:
    """Month of every row and the months between rows; what is wrong is added to `found`."""
    column = f"column {head}"
    parsed = [parse_date(text) for _, text in cells]
    for (line, text), date in zip(cells, parsed, strict=True):
        if date is None:
            found.append(Finding(f"row {line}, {column}", f"'{shown(text)}' is not a date that is read; write YYYY-MM, YYYY-MM-DD, YYYYQn or YYYY"))
    grains = Counter(date[1] for date in parsed if date)
    if len(grains) > 1:
        found.append(Finding(column, f"mixes dates of {' and '.join(f'{n} {grain}s' for grain, n in grains.items())}; give every row the same kind of date"))
    if len(parsed) < 2:
        found.append(Finding(column, f"has {len(parsed)} sound row; a history has many"))
    if len(parsed) < 2 or None in parsed or len(grains) > 1:
        return np.zeros(len(parsed), dtype=int), 1
    months = np.array([date[0] for date in parsed if date])
    _duplicates(months, [line for line, _ in cells], column, found)
    gaps = np.diff(np.unique(months))
    step = int(Counter(gaps.tolist()).most_common(1)[0][0]) if len(gaps) else 12
    least = {"month": 1, "quarter": 3, "year": 12}[next(iter(grains))]
    step = max(step, least)
    if step not in STEPS:
        found.append(Finding(column, f"rows are {step} months apart; a history is monthly, quarterly or yearly"))
    elif len(gaps):
        _gaps(np.unique(months), gaps, step, column, found)
    return months, step


def _duplicates(months: Ints, lines: list[int], column: str, found: list[Finding]) -> None:
    by_month: dict[int, list[int]] = {}
    for month, line in zip(months.tolist(), lines, strict=True):
        by_month.setdefault(month, []).append(line)
    twice = {month: where for month, where in by_month.items() if len(where) > 1}
    if len(twice) > len(by_month) / 2:
        first = next(iter(twice.values()))
        found.append(Finding(column, f"has several rows per month (rows {first[0]} and {first[1]}, for instance); average daily or weekly figures to months"))
        return
    for month, where in twice.items():
        found.append(Finding(f"row {where[-1]}, {column}", f"{date_text(month, 1)} has been given in row {where[0]} already; keep one of them"))


def _gaps(months: Ints, gaps: Ints, step: int, column: str, found: list[Finding]) -> None:
    for before, gap in zip(months[:-1].tolist(), gaps.tolist(), strict=True):
        if gap % step:
            text = f"rows are {STEPS[step]}, but {date_text(before + gap, 1)} comes {gap} months after {date_text(before, 1)}"
            found.append(Finding(column, f"{text}; give one row per step"))
        elif gap > step:
            first, last, count = date_text(before + step, step), date_text(before + gap - step, step), gap // step - 1
            missing = f"{first} is missing" if count == 1 else f"{first} to {last} are missing ({count} rows)"
            found.append(Finding(column, f"{missing} from the {STEPS[step]} rows; add them, or begin the history after them"))


def check_values(column: Column, lines: list[int], found: list[Finding]) -> None:
    """Prices are positive, shares are shares; nothing is missing in between."""
    values = column.values
    limits = {"lead_weeks": (0.0, 520.0), "deliverability": (0.0, 1.0)}
    low, high = limits.get(column.kind, (0.0, 1e12))
    for line, value in zip(lines, values.tolist(), strict=True):
        path = f"row {line}, column {column.name}"
        if value <= 0 and column.kind in PRICES:
            found.append(Finding(path, f"is {value:g}; a price, an index and a rate must be positive (leave the cell empty where none was recorded)"))
        elif not low <= value <= high and not np.isnan(value):
            share = " (a share of 1: 0.85, not 85)" if column.kind == "deliverability" else ""
            found.append(Finding(path, f"is {value:g}; must be between {low:g} and {high:g}{share}"))
    known = np.flatnonzero(~np.isnan(values))
    if len(known):
        for k in np.flatnonzero(np.isnan(values[known[0] : known[-1] + 1])) + known[0]:
            found.append(Finding(f"row {lines[k]}, column {column.name}", "is empty between recorded values; fill it in, or begin the column after it"))


def check_span(column: Column, lines: list[int], step: int, found: list[Finding]) -> None:
    """There is enough to say anything from."""
    count = int((~np.isnan(column.values)).sum())
    if column.kind in PRICES and count < LEAST_PRICES:
        found.append(Finding(f"column {column.name}", f"has {count} values; at least {LEAST_PRICES} are needed to tell how it moves"))
    if column.kind in VOLUMES:
        if count * step < LEAST_YEARS * 12:
            years = count * step / 12
            found.append(Finding(f"column {column.name}", f"covers {years:.3g} years; at least {LEAST_YEARS} are needed (two changes from year to year)"))
        elif (yearly_sums(column.values, 12 // step) <= 0).any():
            k = int(np.flatnonzero(yearly_sums(column.values, 12 // step) <= 0)[0])
            found.append(Finding(f"column {column.name}", f"is 0 over the year that ends in row {lines[k]}; growth can't be told from nothing"))
    if column.kind not in PRICES + VOLUMES and count == 0:
        found.append(Finding(f"column {column.name}", "is empty; remove it"))


def check_twice(columns: Iterable[Column], found: list[Finding]) -> None:
    """A product's demand is given in total or by site, not both."""
    columns = list(columns)
    by_site = {column.id.partition("/")[2] for column in columns if column.kind == "volume"}
    for column in columns:
        if column.kind == "demand" and column.id in by_site:
            found.append(Finding(f"column {column.name}", f"is given by site as well (volume:SITE/{column.id}); keep the one or the other"))


def check_shared(columns: Iterable[Column], step: int, found: list[Finding]) -> None:
    """Volumes are known together for long enough to tell what they share."""
    volumes = [column for column in columns if column.kind in VOLUMES]
    if len(volumes) > 1:
        both = int((~np.isnan([column.values for column in volumes]).any(axis=0)).sum())
        if both * step < LEAST_YEARS * 12:
            shortest = min(volumes, key=lambda column: int((~np.isnan(column.values)).sum()))
            text = f"all volumes are known together for {both * step / 12:.3g} years only; at least {LEAST_YEARS} are needed"
            found.append(Finding(f"column {shortest.name}", f"{text}. Remove the columns that began too late or ended too early"))


def shown(text: str) -> str:
    """A cell as messages show it: printable, and not too much of it."""
    printable = "".join(c if c.isprintable() else "?" for c in text[:40])
    return printable + ("..." if len(text) > 40 else "")
