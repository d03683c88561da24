"""A supplier's counter-offer on one sheet: what is filled in comes back as their package, and nothing of ours goes out."""

from __future__ import annotations

from typing import Any

import pytest

from models.errors import InvalidScenario
from models.negotiation import LeverLine, Levers
from scenarios.workbook import read_workbook
from scenarios.workbook_counter import FORMAT, SHEET, read_counter, write_counter
from tests.scenarios.workbooks import QUICKSTART, edited, opened

LINES = (
    LeverLine(lever="price", title="price", unit="USD per km", value=28.0, low=0.0, high=1e12, step=1.4, buyer_prefers="lower"),
    LeverLine(lever="take_or_pay.fraction", title="take-or-pay share", unit="share of volume", value=0.8, low=0.0, high=1.0, step=0.05, buyer_prefers="lower"),
    LeverLine(lever="reservation.fee_per_unit", title="fee", unit="money per unit", value=3.0, low=0.0, high=100.0, step=0.1, buyer_prefers="lower"),
)
FORM = write_counter(Levers(offer="frame", supplier="maker", levers=LINES), "USD", ("base", "large"), "Cable for three years")


def filled(**cells: Any) -> bytes:
    """The form with cells filled in by another program."""
    return edited(lambda book: [book[SHEET].__setitem__(cell, value) for cell, value in cells.items()], FORM)


def said(raw: bytes) -> dict[str, str]:
    """The findings about a form, by cell."""
    with pytest.raises(InvalidScenario) as refused:
        read_counter(raw)
    assert refused.value.what == "counter-offer"
    return {x.path: x.message for x in refused.value.findings}


def test_what_is_filled_in_comes_back() -> None:
    """A supplier's numbers would be typed again by hand, or land on other terms."""
    package = read_counter(filled(F9=29.5, F10=0.7, B6="large")).package
    assert (package.offer, package.alternative, package.price, package.terms) == ("frame", "large", 29.5, {"take_or_pay.fraction": 0.7})
    assert read_counter(filled(F11=2)).package.terms == {"reservation.fee_per_unit": 2.0}


def test_the_form_says_what_is_offered_and_no_more() -> None:
    """The supplier would read which way we lean, by how much, or what a term is worth to us."""
    sheet = opened(FORM)[SHEET]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=8)]
    assert rows[0] == ["term", "unit", "as offered", "least", "most", "your value", "lever"]
    assert rows[1] == ["price", "USD per km", 28, 0, None, None, "price"]
    assert rows[3][:3] == ["fee", "USD per unit", 3]
    words = " ".join(str(cell.value) for row in sheet.iter_rows() for cell in row).lower()
    assert not [word for word in ("prefer", "step", "worth", "lower") if word in words]
    assert sheet.protection.sheet
    assert not sheet["F9"].protection.locked
    assert opened(FORM).sheetnames == [SHEET]


WRONG = {
    "nothing": ({}, {f"{SHEET}!F9": "no value is filled in"}),
    "text": ({"F9": "29,5"}, {f"{SHEET}!F9": "is text with a comma in it"}),
    "two at once": ({"F9": "cheap", "F10": True}, {f"{SHEET}!F9": "must be a number", f"{SHEET}!F10": "must be a number, and is TRUE"}),
    "no lever": ({"F9": 29, "G9": None}, {f"{SHEET}!G9": "there is a value but no lever"}),
    "a lever twice": ({"F9": 29, "F10": 0.5, "G10": "price"}, {f"{SHEET}!G10": "this lever is there twice"}),
    "a lever of another form": ({"F9": 29, "F10": 0.5, "G10": "Not A Lever"}, {SHEET: "String should match"}),
    "no offer": ({"F9": 29, "B4": None}, {f"{SHEET}!B4": "the offer must be named"}),
    "no head": ({"F9": 29, "G8": "x"}, {f"{SHEET}!A8": "there is no line with the words"}),
    "another version": ({"B2": "offtake-counter/2"}, {f"{SHEET}!B2": "the workbook was made for a newer version of Offtake"}),
    "no format": ({"B2": None}, {f"{SHEET}!B2": f"the workbook does not say `format` and {FORMAT}"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_at_its_cell(name: str) -> None:
    """A slip of the supplier's would become a term, or a traceback."""
    cells, wanted = WRONG[name]
    found = said(filled(**cells))
    assert found.keys() == wanted.keys(), found
    assert all(found[cell].startswith(text) for cell, text in wanted.items()), found


def test_forms_and_scenarios_are_told_apart() -> None:
    """One would be read as the other, as an empty one."""
    assert "not a form" in said(QUICKSTART)["About!B2"]
    with pytest.raises(InvalidScenario, match="form for a counter-offer"):
        read_workbook(FORM)
    assert said(b"no workbook")[""] == "this is no Excel workbook (.xlsx)"
