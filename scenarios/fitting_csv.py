"""A history of a market as a CSV file: one row per month, quarter or year, one column per thing that was recorded.

    date,     spot_price:fibre, available:fibre, lead_weeks:fibre, volume:ashburn/cable, demand:cable, index:glass, fx:EUR, deliverability:maker
    2016-01,  17.2,             31000,           9,                1200,                 5400,         1.02,        1.09,   1

Reading is strict, and everything wrong is reported at once with its row (the line of the file) and column. A column may begin later or end earlier than
the others; inside it nothing may be missing, because a change over a gap is not a change over one step.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NoReturn

import numpy as np

from models.errors import Finding, InvalidScenario
from scenarios.fitting_cells import Number, decimal_mark, parse_number
from scenarios.fitting_findings import check_dates, check_shared, check_span, check_twice, check_values, shown
from scenarios.fitting_history import KINDS, Column, History
from scenarios.tree import Floats

MAX_BYTES = 8 * 1024 * 1024
MAX_ROWS = 2_400  # two hundred years of months
MAX_COLUMNS = 200
DATE_HEADS = ("date", "month", "quarter", "year", "period")
_ID = r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,79}"


def read_history(raw: bytes) -> History:
    """The history in a CSV file. Raises InvalidScenario with every finding."""
    rows, lines = _rows(raw)
    found: list[Finding] = []
    date_at, heads = _heads(rows[0], found)
    sound = _width(rows, lines, found)
    months, step = check_dates([(lines[i], rows[i][date_at]) for i in range(1, len(rows)) if len(rows[i]) > date_at], rows[0][date_at], found)
    cells = _numbers([(lines[i], rows[i]) for i in sound], heads, found)
    if found:
        _refuse(found)
    order = np.argsort(months, kind="stable")
    lined = [lines[sound[k]] for k in order]
    columns = []
    for (_, kind, name), values in zip(heads, cells, strict=True):
        column = Column(kind, name, values[order])
        check_values(column, lined, found)
        check_span(column, lined, step, found)
        columns.append(column)
    check_twice(columns, found)
    if not found:
        check_shared(columns, step, found)
    if found:
        _refuse(found)
    return History(tuple(int(months[k]) for k in order), step, tuple(columns))


def _refuse(found: Sequence[Finding]) -> NoReturn:
    raise InvalidScenario(list(found), "history")


def _rows(raw: bytes) -> tuple[list[list[str]], list[int]]:
    """Cells of every row that is not blank, the head first, and the rows' line numbers."""
    if len(raw) > MAX_BYTES:
        _refuse([Finding("", f"the file has {len(raw) / 1e6:,.1f} MB; at most {MAX_BYTES / 1e6:,.1f} MB are read. Average to months first")])
    if raw[:2] == b"PK":
        _refuse([Finding("", "this is an Excel workbook (or another ZIP archive), not CSV; save the sheet as CSV (UTF-8)")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse([Finding("", f"the text is not UTF-8 (byte {error.start:,}); save it as CSV UTF-8")])
    if not text.strip():
        _refuse([Finding("", "the file is empty")])
    if text.lstrip()[0] in "{[":
        _refuse([Finding("", "this is JSON, not CSV; give a table with a date column and one column per series")])
    head = next(line for line in text.splitlines() if line.strip())
    delimiter = max(";\t,", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, lines = [], []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append([cell.strip() for cell in row])
                lines.append(reader.line_num)
            if len(rows) > MAX_ROWS + 1:
                _refuse([Finding("", f"there are more than {MAX_ROWS:,} rows; average to months first")])
    except csv.Error as error:
        _refuse([Finding(f"row {reader.line_num}", f"this is not CSV: {error}")])
    if len(rows) < 2:
        _refuse([Finding("", "there is a head but no rows below it")])
    return rows, lines


def _heads(row: list[str], found: list[Finding]) -> tuple[int, list[tuple[int, str, str]]]:
    """Where the dates stand, and (position, kind, id) of every series."""
    dates = [i for i, head in enumerate(row) if head.lower() in DATE_HEADS]
    if len(dates) != 1:
        said = "has no date column; head it `date`" if not dates else f"has {len(dates)} date columns; keep one"
        _refuse([Finding("head", f"{said} (dates as YYYY-MM, YYYY-MM-DD, YYYYQn or YYYY)")])
    if len(row) > MAX_COLUMNS + 1:
        _refuse([Finding("head", f"has {len(row) - 1:,} columns; at most {MAX_COLUMNS} are fitted together")])
    heads: list[tuple[int, str, str]] = []
    for i, head in enumerate(row):
        if i == dates[0]:
            continue
        kind, _, name = (part.strip() for part in head.partition(":"))
        path = f"column {shown(head) or i + 1}"
        if kind not in KINDS:
            close = get_close_matches(kind, KINDS, n=1)
            known = ", ".join(f"{k}:{what}" for k, what in KINDS.items())
            hint = f"; did you mean `{close[0]}:`?" if close else "."
            found.append(Finding(path, f"is not known{hint} Columns are date, {known}; remove what is something else"))
        elif not re.fullmatch(f"{_ID}/{_ID}" if kind == "volume" else _ID, name):
            found.append(Finding(path, f"must be written {kind}:{KINDS[kind]}, with the id that the scenario uses (letters, digits, `_`, `-`, `.`)"))
        elif (kind, name) in {(k, n) for _, k, n in heads}:
            found.append(Finding(path, "appears twice; keep one"))
        else:
            heads.append((i, kind, name))
    if not heads and not found:
        found.append(Finding("head", "names no series; add a column such as spot_price:SPOT"))
    return dates[0], heads


def _width(rows: list[list[str]], lines: list[int], found: list[Finding]) -> list[int]:
    """Positions of the rows that have as many cells as the head."""
    wide = len(rows[0])
    sound = [i for i in range(1, len(rows)) if len(rows[i]) == wide]
    for i in range(1, len(rows)):
        if len(rows[i]) != wide:
            text = f"has {len(rows[i])} cells, the head has {wide}; numbers with decimal commas need `;` between columns, or quotes"
            found.append(Finding(f"row {lines[i]}", text))
    return sound


def _numbers(rows: list[tuple[int, list[str]]], heads: list[tuple[int, str, str]], found: list[Finding]) -> list[Floats]:
    """The series as numbers, NaN where a cell is empty; the decimal mark is the file's."""
    parsed: list[list[Number | None]] = []
    for i, kind, name in heads:
        series = [parse_number(row[i]) if row[i] else None for _, row in rows]
        for (line, row), number in zip(rows, series, strict=True):
            if row[i] and number is None:
                hint = "; leave units out" if any(c.isdigit() for c in row[i]) else "; leave the cell empty where nothing was recorded"
                found.append(Finding(f"row {line}, column {kind}:{name}", f"'{shown(row[i])}' is not a number{hint}"))
        parsed.append(series)
    numbers = [number for series in parsed for number in series if number]
    mark = decimal_mark(numbers)
    if mark is None:
        _contradictions(rows, heads, parsed, found)
        return []
    return [np.array([np.nan if number is None else number.value(mark) for number in series]) for series in parsed]


def _contradictions(rows: list[tuple[int, list[str]]], heads: list[tuple[int, str, str]], parsed: list[list[Number | None]], found: list[Finding]) -> None:
    """Say which cells disagree about the decimal mark, or can be read in two ways."""
    marks = Counter(number.mark for series in parsed for number in series if number and number.mark)
    rarer = marks.most_common()[-1][0] if marks else None
    for (i, kind, name), series in zip(heads, parsed, strict=True):
        for (line, row), number in zip(rows, series, strict=True):
            if number is None or not (number.mark == rarer if rarer else number.comma_in_doubt):
                continue
            cell = f"'{shown(row[i])}'"
            if rarer:
                text = f"{cell} has a decimal {rarer}, other cells of the file the opposite; use one of them throughout"
            else:
                text = f"{cell} can be read as {number.point:,.0f} or as {number.comma:g}; write it without thousands separators and with a decimal point"
            found.append(Finding(f"row {line}, column {kind}:{name}", text))
