"""The faces of a contract sheet: what is shown is what is stored, as text, HTML and Word."""

from __future__ import annotations

import builtins
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from models.errors import ExtraMissing
from models.negotiation import Package
from models.sheet import ContractSheet, SheetColumn, SheetKind, SheetTable
from optimizer.negotiation.sheet import contract_sheet
from optimizer.report import html_sheet, text_sheet, word_sheet, write_sheet
from optimizer.report_sheet import DASH, DECIMALS, shown
from scenarios import library

NAMES = [name for name in library.names() if name.startswith("clause-")] + ["fibre"]
HOSTILE = '<script>alert(1)</script> & "Sons" \''


def sheets(name: str) -> list[ContractSheet]:
    """The sheets of all offers of a bundled scenario."""
    scenario = library.load(name)
    return [contract_sheet(scenario, Package(offer=offer.id)) for offer in scenario.offers]


@pytest.fixture(scope="module")
def fibre() -> ContractSheet:
    """A sheet with much in it."""
    return contract_sheet(library.load("fibre"), Package(offer="maker-outside-6y"))


@pytest.mark.parametrize("name", NAMES)
def test_shown_numbers_are_the_stored_ones(name: str) -> None:
    """The contract would show another number than the one that was computed."""
    for sheet in sheets(name):
        invoices = [table for x in sheet.invoices for table in (x.volumes, x.lines)]
        for table in (*sheet.tables, *(x.examples for x in sheet.sections), *invoices):
            for row, texts in zip(table.rows, shown(table).cells, strict=True):
                for value, text, column in zip(row, texts, table.columns, strict=True):
                    _compare(value, text, column.kind)


def _compare(value: str | float | None, text: str, kind: SheetKind) -> None:
    if value is None or isinstance(value, str):
        assert text == (DASH if value is None else value)
        return
    read = float(text.replace(",", "").replace("\u2212", "-").removesuffix("\u00a0%"))
    assert read == pytest.approx(100 * value if kind == "share" else value, abs=0.500001 * 10.0 ** -DECIMALS[kind][1], rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_text_fits_eighty_columns_and_says_all(name: str) -> None:
    """A terminal or a mail would break the lines of tables, or a clause would be missing from the text."""
    for sheet in sheets(name):
        text = text_sheet(sheet)
        assert max(map(len, text.splitlines())) <= 80
        flat = " ".join(text.split())
        assert all(" ".join(x.wording.split()) in flat and f"## {x.number}. {x.heading}" in text for x in sheet.sections)
        totals = {f"{invoice.total:,.2f}" for invoice in sheet.invoices}
        assert all(total in text for total in totals)
        assert ".." not in text


def test_wide_tables_name_their_values() -> None:
    """A table with long names in many columns would run over the edge of the text, or lose a value."""
    columns = (SheetColumn(label="Site"), *(SheetColumn(label=f"Column{i}", kind="money") for i in range(9)))
    wide = SheetTable(title="Wide", columns=columns, rows=(("Here", *(1e9 + i for i in range(9))),))
    sheet = sheets("clause-fixed_price")[0]
    text = text_sheet(sheet.model_copy(update={"tables": (wide,)}))
    assert max(map(len, text.splitlines())) <= 80
    assert all(f"Column{i} 1,000,000,00{i}.00" in " ".join(text.split()) for i in range(9))


def test_html_has_every_clause_and_no_reach(fibre: ContractSheet) -> None:
    """The page would ask the network for something, run a script, or leave out a clause."""
    page = html_sheet(fibre)
    assert "default-src 'none'; style-src 'unsafe-inline'; script-src 'none'" in page
    assert re.findall(r"<script|<link|<img|https?://|url\(|@import", page) == []
    assert all(f"{x.number}. {x.heading}</h2>" in page for x in fibre.sections)
    assert page.count("<table>") == len(fibre.tables) + len(fibre.sections) + 2 * len(fibre.invoices)


def hostile() -> ContractSheet:
    """A sheet of an offer whose names would be a script."""
    scenario = library.load("clause-take_or_pay")
    offer = scenario.offers[0].model_copy(update={"name": HOSTILE})
    named = {"suppliers": (scenario.suppliers[0].model_copy(update={"name": HOSTILE}),), "sites": (scenario.sites[0].model_copy(update={"name": HOSTILE}),)}
    products = (scenario.products[0].model_copy(update={"name": HOSTILE, "unit": HOSTILE}),)
    return contract_sheet(scenario.model_copy(update={**named, "products": products, "offers": (offer,), "name": HOSTILE}), Package(offer="frame"))


def test_hostile_names_are_text() -> None:
    """A supplier's name would run as a script in the buyer's browser."""
    page = html_sheet(hostile())
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 5


def test_word_file_has_all_of_it(fibre: ContractSheet) -> None:
    """The Word file could not be opened, or would lack clauses, tables or numbers."""
    from docx import Document

    for sheet in (fibre, hostile()):
        found = Document(BytesIO(word_sheet(sheet)))
        texts = [x.text for x in found.paragraphs]
        assert all(x.wording in texts and f"{x.number}. {x.heading}" in texts for x in sheet.sections)
        assert len(found.tables) == len(sheet.tables) + len(sheet.sections) + 2 * len(sheet.invoices)
        for table, section in zip(found.tables[len(sheet.tables) :], sheet.sections, strict=False):
            assert [[cell.text for cell in row.cells] for row in table.rows][1:] == [list(row) for row in shown(section.examples).cells]
        assert found.core_properties.title == f"Contract sheet: {sheet.title}"


def test_without_python_docx_the_extra_is_named(fibre: ContractSheet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody without python-docx would see an ImportError and not what to install."""
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == "docx":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ExtraMissing, match=r"pip install 'offtake\[word\]'"):
        word_sheet(fibre)


@pytest.mark.parametrize("ending", ["html", "docx", "json", "md", "txt"])
def test_files_are_whole_and_of_the_form_asked_for(tmp_path: Path, fibre: ContractSheet, ending: str) -> None:
    """A file's content would not be what its name says, or a temporary file would be left beside it."""
    path = tmp_path / f"sheet.{ending}"
    write_sheet(fibre, path)
    data = path.read_bytes()
    begins = {"html": b"<!DOCTYPE html>", "docx": b"PK", "json": b'{"format":"offtake-sheet/1"'}.get(ending, b"# Contract sheet: Maker")
    assert data.lstrip().startswith(begins)
    assert [x.name for x in tmp_path.iterdir()] == [path.name]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The installed Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (320, "light")])
def test_sheet_in_a_browser(tmp_path: Path, chromium: Any, fibre: ContractSheet, width: int, scheme: str) -> None:
    """In a real browser the sheet logs an error, asks the network for something, overflows, or is dark on dark."""
    file = tmp_path / "sheet.html"
    write_sheet(fibre, file)
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    logged: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: logged.append(message.text))
    page.on("pageerror", lambda error: logged.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    assert (logged, asked) == ([], [file.as_uri()])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ink, paper = page.evaluate("[getComputedStyle(document.documentElement).color, getComputedStyle(document.documentElement).backgroundColor]")
    brightness = [sum(map(int, re.findall(r"\d+", color)[:3])) for color in (ink, paper)]
    assert (brightness[0] > brightness[1]) is (scheme == "dark")
    page.close()


def test_a_sheet_is_shown_without_the_solver() -> None:
    """Showing a stored sheet would wait for Pyomo."""
    code = "import sys, optimizer.report_sheet, optimizer.report_word; print(*{'pyomo', 'highspy', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
