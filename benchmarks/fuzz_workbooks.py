"""Workbooks spoilt at random: `python -m benchmarks.fuzz_workbooks --cases 2000`.

Valid workbooks of the bundled scenarios are changed in their cells, rows, sheets, parts and bytes, and read. Each must end as a scenario or as findings,
within five seconds of a processor and a bounded memory; anything else is a fault. One in twenty that is still a scenario must also come back the same
when it is written and read again. A case is its seed.
"""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Callable
from functools import cache

from benchmarks.spoilt import Kind, Wrong, main
from models.scenario import Scenario
from scenarios import library
from scenarios.workbook import read_workbook, write_workbook

AGAIN = 20  # one in so many scenarios is written and read once more
Parts = dict[str, bytes]

CELL = re.compile(rb"<c [^>]*?(?:/>|>.*?</c>)")
ATTRIBUTE = re.compile(rb'="[A-Z]*\d+(?::[A-Z]+\d+)?"')
ROW = re.compile(rb"<row .*?</row>", re.S)
NUMBERS = (b"0", b"-1", b"1e308", b"-1e308", b"1e-320", b"NaN", b"inf", b"1e12", b"0.1", b"99999999999999999999", b"2027", b"1,5", b"", b"-0", b"46023")
TEXTS = (
    b"=1+1",
    b"ohio",
    b"nobody",
    b"[1,",
    b'"',
    b'"a"',
    b"; ; ;",
    b"1;2",
    b"0,5",
    b"#REF!",
    b"now",
    b"futures",
    b"generated",
    b" ",
    b"x" * 40_000,
    b"&#55357;",
)
LIES = (b"4000000000", b"A1:XFD1048576", b"18446744073709551615")
TYPES = (b"s", b"b", b"e", b"str", b"inlineStr", b"n", b"d", b"zz", b"")
REFERENCES = (b"XFD1048576", b"A1", b"A0", b"ZZZ9", b"a5", b"5", b"A99999999", b"\xc3\xa9", b"")


@cache
def parts_of(name: str) -> Parts:
    """The parts of the workbook of a bundled scenario."""
    with zipfile.ZipFile(io.BytesIO(write_workbook(library.load(name)))) as archive:
        return {x: archive.read(x) for x in archive.namelist()}


def packed(parts: Parts) -> bytes:
    """The parts as an archive."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return held.getvalue()


def sheet_of(r: random.Random, parts: Parts) -> str:
    """Some part that holds a sheet, rather a full one."""
    names = [x for x in parts if x.startswith("xl/worksheets/sheet")]
    return r.choices(names, [len(parts[x]) ** 0.5 for x in names])[0]


def one_of(r: random.Random, pattern: re.Pattern[bytes], part: bytes) -> tuple[int, int] | None:
    """Where some match lies."""
    found = [x.span() for x in pattern.finditer(part)]
    return r.choice(found) if found else None


def cells(r: random.Random, parts: Parts) -> None:
    """Some cells hold something else, of another type, elsewhere, or an error."""
    for _ in range(r.randint(1, 6)):
        name = sheet_of(r, parts)
        span = one_of(r, CELL, parts[name])
        if span is None:
            continue
        part, cell = parts[name], parts[name][slice(*span)]
        reference = (re.search(rb'r="([^"]*)"', cell) or re.search(rb"()", cell))[1]  # type: ignore[index]
        what = r.randrange(10)
        new = {
            0: b'<c r="%b"><v>%b</v></c>' % (reference, r.choice(NUMBERS)),
            1: b'<c r="%b" t="inlineStr"><is><t>%b</t></is></c>' % (reference, r.choice(TEXTS)),
            2: b'<c r="%b" t="%b"><v>%b</v></c>' % (reference, r.choice(TYPES), r.choice((*NUMBERS, b"3", b"#N/A"))),
            3: b'<c r="%b"><v>1</v></c>' % r.choice(REFERENCES),
            4: b'<c r="%b"><f>%b</f></c>' % (reference, r.choice((b"A1", b"1/0", b"&lt;"))),
            5: b"",
            6: cell + cell,
        }.get(what, re.sub(rb"<v>\d+</v>", b"<v>%d</v>" % r.randrange(60), cell))  # another of the workbook's texts, or another small number
        parts[name] = part[: span[0]] + new + part[span[1] :]


def rows(r: random.Random, parts: Parts) -> None:
    """Rows are missing, twice, or swapped."""
    for _ in range(r.randint(1, 3)):
        name = sheet_of(r, parts)
        one, other = one_of(r, ROW, parts[name]), one_of(r, ROW, parts[name])
        if one and other:
            part = parts[name]
            parts[name] = part[: one[0]] + r.choice((b"", part[slice(*other)], part[slice(*one)] * 2)) + part[one[1] :]


def sheets(r: random.Random, parts: Parts) -> None:
    """Sheets have other names, or each other's content, or none."""
    name, other = sheet_of(r, parts), sheet_of(r, parts)
    what = r.randrange(4)
    if what == 0:
        del parts[name]
    elif what == 1:
        parts[name], parts[other] = parts[other], parts[name]
    elif what == 2:
        span = one_of(r, re.compile(rb'name="[^"]*"'), parts["xl/workbook.xml"])
        if span:
            book = parts["xl/workbook.xml"]
            parts["xl/workbook.xml"] = (
                book[: span[0]] + b'name="%b"' % r.choice((b"offers", b"#x", b"", b"demand ", b"About", b"\x1b[2J", b"y" * 300)) + book[span[1] :]
            )
    else:
        parts[name] = r.choice((b"", b"<worksheet/>", parts["xl/styles.xml"], b"<a>" * 100_000))


