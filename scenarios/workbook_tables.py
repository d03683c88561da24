"""The tables of a scenario workbook, read off the documents: what a field's type is decides how it stands in a sheet.

A single value is a column; a document inside a document gives columns with dotted names (`window.start`); a value per period or per id gives a column
for each (`volume 2027`, `moves.tight`); a list of plain values is one cell (`a; b`); a list of documents is a sheet of its own, whose first columns name
the row it belongs to. So a field that is added to a document has its column without a line here.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic_core import PydanticUndefined

from models import base, generator
from models.base import MAX_PERIODS, Document
from models.scenario import Scenario
from scenarios.workbook_names import KEYS, MAPPINGS, ONE_CELL, OWN, REFERS, SETTINGS, SHEETS

ALIASES = {
    id(get_args(getattr(module, name))[1]): name
    for module, names in (
        (base, "Identifier Name Text Money Volume Share Factor Positive Probability Years Weeks Lead"),
        (generator, "PerYear Volatility Duration"),
    )
    for name in names.split()
}


@dataclass(frozen=True)
class Column:
    """A column of a sheet, or a row of a sheet of settings."""

    path: tuple[str, ...]
    """Where the value stands in a row: ("window", "start")."""
    holds: str
    """number, whole, flag, text, choice, numbers, texts (the last two: a list in one cell)."""
    documents: tuple[type[Document], ...] = ()
    """The documents that have the field."""
    alias: str = ""
    """What the documents call its type: Money, Share, ..."""
    spread: str = ""
    """`period` or `key`: a column for each period, or for each id that is named."""
    choices: tuple[str, ...] = ()
    limits: str = ""
    required: bool = False
    nullable: bool = False
    """A row must say so, if only that there is none."""
    default: Any = None
    kinds: tuple[str, ...] = ()
    """Kinds of clause, rule, process ... that have the field; empty = all."""
    kind: tuple[str, ...] = ()
    """Where the row says of which kind it is."""

    @property
    def name(self) -> str:
        """What the column is called."""
        return ".".join(self.path)

    @property
    def refers(self) -> str:
        """The sheet whose ids it holds."""
        return REFERS.get(self.path[-1], "") if self.alias == "Identifier" and self.holds == "text" else ""


@dataclass(frozen=True)
class Table:
    """A sheet of rows."""

    sheet: str
    path: tuple[str, ...]
    """Where the rows stand in the row (or the scenario) that they belong to."""
    keys: tuple[str, ...]
    """Columns that name the row they belong to."""
    own: tuple[str, ...]
    """Fields by which rows of other sheets name a row of this one."""
    columns: tuple[Column, ...]
    tables: tuple[Table, ...]
    documents: tuple[type[Document], ...]
    plain: bool = False
    """A row may be an id alone."""
    mapping: bool = False
    """Rows are the entries of a mapping."""


@dataclass
class Found:
    """What the fields of a document come to."""

    columns: dict[tuple[str, ...], Column] = field(default_factory=dict)
    tables: dict[tuple[str, ...], tuple[tuple[type[Document], ...], bool, Any]] = field(default_factory=dict)
    """Documents, whether an id alone will do, and the value of a mapping."""

    def column(self, new: Column) -> None:
        """Add a column; where two kinds share a name they share the column."""
        old = self.columns.get(new.path)
        if old is not None:
            whole = {old.holds, new.holds} == {"number", "whole"}
            choices = tuple(dict.fromkeys((*old.choices, *new.choices)))
            kinds = tuple(dict.fromkeys((*old.kinds, *new.kinds)))
            limits = old.limits if old.limits == new.limits else ""
            alias = old.alias if old.alias == new.alias else ""
            documents = tuple(dict.fromkeys((*old.documents, *new.documents)))
            kind = "number" if whole else old.holds
            default = old.default if old.default == new.default else None
            new = replace(
                old,
                holds=kind,
                documents=documents,
                choices=choices,
                kinds=kinds,
                limits=limits,
                alias=alias,
                required=old.required and new.required,
                default=default,
            )
        self.columns[new.path] = new


@cache
def settings() -> Mapping[str, tuple[Column, ...]]:
    """The sheets of single values."""
    named = {name: sheet for sheet, names in SETTINGS.items() for name in names.split()}
    sheets: dict[str, list[Column]] = {sheet: [] for sheet in SETTINGS}
    for column in _found((Scenario,)).columns.values():
        if column.path != ("format",):
            sheets[named.get(column.path[0], "scenario")].append(column)
    return {sheet: tuple(columns) for sheet, columns in sheets.items()}


@cache
def tables() -> tuple[Table, ...]:
    """The tables of a scenario, each with those of its rows."""
    return _tables(_found((Scenario,)), (), ())


def all_tables(among: Sequence[Table] | None = None) -> Iterator[Table]:
    """Every table, parents first."""
    for table in tables() if among is None else among:
        yield table
        yield from all_tables(table.tables)


def _tables(found: Found, where: tuple[str, ...], keys: tuple[str, ...]) -> tuple[Table, ...]:
    return tuple(_table(path, *what, where, keys) for path, what in found.tables.items())


def _table(path: tuple[str, ...], documents: tuple[type[Document], ...], plain: bool, value: Any, where: tuple[str, ...], keys: tuple[str, ...]) -> Table:
    dotted = ".".join((*where, *path))
    sheet = SHEETS.get(dotted, dotted.replace(".", "_")[-31:])
    if value is not None:
        key, name = MAPPINGS[path[-1]]
        columns = (Column((key,), "text", alias="Identifier", required=True), replace(_plain_column((name,), value), spread="period", required=True))
        return Table(sheet, path, keys, (), columns, (), (), mapping=True)
    found = _found(documents)
    below = (*keys, *KEYS.get(sheet, ("id",)))
    return Table(
        sheet, path, keys, OWN.get(sheet, ("id",)), tuple(found.columns.values()), _tables(found, (*where, *path), below), documents, plain=plain
    )  # fmt: skip


def _found(documents: tuple[type[Document], ...]) -> Found:
    """Columns and tables of a document, or of the kinds of a row; its id and kind come first."""
    found = Found()
    for document in documents:
        kinds = (_kind(document),) if len(documents) > 1 and _kind(document) else ()
        _fields(found, document, (), kinds)
    if len(documents) > 1:
        all_kinds = {_kind(document) for document in documents}
        found.columns = {at: replace(x, kinds=()) if set(x.kinds) == all_kinds else x for at, x in found.columns.items()}
        first = [at for at in (("id",), ("kind",)) if at in found.columns]
        found.columns = {at: found.columns[at] for at in (*first, *found.columns)}
    return found


def _kind(document: type[Document]) -> str:
    """The `kind` of a document that has one."""
    told = document.model_fields.get("kind")
    return str(get_args(told.annotation)[0]) if told is not None else ""


def _fields(
    found: Found, document: type[Document], path: tuple[str, ...], kinds: tuple[str, ...] = (), kind: tuple[str, ...] = ("kind",), needed: bool = True
) -> None:
    """Columns and tables of the fields of a document that stands at `path` in a row, and must stand there if it is `needed`."""
    hints = get_type_hints(document, include_extras=True)
    for name, told in document.model_fields.items():
        at = (*path, told.alias or name)
        parts = list(_parts(hints[name]))
        inside = [x for x, _, _ in parts if isinstance(x, type) and issubclass(x, Document)]
        common: dict[str, Any] = {
            "documents": (document,),
            "required": needed and told.is_required() and not (len(inside) < len(parts) > 1),
            "nullable": told.is_required() and type(None) in get_args(hints[name]),
            "default": None if told.default is PydanticUndefined else told.default,
            "kinds": () if at == kind else kinds,
            "kind": kind,
        }
        for part, alias, limits in parts:
            if isinstance(part, type) and issubclass(part, Document):
                own = ((_kind(part),), (*at, "kind")) if len(inside) > 1 else (kinds, kind)
                _fields(found, part, at, *own, needed=needed and told.is_required())
            elif get_origin(part) is dict:
                (value, value_alias, value_limits), *_ = _parts(get_args(part)[1])
                if get_origin(value) is tuple:
                    found.tables[at] = ((), False, get_args(value)[0])
                else:
                    found.column(replace(_plain_column(at, value, value_alias, value_limits), spread="key", **common))
            elif get_origin(part) is tuple:
                _list(found, at, part, limits, common)
            else:
                found.column(replace(_plain_column(at, part, alias, limits), **common))


def _list(found: Found, at: tuple[str, ...], part: Any, limits: tuple[Any, ...], common: dict[str, Any]) -> None:
    """A list: of documents a table, over the periods a column for each, otherwise a cell."""
    items = list(_parts(get_args(part)[0]))
    documents = tuple(x for x, _, _ in items if isinstance(x, type) and issubclass(x, Document))
    if documents:
        known = found.tables.get(at, ((), False, None))
        found.tables[at] = ((*known[0], *(x for x in documents if x not in known[0])), len(items) > len(documents), None)
        return
    column = replace(_plain_column(at, *items[0]), **common)
    if at[-1] not in ONE_CELL and any(getattr(x, "max_length", None) == MAX_PERIODS for x in limits):
        found.column(replace(column, spread="period"))
    else:
        found.column(replace(column, holds="numbers" if column.holds in ("number", "whole") else "texts"))


def _plain_column(path: tuple[str, ...], part: Any, alias: str = "", limits: tuple[Any, ...] = ()) -> Column:
    if get_origin(part) is Annotated:
        (part, alias, limits), *_ = _parts(part)
    if get_origin(part) is Literal:
        return Column(path, "choice", choices=tuple(str(x) for x in get_args(part)))
    return Column(path, {float: "number", int: "whole", bool: "flag", str: "text"}[part], alias=alias, limits=_said(limits))


def _parts(hint: Any) -> Iterator[tuple[Any, str, tuple[Any, ...]]]:
    """What a value may be, each with the name and the limits of its type; None is left out, and so is the literal of a text that may be any id."""
    if get_origin(hint) is Annotated:
        inner, *extras = get_args(hint)
        alias = next((ALIASES[id(x)] for x in extras if id(x) in ALIASES), "")
        limits = tuple(limit for x in extras for limit in getattr(x, "metadata", (x,)))
        for part, known, more in _parts(inner):
            yield part, alias or known, (*limits, *more)
    elif get_origin(hint) in (Union, types.UnionType):
        options = [x for x in get_args(hint) if x is not type(None)]
        plain = [x for x in options if get_origin(x) is not Literal] or options
        for option in plain:
            yield from _parts(option)
    else:
        yield hint, "", ()


def _said(limits: tuple[Any, ...]) -> str:
    """Limits of a number in words."""
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    return ", ".join(
        f"{text} {getattr(x, name):,.12g}" for x in limits for name, text in words.items() if getattr(x, name, None) is not None and getattr(x, name) < 1e12
    )
