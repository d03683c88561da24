"""The scenario form as data: sections, and in each of them tables, fields and cards, read off the JSON schema of a scenario.

Nothing of a scenario is named here but the order of the sections and the units that a schema can't say. A field that is added to the documents appears
in the form by itself; what is too deep for a table is edited as JSON in its place.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from api.form_units import unit_of
from models.scenario import Scenario

Schema = dict[str, Any]
Part = dict[str, Any]

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Basics", ("name", "description", "currency", "discount_rate")),
    ("Periods, sites and products", ("periods", "sites", "products")),
    ("Demand", ("demand", "shortage")),
    ("Suppliers", ("suppliers",)),
    ("Offers", ("offers",)),
    ("Spot markets, indices and currencies", ("spot", "indices", "currencies", "tariffs")),
    ("Storage, transfers and substitution", ("storage", "transfers", "substitutions")),
    ("Business rules", ("rules",)),
    ("Risk and what may happen", ("risk", "uncertainty")),
    ("How to solve, frontier and stress", ("solve", "frontier", "stress")),
)
ELSEWHERE = "Everything else"
OWN_TABLES = {"suppliers", "offers", "spot", "shortage", "uncertainty.futures"}
"""Tables whose rows hold tables that are worth a table of their own below; in others they are a cell of JSON."""
WINDOW = {"shape"}
"""Series over the periods of an offer's window, not over the scenario's."""
FIXED = {"format"}
REFERS = {
    "site": "site", "from_site": "site", "to_site": "site", "product": "product", "substitute": "product", "supplier": "supplier", "offer": "offer",
    "needs": "offer", "spot": "spot", "index": "index", "period": "period", "start": "period", "from_period": "period", "sign": "period",
    "sites": "site", "products": "product", "offers": "offer",
}  # fmt: skip
TITLES = {
    "fx": "exchange rates", "spot": "spot markets", "solve": "how to solve", "id": "ID", "in": "measured in", "time_limit_seconds": "time limit",
    "cost_per_unit_year": "cost per unit and year", "max_nonzeros": "largest model",
}  # fmt: skip
SIMPLE = {"string": "text", "number": "number", "integer": "integer", "boolean": "boolean"}


@cache
def form_sections() -> tuple[dict[str, Any], ...]:
    """Sections in their order, each with a title and its parts."""
    reader = _Reader(Scenario.model_json_schema())
    named = {name for _, names in SECTIONS for name in names} | FIXED
    others = tuple(name for name in reader.fields if name not in named)
    wanted = (*SECTIONS, (ELSEWHERE, others)) if others else SECTIONS
    return tuple({"title": title, "names": list(names), "parts": reader.parts(names)} for title, names in wanted)


class _Reader:
    """Reads parts off a schema."""

    def __init__(self, schema: Schema) -> None:
        self.fields: dict[str, Schema] = schema["properties"]
        self._known: dict[str, Schema] = schema["$defs"]
        self._required = set(schema["required"])

    def parts(self, names: tuple[str, ...]) -> list[Part]:
        """The parts of a section: its plain fields together, then one or more for everything else."""
        plain = [name for name in names if self._kind(self.fields[name])]
        found = [self._fieldset([], plain, self.fields, self._required, "Scenario")] if plain else []
        for name in names:
            found += [] if name in plain else self._part([name], self.fields[name])
        return found

    def _part(self, path: list[str], schema: Schema) -> list[Part]:
        inner = self._resolved(schema)
        told = {"path": path, "title": label(path[-1]), "help": self._help(schema)}
        items = self._resolved(inner.get("items", {}))
        if "oneOf" in items:
            return [{**told, "part": "cards", "kinds": self._variants(items)}]
        row = self._row(items)
        if inner.get("type") == "array" and row:
            return self._tables(told, row, shorthand="id" if "anyOf" in items else "")
        if "oneOf" in inner:
            return [{**told, "part": "union", "kinds": self._branches(path, inner), "default": inner.get("default", {}).get("kind", "")}]
        nullable = inner is not schema and "anyOf" in schema
        if "properties" in inner and not nullable:
            return self._object(path, inner, told)
        return [{**told, "part": "json"}]

    def _object(self, path: list[str], schema: Schema, told: Part) -> list[Part]:
        return [self._fieldset(path, list(schema["properties"]), schema["properties"], set(schema.get("required", ())), schema["title"], told)]

    def _tables(self, told: Part, row: Schema, shorthand: str) -> list[Part]:
        """A table, and below it the tables that its rows hold."""
        own = ".".join(told["path"]) in OWN_TABLES
        below = {name: field for name, field in row["properties"].items() if own and self._holds_rows(field)}
        either = {name: rows for name, field in row["properties"].items() if (rows := self._rows_instead(field))} if "*" in told["path"] else {}
        columns = self._specs({name: field for name, field in row["properties"].items() if name not in below}, row)
        about = row.get("description", "") if shorthand or not told["help"] else told["help"]
        for column in columns:
            column |= {"rows": True} if column["at"][0] in either else {}
        found = [{**told, "help": about, "part": "grid", "columns": columns, "shorthand": shorthand}]
        for name, field in (below | either).items():
            for part in self._part([*told["path"], "*", name], field):
                part["title"] = f"{label(told['path'][-1])}: {part['title'].lower()}"
                found.append(self._instead(part) if name in either else part)
        return found

    def _instead(self, part: Part) -> Part:
        """A table that stands in the place of a single value: what its rows are about comes first, and is in its title."""
        about = [x for x in part["columns"] if "refers" in x]
        others = [x for x in part["columns"] if "refers" not in x]
        return {**part, "title": f"{part['title']} per {' and '.join(x['refers'] for x in about)}", "columns": [*about, *others], "either": True}

    def _rows_instead(self, schema: Schema) -> Schema | None:
        """The table that can stand in the place of a single value: prices product by product."""
        lists = [x for x in schema.get("anyOf", ()) if len(schema["anyOf"]) > 1 and "properties" in self._resolved(x.get("items", {}))]
        return {**lists[0], "description": self._help(schema)} if lists and {"type": "null"} not in schema["anyOf"] else None

    def _holds_rows(self, schema: Schema) -> bool:
        items = self._resolved(self._resolved(schema).get("items", {}))
        return "oneOf" in items or "properties" in items

    def _row(self, items: Schema) -> Schema | None:
        """What an item of a table looks like when it is written out in full."""
        if "properties" in items:
            return items
        written_out = [self._resolved(x) for x in items.get("anyOf", ()) if "$ref" in x]
        return written_out[0] if len(written_out) == 1 and "properties" in written_out[0] else None

    def _variants(self, schema: Schema) -> dict[str, Any]:
        """What can be added, by its kind: title, help, fields."""
        found = {}
        for kind, reference in schema["discriminator"]["mapping"].items():
            inner = self._resolved({"$ref": reference})
            fields = {name: field for name, field in inner["properties"].items() if name != "kind"}
            found[kind] = {"title": label(kind), "help": _first(inner.get("description", "")), "fields": self._specs(fields, inner)}
        return found

    def _branches(self, path: list[str], schema: Schema) -> dict[str, Any]:
        """The parts of an object that is one of several kinds."""
        found = {}
        for kind, reference in schema["discriminator"]["mapping"].items():
            inner = self._resolved({"$ref": reference})
            fields = {name: field for name, field in inner["properties"].items() if name != "kind"}
            tables = [name for name in fields if self._holds_rows(fields[name])]
            plain = [name for name in fields if name not in tables]
            parts = [self._fieldset(path, plain, fields, set(inner.get("required", ())), inner["title"])] if plain else []
            for name in tables:
                parts += self._part([*path, name], fields[name])
            found[kind] = {"title": label(kind), "help": _first(inner.get("description", "")), "parts": parts}
        return found

    def _fieldset(self, path: list[str], names: list[str], fields: dict[str, Schema], required: set[str], owner: str, told: Part | None = None) -> Part:
        specs = self._specs({name: fields[name] for name in names}, {"title": owner, "required": list(required)})
        return {"title": "", "help": "", **(told or {}), "part": "fields", "path": path, "fields": specs}

    def _specs(self, fields: dict[str, Schema], owner: Schema) -> list[Part]:
        """Columns or fields; objects of plain fields are laid flat."""
        found: list[Part] = []
        for name, schema in fields.items():
            inner = self._object_in(schema) or self._kinds_in(schema)
            if inner:
                specs = self._specs(inner["properties"], inner)
                flat = [{**x, "at": [name, *x["at"]], "title": f"{label(name)}: {x['title'].lower()}" if len(specs) > 1 else label(name)} for x in specs]
                found += [x for x in flat if "const" not in inner["properties"][x["at"][-1]]]
            elif self._kind(schema) != "const":
                found.append(self._spec(name, schema, owner))
        return found

    def _object_in(self, schema: Schema) -> Schema | None:
        """An object of plain fields only, which can be laid flat."""
        options = [self._resolved(x) for x in schema.get("anyOf", (schema,))]
        for inner in options:
            if "properties" in inner and all(self._kind(field) in ("text", "number", "integer", "choice", "const") for field in inner["properties"].values()):
                return inner
        return None

    def _kinds_in(self, schema: Schema) -> Schema | None:
        """An object that is one of several kinds, all of plain fields, as one object with the fields of all."""
        if "oneOf" not in schema:
            return None
        kinds = {kind: self._resolved({"$ref": reference}) for kind, reference in schema["discriminator"]["mapping"].items()}
        fields: dict[str, Schema] = {}
        for kind, inner in kinds.items():
            for name, field in inner["properties"].items():
                if name != "kind":
                    fields[name] = {**field, "x-owner": inner["title"], "x-of": [*fields.get(name, {}).get("x-of", ()), kind]}
        if not all(self._kind(field) in ("text", "number", "integer", "choice", "series") for field in fields.values()):
            return None
        kind_field = {"enum": list(kinds), "type": "string", "description": self._help(schema), "default": schema.get("default", {}).get("kind")}
        return {"title": "", "properties": {"kind": kind_field, **fields}}

    def _spec(self, name: str, schema: Schema, owner: Schema) -> Part:
        kind = self._kind(schema) or "json"
        spec: Part = {"at": [name], "title": label(name), "kind": kind, "help": self._help(schema)}
        spec |= {"choices": self._inner(schema)["enum"]} if kind == "choice" else {}
        spec |= {"of": schema["x-of"]} if "x-of" in schema else {}
        spec |= {"window": True} if name in WINDOW else {}
        spec |= {"refers": REFERS[name]} if name in REFERS and kind in ("text", "names") else {}
        spec |= {"unit": unit} if (unit := unit_of(schema.get("x-owner", owner["title"]), name, self._measured(schema))) else {}
        spec |= {"required": True} if name in owner.get("required", ()) else {}
        spec |= {"blank": None} if "required" in spec and {"type": "null"} in schema.get("anyOf", ()) else {}
        spec |= {"default": schema["default"]} if schema.get("default") not in (None, "", [], {}) else {}
        return spec

    def _kind(self, schema: Schema) -> str:
        """How a field is edited in one cell; empty: it takes more than that."""
        options = [x for x in schema.get("anyOf", ()) if x.get("type") != "null"]
        if len(options) > 1:
            kinds = {self._kind(x) for x in options}
            return "text" if kinds <= {"text", "const"} else "any" if "number" in kinds else ""
        inner = self._inner(schema)
        if "const" in inner:
            return "const"
        if "enum" in inner:
            return "choice"
        if inner.get("type") == "array":
            of = self._kind(inner.get("items", {}))
            return {"number": "series", "text": "names"}.get(of, "")
        return SIMPLE.get(inner.get("type", ""), "")

    def _inner(self, schema: Schema) -> Schema:
        """The schema without the choice to leave it out."""
        options = [x for x in schema.get("anyOf", (schema,)) if x.get("type") != "null"]
        return self._resolved(options[0]) if len(options) == 1 else schema

    def _measured(self, schema: Schema) -> Schema:
        """The number in a field, for its unit."""
        inner = self._inner(schema)
        return inner.get("items", {}) if inner.get("type") == "array" else inner

    def _resolved(self, schema: Schema) -> Schema:
        if "$ref" in schema:
            return self._known[schema["$ref"].rpartition("/")[2]]
        options = [x for x in schema.get("anyOf", ()) if x.get("type") != "null"]
        return self._resolved(options[0]) if len(options) == 1 else schema

    def _help(self, schema: Schema) -> str:
        return str(schema.get("description", ""))


def label(name: str) -> str:
    """A field's name as people read it: `signing_cost` becomes "Signing cost"."""
    text = TITLES.get(name, name.replace("_", " "))
    return text[:1].upper() + text[1:]


def _first(text: str) -> str:
    """The first paragraph of a description, on one line."""
    return " ".join(text.split("\n\n")[0].split())
