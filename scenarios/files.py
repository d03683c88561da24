"""Scenario documents from and to JSON, and every way a file can be unusable said in one sentence.

Reading is strict: UTF-8, no duplicate keys, no NaN or infinity, at most MAX_BYTES and MAX_VALUES, limited depth. What a message shows of the document
is limited to field names and ids. Writing goes to a temporary file that is then renamed, so a file is either the old one or the whole new one.
"""

from __future__ import annotations

import gc
import json
import os
import tempfile
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError
from pydantic_core import SchemaValidator, from_json

from models.base import Document
from models.errors import Finding, InvalidScenario
from models.scenario import Scenario

Kind = TypeVar("Kind", bound=Document)

MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 64
MAX_VALUES = 2_500_000
MAX_FIELDS = 1_000  # of one object
MANY_VALUES = 20_000  # beyond this, a list is checked up to its first wrong entry only
MAX_NAME = 60  # characters of a field name that are shown


def read_scenario(source: Path | str | bytes) -> Scenario:
    """The scenario in a file (a path) or in raw JSON (bytes). Raises InvalidScenario with every finding; a missing file raises FileNotFoundError."""
    if not isinstance(source, bytes):
        with Path(source).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            source = file.read(MAX_BYTES + 1)  # never more, whatever the size was said to be
        if len(source) > MAX_BYTES:
            _refuse(_too_large(max(size, len(source))))
    return parse_scenario(source)


def parse_scenario(raw: bytes) -> Scenario:
    """The scenario in `raw` JSON. Raises InvalidScenario with every finding."""
    with _no_collection():
        return _parse(raw)


def _parse(raw: bytes) -> Scenario:
    data = check_json(raw)
    raw = raw.removeprefix(BOM_UTF8)
    if raw.count(b",") > MANY_VALUES:
        return _parse_large(raw, data)
    try:
        return Scenario.model_validate_json(raw)
    except ValidationError as error:
        raise InvalidScenario(_findings(error, data)) from None


def _parse_large(raw: bytes, data: Any) -> Scenario:
    """The same with bounded effort: every finding costs pydantic memory and time, and a large document can hold millions."""
    fields = Scenario.model_fields
    if isinstance(data, dict):
        found = [Finding(name, _SENTENCES["missing"]) for name, field in fields.items() if field.is_required() and name not in data]
        found += [Finding(_shown(name), _SENTENCES["extra_forbidden"]) for name in data if name not in fields]
        if found:
            raise InvalidScenario(found)
    try:
        scenario: Scenario = _hasty().validate_json(raw)
        return scenario
    except ValidationError as error:
        note = Finding("", "the document is large, so each of its lists was checked up to the first wrong entry only")
        raise InvalidScenario([*_findings(error, data), note]) from None


def parse_document(raw: bytes, kind: type[Kind], what: str) -> Kind:
    """A document of another kind in `raw` JSON, read as strictly. Raises InvalidScenario with every finding."""
    try:
        data = check_json(raw)
    except InvalidScenario as error:
        raise InvalidScenario(error.findings, what) from None
    try:
        return kind.model_validate_json(raw.removeprefix(BOM_UTF8))
    except ValidationError as error:
        raise InvalidScenario(_findings(error, data), what) from None


def scenario_from(data: dict[str, Any]) -> Scenario:
    """The scenario in a dictionary as `json.load` would give it. Raises InvalidScenario."""
    return parse_scenario(json.dumps(data).encode())


def write_scenario(scenario: Scenario, path: Path | str) -> None:
    """Write `scenario` as JSON; whole or not at all."""
    write_whole(Path(path), dump_scenario(scenario))


def dump_scenario(scenario: Scenario) -> bytes:
    """`scenario` as JSON with every field, so that what is read back is the same document."""
    with _no_collection():
        return scenario.model_dump_json(indent=1).encode() + b"\n"


