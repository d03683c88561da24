"""A contract sheet as a Word file (.docx), by python-docx: the extra `word`."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from models.errors import ExtraMissing
from models.sheet import ContractSheet
from optimizer.report_sheet import Part, Shown, parts

if TYPE_CHECKING:
    from docx.document import Document

WIDE = 6  # columns from which a table is set smaller


def check() -> None:
    """Raise ExtraMissing where python-docx isn't installed."""
    try:
        import docx  # noqa: F401
    except ImportError:
        raise ExtraMissing("Word files need python-docx, which isn't installed here: pip install 'offtake[word]'. HTML and text need nothing.") from None


def word_of(sheet: ContractSheet) -> bytes:
    """The sheet as the bytes of a Word file. Raises ExtraMissing where python-docx isn't installed."""
    check()
    from docx import Document

    document = Document()
    properties = document.core_properties
    properties.author, properties.title, properties.comments = "", f"Contract sheet: {sheet.title}", ""
    for part in parts(sheet):
        _add(document, part)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _add(document: Document, part: Part) -> None:
    if part.heading:
        document.add_heading(part.heading, level=part.level)
    for paragraph in part.paragraphs:
        document.add_paragraph(paragraph)
    for bullet in part.bullets:
        document.add_paragraph(bullet, style="List Bullet")
    if part.table is not None:
        _add_table(document, part.table)


def _add_table(document: Document, table: Shown) -> None:
    """A table with its head repeated on every page, numbers to the right."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.shared import Pt

    size = Pt(8) if len(table.columns) >= WIDE else Pt(9)
    made = document.add_table(rows=1 + len(table.cells), cols=len(table.columns), style="Light Grid Accent 1")
    for row, texts in zip(made.rows, [tuple(column.label for column in table.columns), *table.cells], strict=True):
        for cell, text, column in zip(row.cells, texts, table.columns, strict=True):
            paragraph = cell.paragraphs[0]
            paragraph.add_run(text).font.size = size
            if column.kind != "text":
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    made.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    document.add_paragraph(table.note)
