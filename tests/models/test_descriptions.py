"""What fields mean stands in the schema, though classes are made without it."""

from __future__ import annotations

from models.base import Document
from models.descriptions import descriptions_of
from models.options import SolveSettings


class _Parent(Document):
    """A parent."""

    width: float = 0.0
    """How wide."""

    plain: int = 0


class _Child(_Parent):
    """A child."""

    height: float = 0.0
    """How high,
    in metres."""


def test_a_field_is_described_by_the_string_below_it() -> None:
    """The schema that editors and agents read would name fields without saying what they mean."""
    fields = _Child.model_json_schema()["properties"]
    assert fields["height"]["description"] == "How high,\nin metres."
    assert "description" not in fields["plain"]


def test_descriptions_are_inherited() -> None:
    """A rule's common fields would be described nowhere."""
    assert _Child.model_json_schema()["properties"]["width"]["description"] == "How wide."
    assert set(descriptions_of(_Child)) == {"height"}


def test_descriptions_are_no_part_of_the_class() -> None:
    """Every process would read and parse the source of every document before it begins."""
    assert SolveSettings.model_fields["gap"].description is None
    assert "gap" in SolveSettings.model_json_schema()["properties"]["gap"]["description"]
