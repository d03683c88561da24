"""Where scenarios differ: paths with the value of each, rows matched by what they are about and not by where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from api.comparison import InputChange

MAX_CHANGES = 200
SHOWN = 8
"""Values of a series that are shown one by one."""
KEYS: tuple[tuple[str, ...], ...] = (
    ("id",), ("site", "product"), ("from_site", "to_site", "product"), ("product", "substitute"), ("offer", "supplier"), ("spot",), ("index",), ("currency",),
    ("kind", "name", "period", "product", "supplier", "site", "offer"), ("product",), ("site",),
)  # fmt: skip
"""What tells rows of a table apart, the first of these that every row has in part and that is not the same twice."""
NOUNS = {
    "sites": "site", "products": "product", "suppliers": "supplier", "offers": "offer", "alternatives": "alternative", "clauses": "clause", "rules": "rule",
    "futures": "future", "indices": "index", "currencies": "currency", "demand": "demand of", "storage": "storage of", "transfers": "transfer",
    "capacity": "capacity of", "capacity_steps": "capacity step", "nodes": "node", "spot": "spot market", "shortage": "shortage of",
    "delivery_cost": "delivery cost to",
}  # fmt: skip


class Nothing:
    """What a document does not say, which is something else than null."""


MISSING, TOLD = Nothing(), Nothing()
"""TOLD: missing with all that it would hold, which was said already."""


def changes(documents: Sequence[Mapping[str, Any]]) -> Iterator[InputChange]:
    """Every place where the documents differ, in the order of the first."""
    yield from _differences("", "", list(documents))


def _differences(path: str, words: str, values: list[Any]) -> Iterator[InputChange]:
    asked = [value for value in values if value is not TOLD]
    if all(_same(value, asked[0]) for value in asked[1:]):
        return
    present = [value for value in values if not isinstance(value, Nothing)]
    holders = all(isinstance(value, dict) for value in present) or (_rows(present) and all(isinstance(value, list) for value in present))
    if not holders or any(value is MISSING for value in values):
        yield InputChange(path=path, words=words, values=[_short(value) for value in values])
    if holders and len(present) > 1:
        inner = [TOLD if value is MISSING else value for value in values]
        yield from _of_objects(path, words, inner) if isinstance(present[0], dict) else _of_tables(path, words, inner)


def _rows(tables: list[Any]) -> bool:
    return any(isinstance(row, dict) for table in tables if isinstance(table, list) for row in table)


def _same(one: Any, other: Any) -> bool:
    return bool((one == other and type(one) is type(other)) or _same_number(one, other))


def _same_number(one: Any, other: Any) -> bool:
    return isinstance(one, int | float) and isinstance(other, int | float) and not isinstance(one, bool) and not isinstance(other, bool) and one == other


def _of_objects(path: str, words: str, values: list[Any]) -> Iterator[InputChange]:
    names = dict.fromkeys(name for value in values if isinstance(value, dict) for name in value)
    for name in names:
        inner = [value.get(name, MISSING) if isinstance(value, dict) else value for value in values]
        yield from _differences(f"{path}.{name}" if path else name, f"{words}, {_plain(name)}" if words else _plain(name), inner)


def _of_tables(path: str, words: str, values: list[Any]) -> Iterator[InputChange]:
    """Rows beside each other that are about the same thing."""
    tables = [value if isinstance(value, list) else [] for value in values]
    key = _key_of(tables)
    absent = [MISSING if isinstance(value, list) else TOLD for value in values]
    named = [{_name(row, i, key): (i, row) for i, row in enumerate(table)} for table in tables]
    noun = NOUNS.get(path.rpartition(".")[2], _plain(path.rpartition(".")[2]))
    lead = words.rpartition(", ")[0]
    for name in dict.fromkeys(name for table in named for name in table):
        at = next(table[name][0] for table in named if name in table)
        what = f"{noun} {_quoted(name)}"
        rows = [table[name][1] if name in table else nothing for table, nothing in zip(named, absent, strict=True)]
        yield from _differences(f"{path}[{at}]", f"{lead}, {what}" if lead else what, rows)


def _key_of(tables: list[list[Any]]) -> tuple[str, ...]:
    """Fields that tell the rows of each table apart; none: only their places do."""
    for key in KEYS:
        if all(_tells_apart(key, table) for table in tables):
            return key
    return ()


def _tells_apart(key: tuple[str, ...], table: list[Any]) -> bool:
    if not all(isinstance(row, dict) and any(row.get(name) is not None for name in key) for row in table):
        return False
    names = [tuple(str(row.get(name)) for name in key) for row in table]
    return len(set(names)) == len(names)


def _name(row: Any, at: int, key: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in key if row.get(name) not in (None, "")) if key else (f"number {at + 1}",)


def _quoted(name: tuple[str, ...]) -> str:
    return ", ".join(part if part.startswith("number ") else f"‘{part.replace('_', ' ')}’" for part in name)


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _short(value: Any) -> Any:
    """A value that can be shown: long lists and objects are told by their size."""
    if isinstance(value, Nothing):
        return None
    if isinstance(value, dict):
        inner = {name: _short(x) for name, x in list(value.items())[:SHOWN]}
        return inner if len(value) <= SHOWN and not any(isinstance(x, dict | list) for x in inner.values()) else "given"
    if isinstance(value, list) and value and all(isinstance(x, int | float) for x in value) and len(value) > SHOWN:
        return f"{len(value)} values, from {value[0]} to {value[-1]}"
    if isinstance(value, list) and (len(value) > SHOWN or any(isinstance(x, dict | list) for x in value)):
        return f"{len(value)} {'row' if len(value) == 1 else 'rows'}"
    return value[:200] if isinstance(value, str) else value
