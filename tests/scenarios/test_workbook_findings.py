"""What is wrong with a workbook is said in a sentence, at its cell, all of it at once."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest

from scenarios import library
from scenarios.workbook import read_workbook, write_workbook
from tests.scenarios.workbooks import QUICKSTART, changed, column, edited, said
from tests.scenarios.zips import rewritten, sheet_part

# what is changed -> what is said, all of it
CELLS: dict[str, tuple[dict[str, dict[str, Any]], dict[str, str]]] = {
    "text for a number": ({"alternatives": {"C2": "abc"}}, {"alternatives!C2": "must be a number, and is text"}),
    "a number as text": ({"alternatives": {"C2": "28000"}}, {"alternatives!C2": "is a number stored as text; set the cell's format to General"}),
    "a decimal comma": ({"alternatives": {"C2": "28,5"}}, {"alternatives!C2": "is text with a comma in it; enter it as a number"}),
    "a flag for a number": ({"alternatives": {"C2": True}}, {"alternatives!C2": "must be a number, and is TRUE or FALSE"}),
    "a word for a flag": ({"suppliers": {"C2": "yes"}}, {"suppliers!C2": "must be TRUE or FALSE"}),
    "a date for an id": ({"demand": {"A2": datetime.date(2027, 1, 1)}}, {"demand!A2": "is a date, which Excel makes of what looks like one"}),
    "a date for a number": ({"storage": {"C2": datetime.date(2027, 1, 1)}}, {"storage!C2": "is a date"}),
    "half a number of periods": ({"offers": {"G2": 2.5}}, {"offers!G2": "must be a whole number"}),
    "out of range": ({"scenario": {"B6": 3}, "alternatives": {"D2": -1}}, {"scenario!B6": "must be at most 1", "alternatives!D2": "must be at least 0"}),
    "a decimal comma in a list": ({"alternatives": {"G3": "0,6; 0,8; 1"}}, {"alternatives!G3": "is text with a comma in it"}),
    "words in a list": ({"alternatives": {"G3": "all; the; same"}}, {"alternatives!G3": "must be numbers with semicolons between them"}),
    "no such id": ({"demand": {"A2": "ohoi"}}, {"demand!A2": "there is no site 'ohoi'; did you mean 'ohio'?"}),
    "no such parent": ({"clauses": {"A2": "maker-long-tern"}}, {"clauses!A2": "sheet offers has no such offer; did you mean 'maker-long-term'?"}),
    "no such kind": ({"clauses": {"B2": "takeorpay"}}, {"clauses!B2": "has an unknown `kind`; known are 'volume_band', 'take_or_pay'"}),
    "no kind": ({"clauses": {"B2": None}}, {"clauses!B2": "needs a `kind`"}),
    "a field of another kind": ({"clauses": {"C2": 0.5}}, {"clauses!C2": "a row of kind 'take_or_pay' has no `down`, which belongs to volume_band"}),
    "nothing where something must be": ({"offers": {"C2": None}}, {"offers!C2": "this field is required"}),
    "a gap in a series": ({"demand": {"D2": None}}, {"demand!D2": "is empty; `volume` needs a value for every period"}),
    "another unit": ({"demand": {"F2": "km"}}, {"demand!F2": "the volumes are given in 'km', but 'cable' is measured in"}),
    "an id twice": ({"suppliers": {"A3": "maker"}}, {"suppliers!A3": "the id 'maker' is used twice", "offers!C3": "there is no supplier 'importer'"}),
    "probabilities": ({"futures": {"B2": 0.5}}, {"futures!A1": "the probabilities sum to 1.1"}),
    "a formula never calculated": ({"demand": {"C2": "=1+1"}}, {"demand!C2": "holds a formula that was never calculated"}),
    "no such column": ({"sites": {"D1": "colour", "D2": "red"}}, {"sites!D1": "there is no such column"}),
    "a misspelt column": ({"sites": {"C1": "regoin"}}, {"sites!C1": "there is no such column; did you mean `region`?"}),
    "a column that is missing": ({"demand": {"A1": "#site"}}, {"demand!1:1": "the column `site` is missing"}),
    "a column without a name": ({"sites": {"E2": "red"}}, {"sites!E1": "the column has no name"}),
    "a column twice": ({"sites": {"D1": "name"}}, {"sites!D1": "the column is there twice, also in sites!B1"}),
    "no such period": (
        {"demand": {"C1": "volume 2031"}},
        {"demand!C1": "sheet periods has no such period", "demand!1:1": "the column `volume 2027` is missing"},
    ),
    "no such setting": ({"scenario": {"A6": "risk.wieght"}}, {"scenario!A6": "there is no such setting; did you mean `risk.weight`?"}),
    "a setting twice": ({"scenario": {"A7": "risk.weight"}}, {"scenario!A7": "the setting is there twice, also in scenario!B6"}),
    "a period that is a date": ({"periods": {"A2": datetime.date(2027, 1, 1)}}, {"periods!A2": "is a date"}),
    "rows of another kind of uncertainty": (
        {"uncertainty": {"B2": "tree", "B3": None}},
        {"futures!A2": "the sheet has rows, which belong to 'futures'", "nodes!A1": "needs at least one row on sheet nodes"},
    ),
    "an index of a future twice": ({"future_index": {"A3": "glut"}}, {"future_index!B3": "there is a row for this index and future already"}),
    "a newer format": ({"About": {"B2": "offtake-workbook/2"}}, {"About!B2": "the workbook was made for a newer version of Offtake"}),
    "an older format": ({"About": {"B2": "offtake-workbook/0"}}, {"About!B2": "the workbook has an older format; this version reads offtake-workbook/1"}),
    "no format": ({"About": {"B2": None}}, {"About!B2": "the workbook does not say `format`"}),
    "a plan": ({"About": {"B2": "offtake-plan/1"}}, {"About!B2": "this workbook shows a plan; it can't be read back"}),
    "several": (
        {"alternatives": {"C2": "abc"}, "suppliers": {"C2": "yes"}, "offers": {"G2": None}, "scenario": {"B6": 3}},
        {"alternatives!C2": "must be a number", "suppliers!C2": "must be TRUE", "offers!G2": "this field is required", "scenario!B6": "must be at most 1"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CELLS)
def test_a_finding_is_at_its_cell(name: str) -> None:
    """Who fills a workbook would have to guess which cell is wrong, and why; or would be told of one mistake at a time."""
    changes, wanted = CELLS[name]
    found = said(changed(**changes))
    assert found.keys() == wanted.keys(), found
    assert all(found[cell].startswith(text) for cell, text in wanted.items()), found


BOOKS = {
    "a sheet that is missing": (lambda book: book.remove(book["demand"]), {"demand": "the sheet 'demand' is missing"}),
    "a sheet of another name": (lambda book: setattr(book["offers"], "title", "offer"), {"offer": "there is no table of this name; did you mean 'offers'?"}),
    "merged cells": (lambda book: book["sites"].merge_cells("B2:B3"), {"sites!B2": "cells are merged here"}),
    "no rows": (lambda book: book["alternatives"].delete_rows(4), {"offers!A3": "needs at least one row on sheet alternatives"}),
}


@pytest.mark.parametrize("name", BOOKS)
def test_a_finding_is_at_its_sheet(name: str) -> None:
    """A sheet that was renamed, merged or deleted would lose its rows in silence."""
    change, wanted = BOOKS[name]
    found = said(edited(change))
    assert all(found.get(place, "").startswith(text) for place, text in wanted.items()), found


def test_an_error_value_is_a_finding() -> None:
    """A cell that shows #REF! would count as empty, and take its default."""
    raw = write_workbook(library.load("quickstart"))
    cell = column("storage", "holding_cost") + "2"
    shown = re.compile(rf'<c r="{cell}"[^>]*><v>[^<]*</v>'.encode())
    part = rewritten(sheet_part("storage"), lambda x: shown.sub(f'<c r="{cell}" t="e"><v>#REF!</v>'.encode(), x), raw)
    assert said(part) == {f"storage!{cell}": "shows an error (such as #REF!); correct the formula, or enter the value"}


def test_findings_never_repeat_what_a_cell_holds() -> None:
    """A message could carry a stranger's text, or a secret that was pasted by mistake, into a log."""
    secret = "se cret 17,5"
    places = {"offers": "ABCDFGHIJKL", "clauses": "ABCDE", "demand": "ABC", "rules": "ABCDE", "futures": "ABC"}
    for sheet, columns in places.items():
        for letter in columns:
            assert not [text for text in said(changed(**{sheet: {f"{letter}2": secret}})).values() if secret in text]


def test_an_untouched_workbook_has_no_findings() -> None:
    """The helper above would find fault with anything."""
    assert said(changed()) == {}
    assert read_workbook(QUICKSTART) == library.load("quickstart")
