"""What a scenario workbook says about its columns: units, notes, and the sheet that explains the others."""

from __future__ import annotations

import re
from inspect import cleandoc
from typing import Any

from models.base import Document
from models.descriptions import descriptions_of
from scenarios.workbook_names import SETTINGS
from scenarios.workbook_tables import Column, Table

PER_UNIT = ("price", "cost_per_unit", "terminal_cost_per_unit", "credit_per_unit", "fee_per_unit")
PER_UNIT_OF = ("SiteCost", "Transfer", "Substitution")  # documents whose `cost` is per unit
PER_YEAR = ("cost_per_unit_year", "holding_cost")
OFFERED = ("Alternative", "ProductPrice", "SiteCost", "Offer", "Prepayment", "Reservation")  # documents whose money is in the offer's currency
ONCE = ("Storage.capacity", "Storage.initial")  # volumes that are not per period
UNITS = {
    "Volume": "unit/period", "Share": "share", "Factor": "factor", "Probability": "probability", "Years": "years", "Weeks": "weeks", "Lead": "periods",
    "PerYear": "per year", "Volatility": "per √year", "Duration": "years",
}  # fmt: skip
TYPES = {
    "number": "A number", "whole": "A whole number", "flag": "TRUE or FALSE", "text": "Text", "choice": "One of the list",
    "numbers": "Numbers with semicolons between them", "texts": "Ids or words with semicolons between them",
}  # fmt: skip

GUIDE = (
    "One sourcing question in tables, each on a sheet of its own. Fill the sheets from left to right; what is empty takes its default.",
    "Headers: the field's name, and its unit in [brackets]. Point at a header to read what it means. Don't rename headers or sheets.",
    "A row that belongs to another names it in its first columns: an alternative its offer, a tier its offer and clause.",
    "Series have a column for each period: 'volume 2027'. For more periods add rows to 'periods' and columns elsewhere, named in the same way.",
    "Columns such as 'moves.tight' hold a value for an id; for another id add a column.",
    "A list in one cell has semicolons: site-a; site-b. Shares are fractions: 0.15, or 15% in a cell that is formatted as a percentage.",
    "Formulas are read by the value that they show. Sheets and columns of your own are ignored if their names begin with #.",
    "Sheets that are empty and seldom needed are hidden: right-click on a tab, Unhide.",
    "Check it with `offtake validate FILE.xlsx`; every finding names sheet and cell. Solve it with `offtake solve FILE.xlsx`.",
)


def unit_of(column: Column, currency: str, foreign: bool) -> str:
    """The unit of a column; with foreign currencies about, an offer's money is in the offer's own."""
    field, names = column.path[-1], [x.__name__ for x in column.documents]
    if column.alias == "Money":
        per = "/unit" if field in PER_UNIT or (field == "cost" and names[0] in PER_UNIT_OF) else "/unit/year" if field in PER_YEAR else ""
        return f"{'currency of the offer' if foreign and names[0] in OFFERED else currency}{per}"
    if column.alias == "Volume":
        return "unit" if f"{names[0]}.{field}" in ONCE else UNITS["Volume"]
    if column.holds in ("number", "numbers"):
        return UNITS.get(column.alias, "")
    return ""


def header(column: Column, name: str, currency: str, foreign: bool) -> str:
    """What stands above a column."""
    unit = unit_of(column, currency, foreign)
    return f"{name}\n[{unit}]" if unit else name


def field_named(text: str) -> str:
    """The field's name in what stands above a column."""
    return text.partition("[")[0].strip()


def note_of(column: Column) -> str:
    """What a column means, may hold, and by whom it is used."""
    said = []
    for document in column.documents:
        told = _description(document, column.path[-1])
        if told and told not in said:
            said.append(told)
    if column.holds == "choice":
        said.append(f"One of: {', '.join(column.choices)}.")
    else:
        said.append(f"{TYPES[column.holds]}{f', {column.limits}' if column.limits else ''}{f', named on sheet {column.refers}' if column.refers else ''}.")
    if column.kinds:
        said.append(f"For {'.'.join(column.kind)} {', '.join(column.kinds)}.")
    said.append("Must be given." if column.required and not column.kinds else _default(column))
    return "\n".join(x for x in said if x)


def _default(column: Column) -> str:
    default: Any = column.default
    if default is None or default == "" or isinstance(default, Document | dict) or default == ():
        return ""
    return f"If empty: {'; '.join(map(str, default)) if isinstance(default, tuple) else str(default).upper() if isinstance(default, bool) else default}."


def _description(document: type[Document], field: str) -> str:
    for parent in document.__mro__:
        if issubclass(parent, Document):
            for name, told in parent.model_fields.items():
                if field in (name, told.alias) and name in (known := descriptions_of(parent)):
                    return re.sub(r"\b(None|none|null)\b(?=:| =)", _empty, " ".join(cleandoc(known[name]).split()))
    return ""


def _empty(found: re.Match[str]) -> str:
    """What JSON calls none is an empty cell."""
    return "Empty" if found[0] == "None" else "empty"


def purpose_of(table: Table) -> str:
    """What the rows of a table are, in a line."""
    if table.mapping:
        return f"Values of each {table.columns[0].name} per period, for rows of {_parent(table)}."
    texts = [cleandoc(x.__doc__ or "").partition("\n\n")[0] for x in table.documents]
    if len(texts) > 1:
        return f"One row each, of a kind: {', '.join(x.model_fields['kind'].annotation.__args__[0] for x in table.documents if 'kind' in x.model_fields)}."  # type: ignore[union-attr]
    return re.sub(r"`(\w+): null`", r"An empty `\1`", " ".join(texts[0].split()))


def _parent(table: Table) -> str:
    return " and ".join(table.keys)


def purpose_of_settings(sheet: str) -> str:
    """What a sheet of single values is for."""
    told = {"scenario": "Name, currency, discounting and risk.", "uncertainty": "What is not known: futures, a tree, a generator's settings, or nothing."}
    return told.get(sheet, f"How it is solved and tried: {', '.join(SETTINGS[sheet].split())}.")


def kind_note(table: Table) -> str:
    """What each kind of row means, for the note at `kind`."""
    lines = []
    for document in table.documents:
        if len(table.documents) > 1 and "kind" in document.model_fields:
            kind = document.model_fields["kind"].annotation.__args__[0]  # type: ignore[union-attr]
            lines.append(f"{kind}: {' '.join(cleandoc(document.__doc__ or '').split())}")
    return "\n".join(lines)
