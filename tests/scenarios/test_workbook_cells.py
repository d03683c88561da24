"""Values in cells: what is written is read back, and what can't be is said without repeating it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.workbook_cells import Unfit, from_cell, to_cell
from scenarios.workbook_tables import Column

NUMBERS, TEXTS = Column(("x",), "numbers"), Column(("x",), "texts", alias="Identifier")
NAME = Column(("x",), "text", alias="Name", default="")


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_a_list_of_numbers_is_the_same_list(values: list[float]) -> None:
    """A list in one cell would round its numbers, or lose one."""
    assert from_cell(NUMBERS, to_cell(NUMBERS, values)) == values


@given(st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc")))))
def test_a_list_of_words_is_the_same_list(values: list[str]) -> None:
    """A word with a semicolon would come back as two."""
    assert from_cell(TEXTS, to_cell(TEXTS, values)) == values


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"))))
def test_a_name_is_the_same_name(value: str) -> None:
    """A name would lose its quotation marks."""
    cell = to_cell(NAME, value)
    assert (from_cell(NAME, cell) or "") == value


WRONG: dict[str, tuple[Column, Any]] = {
    "infinity": (NUMBERS, "[1e999]"),
    "a list in a list": (NUMBERS, "[[1]]"),
    "deep lists": (TEXTS, "[" * 60 + "]" * 60),
    "a word": (NUMBERS, "1; two"),
    "nan": (Column(("x",), "number"), float("nan")),
    "a word in a text's place": (Column(("x",), "flag"), "ja"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_value_is_refused(name: str) -> None:
    """A cell would be passed on that no document can hold, and the finding would name no cell."""
    column, raw = WRONG[name]
    with pytest.raises(Unfit) as refused:
        from_cell(column, raw)
    assert str(raw) not in str(refused.value)


@pytest.mark.parametrize("raw", ['"\\ud800"', "[1, 2", "[NaN]", "[" * 100_000])
def test_what_is_no_json_is_taken_as_it_stands(raw: str) -> None:
    """A text that only looks like JSON would be refused, or end in a traceback."""
    assert from_cell(NAME, raw) == raw
    assert from_cell(TEXTS, raw)


TYPED = [(" ohio ", "ohio"), (2027.0, "2027"), (1.5, "1.5"), ("a;b; c;", ["a", "b", "c"]), ("a, b", ["a", "b"]), ("a\nb", ["a", "b"]), (3.0, ["3"])]


@pytest.mark.parametrize(("raw", "value"), TYPED)
def test_what_people_type_is_understood(raw: Any, value: Any) -> None:
    """A blank beside an id, a number for one, or a comma in a list would have to be corrected by hand."""
    assert from_cell(TEXTS if isinstance(value, list) else Column(("x",), "text", alias="Identifier"), raw) == value
