"""Files that are no workbooks, or hostile ones, end in a finding, and cost neither memory nor time."""

from __future__ import annotations

import io
import re
import time
import tracemalloc
import zipfile

import pytest

from models.errors import InvalidScenario
from scenarios import library
from scenarios.workbook import is_workbook, read_workbook
from scenarios.workbook_archive import MAX_AREA, MAX_ENTRIES, MAX_UNPACKED
from tests.scenarios.workbooks import QUICKSTART
from tests.scenarios.zips import bomb, packed, parts, rewritten, sheet_part

SITES, SHARED = sheet_part("sites"), "xl/sharedStrings.xml"


def far_cell(place: bytes) -> bytes:
    """A workbook with a cell in a far corner."""
    row = b'<row r="9"><c r="' + place + b'"><v>1</v></c></row>'
    return rewritten(SITES, lambda part: part.replace(b"</sheetData>", row + b"</sheetData>"))


def lying() -> bytes:
    """An archive whose directory says that a large part is small."""
    raw, size = bytearray(bomb(20_000_000)), len(parts()[SITES]) + 20_000_000
    for at in range(len(raw) - 4):
        if raw[at : at + 4] == size.to_bytes(4, "little"):
            raw[at : at + 4] = (1_000).to_bytes(4, "little")
    return bytes(raw)


def many_texts() -> bytes:
    """A workbook in which a long text is named by very many cells."""
    content = parts()
    content[SHARED] = content[SHARED].replace(b"</sst>", b"<si><t>" + b"x" * 900_000 + b"</t></si></sst>")
    last = content[SHARED].count(b"<si>") - 1
    cells = b"".join(b'<row r="%d"><c r="H%d" t="s"><v>%d</v></c></row>' % (row, row, last) for row in range(10, 3_000))
    content[SITES] = content[SITES].replace(b"</sheetData>", cells + b"</sheetData>")
    return packed(content)


def encrypted() -> bytes:
    """What Excel writes for a workbook with a password, roughly."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1_000) + "EncryptedPackage".encode("utf-16-le") + bytes(1_000)


RELATIONS = "xl/_rels/workbook.xml.rels"
MANY = {
    "xl/workbook.xml": parts()["xl/workbook.xml"].replace(
        b"</sheets>", b"".join(b'<sheet name="n%d" sheetId="%d" r:id="n%d"/>' % (i, i + 100, i) for i in range(1_000)) + b"</sheets>"
    ),
    RELATIONS: parts()[RELATIONS].replace(
        b"</Relationships>", b"".join(b'<Relationship Id="n%d" Target="worksheets/n%d.xml"/>' % (i, i) for i in range(1_000)) + b"</Relationships>"
    ),
}
HOSTILE = {
    "nothing of a workbook": (packed({"a.txt": b"a"}), "this ZIP archive is no Excel workbook"),
    "an archive cut short": (QUICKSTART[: len(QUICKSTART) // 2], "the workbook is damaged, or no ZIP archive"),
    "an archive with rot": (QUICKSTART[:6_000] + bytes(400) + QUICKSTART[6_400:], "the workbook is damaged"),
    "a bomb": (bomb(), "the workbook unpacks to"),
    "a small bomb": (bomb(50_000_000), "a part of the workbook unpacks to a suspicious multiple of its size"),
    "a directory that lies": (lying(), "the workbook is damaged"),
    "many parts": (packed({**parts(), **{f"x{i}": b"" for i in range(MAX_ENTRIES)}}), "the archive has"),
    "a far corner": (far_cell(b"XFD1048576"), "sheet 'sites' reaches to row 1,048,576"),
    "a far row": (far_cell(b"zz1048576"), "sheet 'sites' reaches to row 1,048,576"),
    "a cell nowhere": (far_cell(b""), "sheet 'sites' has cells that don't say where they are"),
    "a long text shown often": (many_texts(), "the workbook's texts are too long"),
    "an entity": (rewritten(SITES, lambda x: x.replace(b"?>", b'?><!DOCTYPE a [<!ENTITY b "c">]>', 1)), "the workbook's XML is not of the plain kind"),
    "another encoding": (rewritten(SITES, lambda x: x.decode().encode("utf-16")), "the workbook's XML is not of the plain kind"),
    "a count of texts that is a lie": (rewritten(SHARED, lambda x: re.sub(rb'ount="\d+"', b'ount="4000000000"', x)), "a part of the workbook says that it"),
    "a count of styles that is a lie": (rewritten("xl/styles.xml", lambda x: re.sub(rb'count="\d+"', b'count="&#57;9"', x)), "a part of the workbook says"),
    "many sheets": (packed({**parts(), **MANY}), "the workbook has 1,0"),
    "many sheets in one": (rewritten(RELATIONS, lambda x: re.sub(rb"sheet\d+.xml", b"sheet1.xml", x)), "two sheets of the workbook are one and the same"),
    "many sheets in one, by another way": (
        rewritten(RELATIONS, lambda x: re.sub(rb'"worksheets/sheet2.xml', b'"xl/worksheets/sheet1.xml', x)),
        "two sheets of the workbook are one and the same",
    ),
    "half a list of sheets": (rewritten("xl/workbook.xml", lambda x: x[:300]), "the workbook is damaged: its list of sheets can't be read"),
    "half a sheet": (rewritten(SITES, lambda x: x[:-40]), ""),
    "a binary workbook": (packed({"xl/workbook.bin": b"", "[Content_Types].xml": b""}), "this ZIP archive is no Excel workbook"),
    "a password": (encrypted(), "the workbook is protected by a password"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000), "this is an Excel file of the old kind (.xls)"),
    "text": (b"site,product\n", "this is no Excel workbook"),
    "nothing": (b"", "this is no Excel workbook"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_at_once(name: str) -> None:
    """A megabyte from a stranger would cost gigabytes, minutes or a traceback."""
    raw, wanted = HOSTILE[name]
    tracemalloc.start()
    began = time.process_time()
    try:
        with pytest.raises(InvalidScenario) as refused:
            read_workbook(raw)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused.value.findings[0].message.startswith(wanted), refused.value
    assert most < 3 * MAX_UNPACKED
    assert time.process_time() - began < 10


def test_an_encrypted_part_is_refused() -> None:
    """A password would be asked for where nobody can answer."""
    raw = bytearray(QUICKSTART)
    at = raw.rfind(b"PK\x01\x02")
    raw[at + 8] |= 1
    with pytest.raises(InvalidScenario, match="encrypted"):
        read_workbook(bytes(raw))


def test_parts_without_cells_are_not_opened() -> None:
    """Pictures, macros and links of a workbook would be unpacked, and count against its size."""
    heavy = {**parts(), "xl/media/image1.png": bytes(MAX_UNPACKED + 1), "xl/vbaProject.bin": b"macro"}
    assert read_workbook(packed(heavy)) == library.load("quickstart")


def test_large_sheets_are_read() -> None:
    """The limits that keep bombs out would keep real tables out."""
    assert MAX_AREA >= 100_000 * 30


def test_a_json_text_is_no_workbook() -> None:
    """A scenario in JSON would be taken for a workbook."""
    assert not is_workbook(b'{"format": "offtake/1"}')
    assert not is_workbook(b"")
    assert is_workbook(QUICKSTART)
    assert zipfile.is_zipfile(io.BytesIO(QUICKSTART))
