"""Values of a document and the cells they stand in. What a cell can't be is said without repeating what it holds."""

from __future__ import annotations

import json
import math
import re
from datetime import date, datetime, time, timedelta
from typing import Any, NoReturn

from scenarios.workbook_tables import Column

Cell = str | float | bool | None
"""What is written into a cell; None leaves it empty."""
MAX_CELL = 32_767  # characters that a cell of Excel holds
EXACT = 2**53  # whole numbers beyond this are no longer told apart
NUMBER = "must be a number"
COMMA = "is text with a comma in it; enter it as a number, the way your Excel writes numbers (a decimal comma is then one in your language only)"
AS_TEXT = "is a number stored as text; set the cell's format to General and enter it again, or use Data > Text to Columns"
A_DATE = "is a date, which Excel makes of what looks like one; set the cell's format to {form} and enter it again"
_UNSAFE = re.compile("[\ufffe\uffff]")
_LIST = re.compile(r"[;,\n\"\[\]]|^\s|\s$|^$")


class Unfit(ValueError):
    """A cell that does not hold what its column is for; the text says what to do."""


# --- Out ----------------------------------------------------------------------------------------------------------------------------------------


def to_cell(column: Column, value: Any) -> Cell:
    """The cell in which a value (as JSON has it) stands."""
    if value is None or column.holds in ("number", "whole", "flag"):
        found: Cell = value
        return found
    if column.holds == "numbers":
        return value[0] if len(value) == 1 else "; ".join(map(repr, value)) or "[]"
    if column.holds == "texts":
        return json.dumps(value) if not value or any(_LIST.search(x) for x in value) else "; ".join(value)
    return (None if column.default == "" else '""') if value == "" else _quoted(value)


def _quoted(text: str) -> str:
    """A text, in JSON's quotation marks where it could not be told from one that is, or where XML can't hold it."""
    return json.dumps(text) if _UNSAFE.search(text) or _unquoted(text) is not None else text


def _unquoted(text: str) -> str | None:
    """What stands between JSON's quotation marks; None where there are none."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return None
    try:
        found = json.loads(text)
        found.encode()
    except (ValueError, AttributeError):  # also half of a surrogate pair, which is no text
        return None
    return str(found)


# --- In -----------------------------------------------------------------------------------------------------------------------------------------


def is_empty(raw: Any) -> bool:
    """Whether a cell holds nothing, or nothing that shows."""
    return raw is None or (isinstance(raw, str) and not raw.strip())


def from_cell(column: Column, raw: Any) -> Any:
    """The value (as JSON has it) in a cell; None for an empty one. Raises Unfit."""
    if type(raw) is float and column.holds in ("number", "whole"):
        return _number(raw)
    plain = column.alias in ("Name", "Text") and column.holds == "text"
    if raw is None or raw == "" or (is_empty(raw) and not plain):
        return None
    if isinstance(raw, (date, datetime, time, timedelta)):
        raise Unfit(A_DATE.format(form="Number" if column.holds in ("number", "whole", "numbers") else "Text"))
    if column.holds in ("number", "whole"):
        return _number(raw)
    if column.holds == "flag":
        return _flag(raw)
    if column.holds == "numbers":
        return _numbers(raw)
    if column.holds == "texts":
        return _texts(raw)
    text = _text(raw)
    if plain:
        unquoted = _unquoted(text)
        return text if unquoted is None else unquoted
    text = text.strip()
    return text.lower() if column.holds == "choice" and text.lower() in column.choices else text


def _number(raw: Any) -> float:
    if isinstance(raw, bool):
        raise Unfit(f"{NUMBER}, and is TRUE or FALSE")
    if isinstance(raw, str):
        raise Unfit(_why(raw))
    if not math.isfinite(raw):
        raise Unfit("must be a finite number")
    return int(raw) if abs(raw) < EXACT and raw == int(raw) else float(raw)


def _why(text: str) -> str:
    """Why a text is no number."""
    dense = re.sub(r"[\s_'’]", "", text)
    if re.fullmatch(r"[+-]?[\d.,]*\d[\d.,]*%?", dense) and "," in dense:
        return COMMA
    return AS_TEXT if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?%?", dense) else f"{NUMBER}, and is text"


def _flag(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.strip().lower() in ("true", "false"):
        return raw.strip().lower() == "true"
    raise Unfit("must be TRUE or FALSE")


def _text(raw: Any) -> str:
    if isinstance(raw, bool):
        raise Unfit("must be text, and is TRUE or FALSE; set the cell's format to Text and enter it again")
    if isinstance(raw, (int, float)):
        if not math.isfinite(raw):
            raise Unfit("must be text")
        return str(int(raw)) if raw == int(raw) else repr(raw)
    return str(raw)


def _listed(text: str) -> list[Any] | None:
    """A list written as JSON; None where it is not."""
    if not text.lstrip().startswith("["):
        return None
    try:
        found = json.loads(text, parse_constant=_no_constant)
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    if isinstance(found, list) and any(isinstance(x, (list, dict)) for x in found):
        raise Unfit("must be a plain list, without lists inside")
    return found if isinstance(found, list) else None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _numbers(raw: Any) -> list[Any]:
    if not isinstance(raw, str):
        return [_number(raw)]
    written = _listed(raw)
    if written is not None:
        return [_number(x) if isinstance(x, (int, float)) and not isinstance(x, bool) else x for x in written]
    found = []
    for part in raw.split(";"):
        try:
            value = float(part)
        except ValueError:
            raise Unfit(COMMA if "," in part else "must be numbers with semicolons between them: 0.05; 0.1") from None
        found.append(_number(value))
    return found


def _texts(raw: Any) -> list[Any]:
    text = _text(raw)
    written = _listed(text)
    if written is not None:
        return written
    return [part.strip() for part in re.split(r"[;\n]" if ";" in text else r"[,\n]", text) if part.strip()]
