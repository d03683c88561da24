"""ZIP archives that no writer of workbooks makes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

from tests.scenarios.workbooks import QUICKSTART, opened


def parts(raw: bytes = QUICKSTART) -> dict[str, bytes]:
    """The parts of a workbook by name."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(content: dict[str, bytes]) -> bytes:
    """An archive of some parts."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    return held.getvalue()


def rewritten(name: str, change: Callable[[bytes], bytes], raw: bytes = QUICKSTART) -> bytes:
    """A workbook with one part changed."""
    found = parts(raw)
    found[name] = change(found[name])
    return packed(found)


def sheet_part(sheet: str) -> str:
    """The part that holds a sheet."""
    return f"xl/worksheets/sheet{opened().sheetnames.index(sheet) + 1}.xml"


def bomb(size: int = 200_000_000) -> bytes:
    """A small workbook whose sheet of sites unpacks to `size` bytes."""
    return rewritten(sheet_part("sites"), lambda part: part.replace(b"</sheetData>", b" " * size + b"</sheetData>"))
