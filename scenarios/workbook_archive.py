"""A workbook's file, looked at before anything opens it: is it one, is it sane, how large does it become.

An .xlsx file is a ZIP archive of XML. A small one can unpack to gigabytes, two cells in far corners make a sheet of billions, and one long text may be
named a million times; all three are found here by what the archive declares and by a look at its text, before the reader that would believe it. Only
the parts that hold cells are passed on, in an archive made anew, so that the reader sees exactly what was looked at.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import NoReturn
from xml.etree import ElementTree
from xml.parsers import expat

from models.errors import Finding, InvalidScenario

MAX_ENTRIES = 2_000
MAX_SHEETS = 500
MAX_UNPACKED = 128 * 1024 * 1024
MAX_RATIO = 300  # of a part that is large enough to matter
RATIO_FROM = 1024 * 1024
MAX_AREA = 4_000_000  # cells of a sheet up to the last one used, and twice as many in all sheets
MAX_TEXT = 512 * 1024 * 1024  # of all texts, each counted as often as it is shown

WANTED = re.compile(
    r"(\[Content_Types\]\.xml|_rels/\.rels|xl/workbook\.xml|xl/_rels/workbook\.xml\.rels|xl/sharedStrings\.xml|xl/styles\.xml|xl/worksheets/[^/\\]+\.xml)", re.I
)
CELL = re.compile(rb"""<(?:[\w.-]+:)?c\b(?: r="([A-Z]{1,3})(\d{1,7})")?([^>]*)""")
PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,3})(\d{1,7})["']""")
KIND = re.compile(rb"""\bt\s*=\s*["'](\w+)["']""")
FORMULA = re.compile(
    rb"""<(?:[\w.-]+:)?c\b([^>]*)>\s*<(?:[\w.-]+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:[\w.-]+:)?f>)\s*(?:<(?:[\w.-]+:)?v\s*/>|<v>\s*</v>)?\s*</(?:[\w.-]+:)?c>"""
)
COUNT = re.compile(rb"""\b(?:uniqueCount|count)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
ITEM = re.compile(rb"<(?:[\w.-]+:)?si\b")
IS_TEXT = re.compile(rb"""\bt\s*=\s*["']str["']""")
SHARED = re.compile(rb"""\bt\s*=\s*["']s["'][^>]*>\s*(?:<f[^>]*>[^<]*</f>)?\s*<v>(\d{1,9})</v>""")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass
class Archive:
    """A workbook that is safe to open."""

    content: bytes
    errors: dict[str, list[str]] = field(default_factory=dict)
    """Cells that show an error (#REF!, #DIV/0!), by sheet; the reader takes them for empty."""
    unknown: dict[str, list[str]] = field(default_factory=dict)
    """Cells with a formula and no value, likewise."""


def is_workbook(raw: bytes) -> bool:
    """Whether bytes look like an Excel file of any kind (a JSON text never does)."""
    return raw[:2] == b"PK" or raw.startswith(OLE)


def checked(raw: bytes) -> Archive:
    """The workbook in `raw`, fit to be opened. Raises InvalidScenario."""
    if raw.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in raw:
            _refuse("the workbook is protected by a password; save it without one (File > Info > Protect Workbook)")
        _refuse("this is an Excel file of the old kind (.xls), or another Office file; save it as an Excel workbook (.xlsx)")
    if raw[:2] != b"PK":
        _refuse("this is no Excel workbook (.xlsx)")
    parts = _parts(raw)
    names = {name.lower(): name for name in parts}
    if "xl/workbook.xml" not in names:
        _refuse("this ZIP archive is no Excel workbook (.xlsx); binary workbooks (.xlsb) and other Office files are not read")
    try:
        sheets = _sheets(parts[names["xl/workbook.xml"]], parts.get(names.get("xl/_rels/workbook.xml.rels", ""), b""))
    except (ElementTree.ParseError, ValueError, LookupError, StopIteration):
        _refuse("the workbook is damaged: its list of sheets can't be read; open it in Excel and save it again")
    if len(sheets) > MAX_SHEETS:
        _refuse(f"the workbook has {len(sheets):,} sheets; at most {MAX_SHEETS:,} are read")
    found = Archive(b"")
    area = texts = 0
    for name, part in parts.items():
        label = sheets.get(name.lower(), "")
        size, shared, errors = _looked_at(part, label)
        area, texts = area + size, texts + shared
        if errors:
            found.errors[label] = errors
        formulas = [PLACE.search(x[1]) for x in FORMULA.finditer(part) if not IS_TEXT.search(x[1])] if b"<f" in part or b":f" in part else []
        if formulas:
            found.unknown[label] = [(x[1] + x[2]).decode().upper() for x in formulas if x]
    if area > 2 * MAX_AREA:
        _refuse(f"the sheets have {area:,} cells in all, up to the last one used of each; at most {2 * MAX_AREA:,} are read")
    _check_texts(parts, names, texts)
    found.content = _packed(parts)
    return found


def _parts(raw: bytes) -> dict[str, bytes]:
    """The parts that hold cells, unpacked after what the archive says of itself has been checked."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = archive.infolist()
            _check_entries(entries)
            return {x.filename: archive.read(x) for x in entries if WANTED.fullmatch(x.filename)}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, OverflowError, LookupError):
        _refuse("the workbook is damaged, or no ZIP archive; open it in Excel and save it again")


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    wanted = [x for x in entries if WANTED.fullmatch(x.filename)]
    if len(entries) > MAX_ENTRIES:
        _refuse(f"the archive has {len(entries):,} parts; a workbook of ours has fewer than {MAX_ENTRIES:,}")
    if len({x.filename.lower() for x in wanted}) < len(wanted):
        _refuse("the archive holds a part twice; open the workbook in Excel and save it again")
    if any(x.flag_bits & 1 for x in entries):
        _refuse("the archive is encrypted; save the workbook without a password")
    size = sum(x.file_size for x in wanted)
    if size > MAX_UNPACKED:
        _refuse(f"the workbook unpacks to {size / 1e6:,.0f} MB; at most {MAX_UNPACKED / 1e6:,.0f} MB are read. Delete unused sheets and rows")
    if any(x.file_size > RATIO_FROM and x.file_size > MAX_RATIO * max(x.compress_size, 1) for x in wanted):
        _refuse("a part of the workbook unpacks to a suspicious multiple of its size; delete unused rows and columns and save it again")


def _sheets(workbook: bytes, relations: bytes) -> dict[str, str]:
    """Names of the sheets, by the part that holds them."""
    for part in (workbook, relations):
        if b"<!" in part.replace(b"<!--", b""):
            raise ValueError
    listed = list(ElementTree.fromstring(relations or b"<none/>"))
    targets = {x.get("Id"): x.get("Target", "") for x in listed}
    if len(targets) < len(listed):  # which of the two would be believed?
        raise ValueError
    found: dict[str, str] = {}
    for sheet in ElementTree.fromstring(workbook).iter():
        if sheet.tag.rpartition("}")[2] == "sheet":
            target = targets[next(value for name, value in sheet.attrib.items() if name.endswith("}id"))]
            path = target.removeprefix("/") if target.startswith(("/", "xl/")) else f"xl/{target}"
            if path.lower() in found:  # the part would be read, and count, as often
                _refuse("two sheets of the workbook are one and the same part; open the workbook in Excel and save it again")
            found[path.lower()] = printable(sheet.get("name", ""))
    return found


def printable(name: str) -> str:
    """A sheet's name as messages show it."""
    return "".join(c if c.isprintable() else "?" for c in name[:31])


def _looked_at(part: bytes, label: str) -> tuple[int, int, list[str]]:
    """How many cells a part comes to, how many of them hold a shared text, and which show an error."""
    if b"\0" in part or b"<!DOCTYPE" in part or b"<!ENTITY" in part:
        _refuse("the workbook's XML is not of the plain kind that Excel writes; open it in Excel and save it again")
    try:
        expat.ParserCreate().Parse(part, True)
    except expat.ExpatError:
        _refuse(f"{f'sheet {label!r}' if label else 'a part of the workbook'} is damaged or cut short; open the workbook in Excel and save it again")
    _check_counts(part)
    letters: set[bytes] = set()
    last = shared = 0
    errors: list[str] = []
    for match in CELL.finditer(part):
        column, row, attributes = match.groups()
        if column is None:
            place = PLACE.search(attributes)
            if place is None:
                _refuse(f"sheet '{label}' has cells that don't say where they are; open the workbook in Excel and save it again")
            column, row = place.groups()
        letters.add(column)
        last = max(last, int(row))
        kind = KIND.search(attributes) if b"t" in attributes else None
        if kind is not None:
            shared += kind[1] == b"s"
            if kind[1] == b"e":
                errors.append((column + row).decode().upper())
    area = last * max(map(_column, letters), default=0)
    if area > MAX_AREA:
        _refuse(f"sheet '{label}' reaches to row {last:,}: {area:,} cells; at most {MAX_AREA:,} are read. Delete the rows and columns that are not used")
    return area, shared, errors


def _check_counts(part: bytes) -> None:
    """Refuse a part that says it holds more than it can: room is made for what it says."""
    first = ITEM.search(part)
    head = part if first is None else part[: first.start()]  # of a list of texts only what is before the texts, which may say anything
    for match in COUNT.finditer(head):
        count = (match[1] or match[2] or b"").strip()
        if not count.isdigit() or len(count) > 9 or int(count) > len(part):
            _refuse("a part of the workbook says that it holds more than it can; open the workbook in Excel and save it again")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return number


def _check_texts(parts: dict[str, bytes], names: dict[str, str], shown: int) -> None:
    """Refuse texts that become large by being shown again and again."""
    lengths = [len(text) for text in ITEM.split(parts.get(names.get("xl/sharedstrings.xml", ""), b""))[1:]]
    longest = max(lengths, default=0)
    if shown * longest <= MAX_TEXT:
        return
    total, known = 0, 0
    for part in parts.values():
        for match in SHARED.finditer(part):
            known += 1
            total += lengths[int(match[1])] if int(match[1]) < len(lengths) else 0
    if total + (shown - known) * longest > MAX_TEXT:
        _refuse("the workbook's texts are too long for the number of cells that show them; shorten the longest")


def _packed(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return buffer.getvalue()


def _refuse(message: str) -> NoReturn:
    raise InvalidScenario([Finding("", message)], "workbook")
