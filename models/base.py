"""The strict, frozen base of every document, and the quantities they are made of.

Unknown fields, NaN, infinity and silent type conversions are refused. Upper limits are deliberate: beyond them a number is a typing error,
and a solver could not be trusted with it.
"""

from __future__ import annotations

from inspect import cleandoc
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler, StringConstraints
from pydantic_core import CoreSchema

from models.descriptions import descriptions_of

MAX_PERIODS = 120
MAX_SITES = 2_000
MAX_PRODUCTS = 500
MAX_OFFERS = 1_000
MAX_FUTURES = 20_000
MAX_NODES = 200_000
MAX_ROWS = 1_000_000  # of a table by site and product
MAX_MARKETS = 1_000  # spot markets, and likewise indices, currencies, substitutions

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$", max_length=80)]
# No control characters (C0 and C1): they would write to the terminals and tables that names end up in.
Name = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Text = Annotated[str, StringConstraints(max_length=4_000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$")]
Money = Annotated[float, Field(ge=0, le=1e12)]  # in the scenario's currency, unless the offer names its own
Volume = Annotated[float, Field(ge=0, le=1e12)]  # in the product's unit, per period
Share = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(ge=0, le=1e4)]
Positive = Annotated[float, Field(gt=0, le=1e12)]
Probability = Annotated[float, Field(gt=0, le=1)]
Years = Annotated[float, Field(gt=0, le=50)]
Weeks = Annotated[float, Field(ge=0, le=520)]
Lead = Annotated[float, Field(ge=0, le=MAX_PERIODS)]

T = TypeVar("T")


def _by_key(given: dict[str, T]) -> dict[str, T]:
    return dict(sorted(given.items()))


Series = Annotated[tuple[T, ...], Field(max_length=MAX_PERIODS)]  # one value per period
Table = Annotated[tuple[T, ...], Field(max_length=MAX_ROWS)]
Mapped = Annotated[dict[Identifier, T], AfterValidator(_by_key)]  # one value per id; by id, so that the same scenario has the same bytes whatever it came in


class Document(BaseModel):
    """Base of every document: strict, frozen, nothing unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The schema, with what every field means (`models.descriptions`)."""
        schema = handler(core_schema)
        fields = handler.resolve_ref_schema(schema).get("properties", {})
        for parent in cls.__mro__:
            for name, text in descriptions_of(parent).items() if issubclass(parent, Document) else ():
                told = fields.get(cls.model_fields[name].alias or name)
                if told is not None:
                    told.setdefault("description", cleandoc(text))
        return schema
