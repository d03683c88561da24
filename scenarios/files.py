"""Scenario documents from and to JSON, and every way a file can be unusable said in one sentence.

Reading is strict: UTF-8, no duplicate keys, no NaN or infinity, at most MAX_BYTES, limited depth. Writing goes to a temporary file that is then
renamed, so a file is either the old one or the whole new one.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from models.errors import Finding, InvalidScenario
from models.scenario import Scenario

MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 64
_OPENERS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def read_scenario(source: Path | str | bytes) -> Scenario:
    """The scenario in a file (a path) or in raw JSON (bytes). Raises InvalidScenario with every finding; a missing file raises FileNotFoundError."""
    if not isinstance(source, bytes):
        path = Path(source)
        size = path.stat().st_size
        if size > MAX_BYTES:
            _refuse(_too_large(size))
        source = path.read_bytes()
    return parse_scenario(source)


def parse_scenario(raw: bytes) -> Scenario:
    """The scenario in `raw` JSON. Raises InvalidScenario with every finding."""
    check_json(raw)
    try:
        return Scenario.model_validate_json(raw)
    except ValidationError as error:
        raise InvalidScenario(_findings(error, raw)) from None


def scenario_from(data: dict[str, Any]) -> Scenario:
    """The scenario in a dictionary as `json.load` would give it. Raises InvalidScenario."""
    return parse_scenario(json.dumps(data).encode())


def write_scenario(scenario: Scenario, path: Path | str) -> None:
    """Write `scenario` as JSON; whole or not at all."""
    write_whole(Path(path), dump_scenario(scenario))


def dump_scenario(scenario: Scenario) -> bytes:
    """`scenario` as JSON; fields at their defaults are left out, so that what is read back is the same document."""
    return scenario.model_dump_json(indent=1, exclude_defaults=False, exclude_none=True).encode() + b"\n"


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file through a temporary one beside it and a rename: readers see the old file or the new one, never half of it."""
    data = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def check_json(raw: bytes) -> None:
    """Refuse bytes that are not one well-formed, unambiguous JSON text, before anything is built from them."""
    if len(raw) > MAX_BYTES:
        _refuse(_too_large(len(raw)))
    if raw[:2] == b"PK":
        _refuse("this is a ZIP archive (perhaps an Excel workbook), not JSON; send the scenario as JSON")
    if raw[:2] == b"\x1f\x8b":
        _refuse("this is gzip-compressed data, not JSON; send it uncompressed")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse(f"the text is not UTF-8 (byte {error.start}); save it as UTF-8")
    if not text.strip():
        _refuse("the document is empty")
    depth = 0
    for token in _OPENERS.finditer(raw):
        first = token.group()[:1]
        depth += (first in b"[{") - (first in b"]}")
        if depth > MAX_DEPTH:
            _refuse(f"the JSON is nested more than {MAX_DEPTH} deep (at byte {token.start()}); a scenario never is")
    try:
        json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        _refuse(f"this is not JSON: {error.msg} at line {error.lineno}, column {error.colno}")
    except (RecursionError, ValueError) as error:
        if isinstance(error, _Refused):
            raise InvalidScenario([Finding("", str(error))]) from None
        _refuse("the JSON holds a number with too many digits")


class _Refused(ValueError):
    """Raised by the JSON hooks below with the sentence to show."""


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _Refused(f"the key {json.dumps(twice[:80])} appears twice in one object; keep one")
    return found


def _no_constant(name: str) -> NoReturn:
    raise _Refused(f"{name} is not a number; leave the field out or give a finite number")


def _refuse(message: str) -> NoReturn:
    raise InvalidScenario([Finding("", message)])


def _too_large(size: int) -> str:
    return f"the document has {size / 1e6:,.1f} MB; at most {MAX_BYTES / 1e6:,.1f} MB are read"


_SENTENCES = {
    "missing": "this field is required",
    "extra_forbidden": "there is no such field; check the spelling, or remove it",
    "finite_number": "must be a finite number",
    "greater_than_equal": "must be at least {ge:g}",
    "greater_than": "must be more than {gt:g}",
    "less_than_equal": "must be at most {le:g}",
    "less_than": "must be less than {lt:g}",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "string_unicode": "holds characters that are not valid text",
    "string_too_long": "is too long: at most {max_length} characters",
    "string_pattern_mismatch": "holds characters that are not allowed here (ids: letters, digits, `_`, `-`, `.`; names: no control characters)",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be an object with named values",
    "too_short": "needs at least {min_length} entries",
    "too_long": "has more entries than allowed: at most {max_length}",
    "union_tag_not_found": "needs a `kind`",
    "union_tag_invalid": "has an unknown `kind`; known are {expected_tags}",
    "literal_error": "must be {expected}",
    "model_type": "must be an object with named fields",
    "model_attributes_type": "must be an object with named fields",
}


def _findings(error: ValidationError, raw: bytes) -> list[Finding]:
    """Pydantic's findings as paths and sentences. The offending input is never echoed."""
    data = json.loads(raw)
    found: dict[tuple[str, str], Finding] = {}
    for item in error.errors(include_url=False, include_input=False):
        path = _path(item["loc"], data)
        context = item.get("ctx", {})
        template = _SENTENCES.get(item["type"])
        message = template.format(**context) if template else item["msg"].removeprefix("Value error, ")
        found.setdefault((path, message), Finding(path, message))
    return list(found.values())


def _path(location: tuple[int | str, ...], data: Any) -> str:
    """A location as a path into the document: union tags and type names that pydantic adds are left out."""
    path, here = "", data
    last = len(location) - 1
    for i, part in enumerate(location):
        if isinstance(part, int):
            path += f"[{part}]"
            here = here[part] if isinstance(here, list) and part < len(here) else None
        elif isinstance(here, dict) and part in here:
            path += f".{part}" if path else part
            here = here[part]
        elif i == last and isinstance(here, dict) and not _is_type_name(part):
            path += f".{part}" if path else part  # a missing field
    return path


def _is_type_name(part: str) -> bool:
    """Whether a location part is a type or tag that pydantic adds for unions, not a field of the document."""
    return not part.isidentifier() or part[:1].isupper() or part in ("float", "str", "int", "constrained-str")
