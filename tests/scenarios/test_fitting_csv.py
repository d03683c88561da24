"""Reading a history: every spelling of dates and numbers, and every way a file can be unusable, with row and column."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import InvalidScenario
from scenarios.fitting_cells import decimal_mark, parse_date, parse_number
from scenarios.fitting_csv import MAX_BYTES, MAX_ROWS, read_history
from scenarios.fitting_history import Column, yearly_changes
from tests.scenarios.histories import csv_of, history


def rows(count: int = 12, first: int = 2020 * 12) -> list[list[str]]:
    """Months with a price, as cells."""
    return [[f"{month // 12}-{month % 12 + 1:02d}", f"{10 + i / 8:g}"] for i, month in enumerate(range(first, first + count))]


def text(cells: list[list[str]], head: str = "date,spot_price:fibre", delimiter: str = ",") -> bytes:
    """A file of these cells."""
    return "\n".join([head.replace(",", delimiter), *(delimiter.join(row) for row in cells)]).encode()


def changed(row: int, column: int, value: str) -> bytes:
    """The sound file with one cell replaced; `row` is the line of the file, `column` 0 is the date."""
    cells = rows()
    cells[row - 2][column] = value
    return text(cells)


def without(*gone: int) -> bytes:
    """The sound file without some lines."""
    return text([row for i, row in enumerate(rows(24)) if i + 2 not in gone])


def twice() -> bytes:
    """The sound file with its third month given once more at the end."""
    return text([*rows(), ["2020-03", "11"]])


def yearly(values: list[float], head: str) -> bytes:
    """One value per year."""
    return text([[str(2000 + i), f"{value:g}"] for i, value in enumerate(values)], head)


def marked(most: str, last: str) -> bytes:
    """A file with semicolons in which all cells but the last hold the same number."""
    return text([*([row[0], most] for row in rows()[:-1]), ["2020-12", last]], delimiter=";")


BAD = {
    "empty": (b"  \n ", "", "the file is empty"),
    "head only": (b"date,spot_price:fibre\n", "", "no rows below it"),
    "one row": (text(rows(1)), "column date", "1 sound row"),
    "workbook": (b"PK\x03\x04", "", "Excel workbook"),
    "json": (b'{"kind": "generated"}', "", "JSON, not CSV"),
    "not utf-8": ("date,spot_price:é\n".encode("latin-1"), "", "not UTF-8"),
    "too large": (b"a" * (MAX_BYTES + 1), "", "MB"),
    "too many rows": (text(rows(MAX_ROWS + 1, 1900 * 12)), "", "more than 2,400 rows"),
    "open quote": (text([*rows(), ['"2021-01', "3"]]), "row 14", "not CSV"),
    "no date column": (text(rows(), "when,spot_price:fibre"), "head", "no date column"),
    "two date columns": (text(rows(), "date,month"), "head", "2 date columns"),
    "no series": (b"date\n2020\n2021\n", "head", "names no series"),
    "unknown column": (text(rows(), "date,spot_prize:fibre"), "column spot_prize:fibre", "did you mean `spot_price:`?"),
    "plain column": (text(rows(), "date,comment"), "column comment", "is not known"),
    "column without id": (text(rows(), "date,spot_price"), "column spot_price", "must be written spot_price:SPOT"),
    "volume without product": (text(rows(), "date,volume:ashburn"), "column volume:ashburn", "volume:SITE/PRODUCT"),
    "bad id": (text(rows(), "date,index:my index"), "column index:my index", "must be written index:INDEX"),
    "column twice": (text([[*row, "1"] for row in rows()], "date,index:a,index:a"), "column index:a", "appears twice"),
    "by site and in total": (text([[*row, "1"] for row in rows(48)], "date,volume:a/p,demand:p"), "column demand:p", "by site as well"),
    "short row": (text([*rows()[:-1], ["2020-12"]]), "row 13", "has 1 cells, the head has 2"),
    "unquoted decimal comma": (changed(5, 1, "10,4"), "row 5", "decimal commas need `;`"),
    "not a date": (changed(7, 0, "June 2020"), "row 7, column date", "'June 2020' is not a date"),
    "month 13": (changed(7, 0, "2020-13"), "row 7, column date", "is not a date"),
    "day 31 of June": (changed(7, 0, "2020-06-31"), "row 7, column date", "is not a date"),
    "mixed dates": (changed(7, 0, "2020Q2"), "column date", "mixes dates of 11 months and 1 quarters"),
    "duplicate": (twice(), "row 14, column date", "2020-03 has been given in row 4"),
    "daily": (text([[f"2020-{month}-{day:02d}", "1"] for month in ("01", "02") for day in range(1, 29)]), "column date", "several rows per month"),
    "gap": (without(9), "column date", "2020-08 is missing from the monthly rows"),
    "long gap": (without(9, 10, 11), "column date", "2020-08 to 2020-10 are missing (3 rows)"),
    "every second month": (text(rows(24)[::2]), "column date", "2 months apart"),
    "off the step": (text([*rows(13)[::3], ["2021-03", "1"], ["2021-06", "1"]]), "column date", "2021-03 comes 2 months after 2021-01"),
    "not a number": (changed(6, 1, "n/a"), "row 6, column spot_price:fibre", "'n/a' is not a number; leave the cell empty"),
    "unit": (changed(6, 1, "12 USD"), "row 6, column spot_price:fibre", "leave units out"),
    "infinite": (changed(6, 1, "1e999"), "row 6, column spot_price:fibre", "is not a number"),
    "zero price": (changed(6, 1, "0"), "row 6, column spot_price:fibre", "must be positive"),
    "negative price": (changed(6, 1, "-3"), "row 6, column spot_price:fibre", "is -3; a price"),
    "hole": (changed(6, 1, ""), "row 6, column spot_price:fibre", "is empty between recorded values"),
    "percent": (yearly([0.9] * 3 + [90], "date,deliverability:maker"), "row 5, column deliverability:maker", "a share of 1: 0.85, not 85"),
    "negative lead": (yearly([9, -1, 9], "date,lead_weeks:fibre"), "row 3, column lead_weeks:fibre", "between 0 and 520"),
    "few prices": (text(rows(7)), "column spot_price:fibre", "has 7 values; at least 8"),
    "few volumes": (text(rows(35), "date,demand:cable"), "column demand:cable", "covers 2.92 years; at least 3"),
    "nothing sold": (yearly([5, 0, 5, 6], "date,demand:cable"), "column demand:cable", "is 0 over the year that ends in row 3"),
    "volumes apart": (
        text([[r[0], "5" if i < 48 else "", "" if i < 24 else "6"] for i, r in enumerate(rows(72))], "date,volume:a/p,volume:b/p"),
        "column volume:a/p",
        "known together for 2 years only",
    ),
    "empty column": (text([[*row, ""] for row in rows()], "date,index:a,available:b"), "column available:b", "is empty; remove it"),
    "two ways": (text([[row[0], '"1,234"'] for row in rows()]), "row 2, column spot_price:fibre", "can be read as 1,234 or as 1.234"),
    "both marks": (marked("1,5", "2.25"), "row 13, column spot_price:fibre", "has a decimal point, other cells"),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "path", "said"), BAD.values(), ids=BAD)
def test_bad_history_gives_one_clear_finding(raw: bytes, path: str, said: str) -> None:
    """If this fails, a bad cell is fitted as if it were data, or the message doesn't say where it is and what to do."""
    with pytest.raises(InvalidScenario) as caught:
        read_history(raw)
    assert caught.value.what == "history"
    assert path in {finding.path for finding in caught.value.findings}
    assert any(said in finding.message for finding in caught.value.findings if finding.path == path), caught.value
    assert len({finding.path for finding in caught.value.findings}) == 1 or path in ("row 2, column spot_price:fibre", "head")