@contextmanager
def _no_collection() -> Iterator[None]:
    """While inside, Python looks for no garbage: of what is made here all stays, and looking through it again and again costs more than making it."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


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


def check_json(raw: bytes) -> Any:
    """What `raw` holds. Refuses bytes that are not one well-formed, unambiguous JSON text of a reasonable size, before a document is built from them."""
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
    if raw.count(b",") > MAX_VALUES:
        _refuse(f"the document has more than {MAX_VALUES:,} values; use fewer futures, or a tree in which they share nodes")
    data = _surely_sound(raw.removeprefix(BOM_UTF8))
    return _explained(text) if data is None else data


def _surely_sound(raw: bytes) -> Any:
    """What `raw` holds, read by pydantic's parser, which is quick but explains little and is silent about fields that appear twice. None in case of doubt.

    Each field has its colon. If there are no more colons, those in texts left out, than fields were read, then no field was given twice.
    """
    try:
        data = from_json(raw, allow_inf_nan=False)
    except ValueError:
        return None
    fields, texts = 0, 0
    for depth, level in enumerate(_levels(data)):
        sizes = [len(x) for x in level if type(x) is dict]
        if depth >= MAX_DEPTH or max(sizes, default=0) > MAX_FIELDS:
            return None
        fields += sum(sizes)
    colons = raw.count(b":")
    if colons != fields and b"\\u003" not in raw:  # in a text, a colon may also be written \u003a
        texts = sum("".join([x for x in level if type(x) is str]).count(":") for level in _levels(data))
    return data if colons - texts == fields else None


def _levels(data: Any) -> Iterator[list[Any]]:
    """All values, the whole first, then what is in it, and so on."""
    level = [data]
    while level:
        yield level
        level = [*chain.from_iterable(x.values() for x in level if type(x) is dict), *chain.from_iterable(x for x in level if type(x) is list)]


def _explained(text: str) -> Any:
    """What `text` holds, or why it is refused."""
    try:
        data = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        what = error.msg.partition(":")[0].removesuffix(" at")
        _refuse(f"this is not JSON: {what} at line {error.lineno:,}, column {error.colno:,}")
    except RecursionError:
        _refuse(_TOO_DEEP)
    except _Refused as error:
        _refuse(str(error))
    except ValueError:
        _refuse("the JSON holds a number with too many digits")
    for depth, level in enumerate(_levels(data)):
        if depth >= MAX_DEPTH and any(type(x) in (dict, list) for x in level):
            _refuse(_TOO_DEEP)
    return data


_TOO_DEEP = f"the JSON is nested more than {MAX_DEPTH} deep; a scenario never is"


@cache
def _hasty() -> SchemaValidator:
    """A validator like Scenario's own that leaves each list at its first wrong entry: a large document could otherwise hold millions of findings."""

    def hasty(schema: Any) -> Any:
        if isinstance(schema, list):
            return [hasty(x) for x in schema]
        if not isinstance(schema, dict):
            return schema
        found = {key: hasty(x) for key, x in schema.items()}
        return found | {"fail_fast": True} if found.get("type") == "tuple" else found

    schema = hasty(Scenario.__pydantic_core_schema__)
    try:
        return SchemaValidator(schema, _use_prebuilt=False)  # the parts' own validators would not be hasty
    except TypeError:  # a pydantic without this argument
        return SchemaValidator(schema)


class _Refused(ValueError):
    """Raised by the JSON hooks below with the sentence to show."""


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _Refused(f"the field `{_shown(twice)}` appears twice in one object; keep one")
    if len(found) > MAX_FIELDS:
        raise _Refused(f"an object has {len(found):,} fields; none has more than {MAX_FIELDS:,}")
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
    "too_short": "has too few entries: at least {min_length}",
    "too_long": "has too many entries: at most {max_length}",
    "union_tag_not_found": "needs a `kind`",
    "union_tag_invalid": "has an unknown `kind`; known are {expected_tags}",
    "literal_error": "must be {expected}",
    "model_type": "must be an object with named fields",
    "model_attributes_type": "must be an object with named fields",
    "json_invalid": "the text holds characters that are not valid (half of a surrogate pair)",
}


_TYPES = ("must be a number", "must be text", "must be a list", "must be an object with named fields")


def _findings(error: ValidationError, data: Any) -> list[Finding]:
    """Pydantic's findings as paths and sentences. The offending input is never echoed."""
    found: dict[str, list[str]] = {}
    for item in error.errors(include_url=False, include_input=False):
        path = _path(item["loc"], data, item["type"] == "missing")
        context = item.get("ctx", {})
        template = _SENTENCES.get(item["type"])
        message = template.format(**context) if template else item["msg"].removeprefix("Value error, ")
        said = found.setdefault(path, [])
        if message not in said:
            said.append(message)
    inside = {path[:k] for path in found for k, c in enumerate(path) if c in ".["}
    return [Finding(path, message) for path, said in found.items() for message in _one_of(said, path in inside)]


def _one_of(said: list[str], more_inside: bool) -> list[str]:
    """What is said at one place. Where a value may have one of several types: what holds for the type it has, otherwise all types in one sentence."""
    if len(said) > 1:
        said = [message for message in said if not message.startswith("must be '")] or said
    if more_inside:
        said = [message for message in said if not message.startswith("has too few")]  # pydantic counts only the sound ones
    types = [message for message in said if message in _TYPES]
    if more_inside or len(types) < len(said):
        return [message for message in said if message not in types]
    return [" or ".join([types[0], *(message.removeprefix("must be ") for message in types[1:])])]


def _path(location: tuple[int | str, ...], data: Any, missing: bool) -> str:
    """A location as a path into the document: union tags and type names that pydantic adds are left out."""
    path, here = "", data
    for i, part in enumerate(location):
        if isinstance(part, int):
            path += f"[{part}]"
            here = here[part] if isinstance(here, list) and part < len(here) else None
        elif isinstance(here, dict) and part in here:
            path += f".{_shown(part)}" if path else _shown(part)
            here = here[part]
        elif missing and i == len(location) - 1:
            path += f".{part}" if path else part
    return path


def _shown(name: str) -> str:
    """A field name of the document as messages show it: printable, and not too much of it."""
    printable = "".join(c if c.isprintable() else "?" for c in name[:MAX_NAME])
    return printable + ("..." if len(name) > MAX_NAME else "")
