"""What stands in a cell of a history: a date or a number, in the spellings that people's spreadsheets write.

A file has one decimal mark. Cells that can be read in one way only decide which (`1,5` is a comma, `1,234.5` and `0.25` a point); cells that can be read
in two (`1,234`) follow them. Where nothing decides, `1.234` is a point, as everywhere in CSV, and `1,234` is refused rather than guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Mark = Literal["point", "comma"]
FIRST_YEAR, LAST_YEAR = 1800, 2200

_DATES = (
    ("month", re.compile(r"(\d{4})-(\d{2})(?:-(\d{2})(?:[T ]00:00(?::00)?)?)?", re.ASCII)),
    ("quarter", re.compile(r"(\d{4})[ -]?[Qq]([1-4])", re.ASCII)),
    ("year", re.compile(r"(\d{4})", re.ASCII)),
)
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_GROUP_SPACE = re.compile(r"(?<=\d)[ '\u00a0\u2009\u202f\u2019](?=\d{3}(?!\d))")
_SIGN = r"[+-]?"
_FORMS: tuple[tuple[re.Pattern[str], Mark | None, Callable[[str], str]], ...] = (
    (re.compile(rf"{_SIGN}\d+(?:[eE][+-]?\d+)?"), None, str),
    (re.compile(rf"{_SIGN}[1-9]\d{{0,2}}(?:,\d{{3}})+\.\d+"), "point", lambda text: text.replace(",", "")),
    (re.compile(rf"{_SIGN}[1-9]\d{{0,2}}(?:,\d{{3}}){{2,}}"), "point", lambda text: text.replace(",", "")),
    (re.compile(rf"{_SIGN}[1-9]\d{{0,2}}(?:\.\d{{3}})+,\d+"), "comma", lambda text: text.replace(".", "").replace(",", ".")),
    (re.compile(rf"{_SIGN}[1-9]\d{{0,2}}(?:\.\d{{3}}){{2,}}"), "comma", lambda text: text.replace(".", "")),
    (re.compile(rf"{_SIGN}\d*\.\d+(?:[eE][+-]?\d+)?"), "point", str),
    (re.compile(rf"{_SIGN}\d+\."), "point", str),
    (re.compile(rf"{_SIGN}\d*,\d+(?:[eE][+-]?\d+)?"), "comma", lambda text: text.replace(",", ".")),
)
_TWO_WAYS = re.compile(rf"{_SIGN}[1-9]\d{{0,2}}([.,])\d{{3}}")


@dataclass(frozen=True)
class Number:
    """A number as written: its value with a decimal point, and with a decimal comma; `mark` is the only one that it can have, or None."""

    point: float
    comma: float
    mark: Mark | None
    comma_in_doubt: bool = False
    """It reads like `1,234`."""

    def value(self, mark: Mark) -> float:
        """The number under the file's decimal mark."""
        return self.comma if mark == "comma" else self.point


def parse_date(text: str) -> tuple[int, str] | None:
    """(months since year 0, "month" | "quarter" | "year") of YYYY-MM, YYYY-MM-DD, YYYYQn or YYYY; None for anything else."""
    for grain, pattern in _DATES:
        found = pattern.fullmatch(text.strip())
        if found is None:
            continue
        year, part = int(found[1]), int(found[2]) if pattern.groups > 1 else 1
        if not FIRST_YEAR <= year <= LAST_YEAR or (grain == "month" and not 1 <= part <= 12):
            return None
        if grain == "month" and found[3] and not 1 <= int(found[3]) <= _DAYS[part - 1]:
            return None
        return year * 12 + (part - 1) * (3 if grain == "quarter" else 1), grain
    return None


def date_text(month: int, step: int) -> str:
    """How messages write a date: 2019-03, 2019Q1 or 2019, by the months between rows."""
    year, rest = divmod(month, 12)
    return f"{year}" if step == 12 else f"{year}Q{rest // 3 + 1}" if step == 3 else f"{year}-{rest + 1:02d}"


def parse_number(text: str) -> Number | None:
    """The number in a cell; None when there is none (a unit, a percent sign and a currency are no part of a number)."""
    if not text.isascii() and any(c.isdigit() and not c.isascii() for c in text):
        return None
    plain = _GROUP_SPACE.sub("", text.strip()).replace("\u2212", "-")
    if doubtful := _TWO_WAYS.fullmatch(plain):
        whole, small = float(re.sub("[.,]", "", plain)), float(plain.replace(",", "."))
        return Number(whole, small, None, comma_in_doubt=True) if doubtful[1] == "," else Number(small, whole, None)
    for pattern, mark, cleaned in _FORMS:
        if pattern.fullmatch(plain):
            value = float(cleaned(plain))
            return Number(value, value, mark) if abs(value) < float("inf") else None
    return None


def decimal_mark(numbers: Sequence[Number]) -> Mark | None:
    """The decimal mark that a file's numbers agree on; None when they contradict each other, or when one reads like `1,234` and nothing tells how."""
    marks = {number.mark for number in numbers} - {None}
    if len(marks) == 2:
        return None
    if marks:
        return marks.pop()
    return None if any(number.comma_in_doubt for number in numbers) else "point"