def test_all_findings_at_once() -> None:
    """If this fails, a bad file is mended one cell at a time."""
    cells = rows()
    cells[2][1], cells[5][1], cells[7][0] = "x", "y", "z"
    with pytest.raises(InvalidScenario) as caught:
        read_history(text(cells, "date,spot_price:fibre"))
    assert len(caught.value.findings) == 3


def test_findings_show_no_control_characters() -> None:
    """If this fails, a cell can redraw the terminal of whoever reads the message."""
    with pytest.raises(InvalidScenario) as caught:
        read_history(changed(6, 1, "\x1b[2J" + "x" * 500))
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("written", "month"),
    [("2020-03", 2), ("2020-02-29", 1), ("2020-03-01 00:00:00", 2), ("2020Q2", 3), ("2020-q4", 9), ("2020", 0)],
)
def test_dates(written: str, month: int) -> None:
    """If this fails, a date that a spreadsheet writes is refused or read as another one."""
    found = parse_date(written)
    assert found is not None
    assert found[0] == 2020 * 12 + month


@pytest.mark.parametrize(
    ("written", "mark", "value"),
    [
        ("12", None, 12), ("-3.5", "point", -3.5), (".5", "point", 0.5), ("1e-3", None, 0.001), ("1,234.5", "point", 1234.5), ("1,234,567", "point", 1234567),
        ("1 234.5", "point", 1234.5), ("1'234.5", "point", 1234.5), ("1\u202f234,5", "comma", 1234.5), ("12,5", "comma", 12.5), ("0,123", "comma", 0.123),
        ("1.234,5", "comma", 1234.5), ("1.234.567", "comma", 1234567), ("1234,567", "comma", 1234.567), ("\u22127", None, -7),
    ],
)  # fmt: skip
def test_numbers(written: str, mark: str | None, value: float) -> None:
    """If this fails, a number is read a thousand times too large or too small."""
    found = parse_number(written)
    assert found is not None
    assert (found.mark, found.value(found.mark or "point")) == (mark, pytest.approx(value))