def xml(r: random.Random, parts: Parts) -> None:
    """Bytes of a part are changed, cut out or doubled."""
    name = r.choice([*parts])
    part = bytearray(parts[name])
    for _ in range(r.randint(1, 5)):
        if part:
            at, size = r.randrange(len(part)), r.randint(1, 60)
            part[at : at + size] = r.choice((b"", bytes(r.randrange(256) for _ in range(size)), part[at : at + size] * 2, b"<", b"&", b'"'))
    parts[name] = bytes(part)


def attributes(r: random.Random, parts: Parts) -> None:
    """Numbers in the XML's own bookkeeping (counts, places, styles) are others."""
    for _ in range(r.randint(1, 4)):
        name = r.choice((sheet_of(r, parts), *[x for x in parts if x.startswith("xl/") and x.count("/") == 1]))
        span = one_of(r, ATTRIBUTE, parts[name])
        if span:
            parts[name] = parts[name][: span[0]] + b'="%b"' % r.choice((*NUMBERS, *LIES)) + parts[name][span[1] :]


def archive(r: random.Random, raw: bytes) -> bytes:
    """Bytes of the archive itself are changed, cut off or doubled."""
    changed = bytearray(raw)
    for _ in range(r.randint(1, 8)):
        at, size = r.randrange(len(changed)), r.randint(1, 30)
        near_end = len(changed) - r.randint(1, min(6_000, len(changed)))  # where the directory is
        at = r.choice((at, near_end, min(at, 200)))
        changed[at : at + size] = r.choice((bytes(r.randrange(256) for _ in range(size)), b"", changed[at : at + size] * 2, b"\xff" * size))
    return bytes(changed[: r.randrange(len(changed))] if r.random() < 0.1 else changed)


CHANGES: tuple[Callable[[random.Random, Parts], None], ...] = (cells, cells, cells, rows, sheets, xml, attributes)


def case(seed: int) -> tuple[str, bytes]:
    """The workbook of a seed, and how it was spoilt."""
    r = random.Random(seed)
    parts = dict(parts_of(r.choice(library.names())))
    how = []
    for change in r.choices(CHANGES, k=r.choice((1, 1, 2))):
        change(r, parts)
        how.append(change.__name__)
    raw = packed(parts)
    if r.random() < 0.2:
        raw, how = archive(r, raw), [*how, "archive"]
    return "+".join(sorted(set(how))), raw


def further(seed: int, scenario: Scenario) -> None:
    """One in so many scenarios must come back the same."""
    if seed % AGAIN == 0 and read_workbook(write_workbook(scenario)) != scenario:
        raise Wrong("it does not come back the same")


WORKBOOKS = Kind("workbooks", "python -m benchmarks.fuzz_workbooks", ("python-calamine", "xlsxwriter", "pydantic"), case, read_workbook, further)

if __name__ == "__main__":
    from benchmarks.fuzz_workbooks import WORKBOOKS as HERE  # under a name that other processes find

    raise SystemExit(main(HERE))