@pytest.mark.parametrize("written", ["", "abc", "1.2.3", "1,23,4", "12 %", "$5", "nan", "inf", "1e999", "--1", "1 2", "0x10", "１２"])
def test_no_numbers(written: str) -> None:
    """If this fails, something that is no number is fitted as one."""
    assert parse_number(written) is None


@pytest.mark.parametrize(
    ("cells", "mark", "first"),
    [
        (["1.234", "5"], "point", 1.234),
        (["1.234", "0,5"], "comma", 1234),
        (["1,234", "0.5"], "point", 1234),
        (["1,234", "0,5"], "comma", 1.234),
        (["1,234", "7"], None, 0),
        (["0.5", "0,5"], None, 0),
    ],
)
def test_one_decimal_mark_for_a_file(cells: list[str], mark: str | None, first: float) -> None:
    """If this fails, thousands are taken for decimals, or a guess is made where only the user can know."""
    numbers = [number for cell in cells if (number := parse_number(cell))]
    found = decimal_mark(numbers)
    assert found == mark
    assert found is None or numbers[0].value(found) == pytest.approx(first)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_order_and_blank_lines(delimiter: str) -> None:
    """If this fails, a spreadsheet's export with semicolons, newest rows first or blank lines reads otherwise than the plain file."""
    plain = read_history(text(rows()))
    other = read_history(b"\xef\xbb\xbf" + text(rows()[::-1], delimiter=delimiter).replace(b"\n", b"\r\n\r\n"))
    assert other.months == plain.months
    assert np.array_equal(other.columns[0].values, plain.columns[0].values)


def test_semicolons_and_decimal_commas() -> None:
    """If this fails, half of Europe can't use its own spreadsheets."""
    cells = [[row[0], row[1].replace(".", ",")] for row in rows()]
    assert np.allclose(read_history(text(cells, delimiter=";")).columns[0].values, [float(row[1]) for row in rows()])


@pytest.mark.parametrize(
    ("dates", "step"),
    [
        ([f"{y}" for y in range(2000, 2010)], 12),
        ([f"{y}Q{q}" for y in (2000, 2001) for q in (1, 2, 3, 4)], 3),
        ([f"{y}-{m:02d}-28" for y in (2000, 2001) for m in (3, 6, 9, 12)], 3),
        ([f"{y}-12-31" for y in range(2000, 2010)], 12),
    ],
)
def test_frequency_is_detected(dates: list[str], step: int) -> None:
    """If this fails, yearly prices are fitted as monthly ones, and volatility is wrong by the square root of twelve."""
    found = read_history(text([[date, "3.5"] for date in dates]))
    assert found.step == step
    assert found.per_year == 12 // step


def test_columns_of_different_spans() -> None:
    """If this fails, a column that began later can't stand beside an older one."""
    cells = [[*row, "" if i < 3 else "7"] for i, row in enumerate(rows())]
    found = read_history(text(cells, "date,spot_price:fibre,index:glass"))
    assert np.isnan(found.columns[1].values[:3]).all()
    assert found.columns[1].values[3:].tolist() == [7.0] * 9


def test_written_and_read_again() -> None:
    """If this fails, the tests' own histories are not what the reader sees."""
    made = history([Column("spot_price", "a", np.linspace(3, 4, 20)), Column("volume", "s/p", np.r_[np.full(2, np.nan), np.linspace(5, 9, 18)])], step=3)
    found = read_history(csv_of(made).encode())
    assert found.months == made.months
    assert all(np.allclose(a.values, b.values, equal_nan=True) for a, b in zip(found.columns, made.columns, strict=True))


def test_yearly_changes_by_hand() -> None:
    """If this fails, seasons are taken for movements of demand."""
    season = np.tile([1.0, 2.0, 3.0, 2.0], 3)
    grown = season * np.repeat([1.0, 1.1, 1.21], 4)
    found = yearly_changes(grown, 4)
    assert np.isnan(found[:7]).all()
    assert found[[7, 11]] == pytest.approx(np.log([1.1, 1.1]))
    assert found[8] == pytest.approx(np.log((8.8 + 0.11) / (8 + 0.1)))
