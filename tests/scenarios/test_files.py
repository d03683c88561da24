"""Reading and writing scenarios: hostile bodies end in findings, files are whole or untouched."""

from __future__ import annotations

import gc
import gzip
import io
import json
import random
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.errors import InvalidScenario
from models.scenario import Scenario
from scenarios import files, library
from scenarios.files import MAX_BYTES, MAX_FIELDS, MAX_VALUES, dump_scenario, parse_scenario, read_scenario, scenario_from, write_scenario, write_whole
from tests.models.edits import REMOVED, Edit, base, edited

SECRET = "se cret\x07"  # no field takes a control character, so nothing may ever show it
QUICK = 5.0  # seconds


def zipped(data: bytes) -> bytes:
    """`data` as a ZIP archive."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("scenario.json", data)
    return body.getvalue()


def raw_with(value: str) -> bytes:
    """The base scenario as JSON with the raw text `value` as its discount rate."""
    return json.dumps(edited(("discount_rate", "HERE"))).replace('"HERE"', value).encode()


SOUND = json.dumps(base()).encode()
TOO_LARGE = "the document has 200.0 MB; at most 33.6 MB are read"
DEEP = "the JSON is nested more than 64 deep; a scenario never is"

# raw bytes -> what is said, all of it
RAW: dict[str, tuple[bytes, list[str]]] = {
    "nothing": (b"", ["the document is empty"]),
    "blank": (b" \n\t ", ["the document is empty"]),
    "200 MB": (bytes(200_000_000), [TOO_LARGE]),
    "a little too large": (b" " * (MAX_BYTES + 1), ["the document has 33.6 MB; at most 33.6 MB are read"]),
    "not UTF-8": (SOUND.replace(b"Ohio", b"Ohi\xff"), [f"the text is not UTF-8 (byte {SOUND.index(b'Ohio') + 3}); save it as UTF-8"]),
    "UTF-16": (SOUND.decode().encode("utf-16"), ["the text is not UTF-8 (byte 0); save it as UTF-8"]),
    "ZIP": (zipped(SOUND), ["this is a ZIP archive (perhaps an Excel workbook), not JSON; send the scenario as JSON"]),
    "ZIP bomb": (zipped(bytes(50_000_000)), ["this is a ZIP archive (perhaps an Excel workbook), not JSON; send the scenario as JSON"]),
    "gzip bomb": (gzip.compress(bytes(50_000_000)), ["this is gzip-compressed data, not JSON; send it uncompressed"]),
    "cut short": (SOUND[:1000], ["this is not JSON: Expecting value at line 1, column 1,001"]),
    "two documents": (SOUND + SOUND, [f"this is not JSON: Extra data at line 1, column {len(SOUND) + 1:,}"]),
    "trailing comma": (b'{"a": 1,}', ["this is not JSON: Expecting property name enclosed in double quotes at line 1, column 9"]),
    "single quotes": (b"{'a': 1}", ["this is not JSON: Expecting property name enclosed in double quotes at line 1, column 2"]),
    "open string": (b'{"a": "' + b"x" * 1_000_000, ["this is not JSON: Unterminated string starting at line 1, column 7"]),
    "escaped quotes only": (b'\\"' * 1_000_000, ["this is not JSON: Expecting value at line 1, column 1"]),
    "control character in a string": (b'{"a": "\x01"}', ["this is not JSON: Invalid control character at line 1, column 8"]),
    "broken escape": (b'{"a": "\\x"}', ["this is not JSON: Invalid \\escape at line 1, column 8"]),
    "HTML": (b"<!doctype html><p>404", ["this is not JSON: Expecting value at line 1, column 1"]),
    "NUL bytes": (bytes(1000), ["this is not JSON: Expecting value at line 1, column 1"]),
    "200,000 brackets": (b"[" * 200_000, [DEEP]),
    "200,000 objects": (b'{"a":' * 200_000, [DEEP]),
    "65 lists": (b"[" * 65 + b"]" * 65, [DEEP]),
    "deep inside": (raw_with("[" * 500 + "]" * 500), [DEEP]),
    "NaN": (raw_with("NaN"), ["NaN is not a number; leave the field out or give a finite number"]),
    "Infinity": (raw_with("Infinity"), ["Infinity is not a number; leave the field out or give a finite number"]),
    "-Infinity": (raw_with("-Infinity"), ["-Infinity is not a number; leave the field out or give a finite number"]),
    "1e400": (raw_with("1e400"), ["discount_rate: must be a finite number"]),
    "-1e400": (raw_with("-1e400"), ["discount_rate: must be a finite number"]),
    "5,000 digits": (raw_with("9" * 5_000), ["the JSON holds a number with too many digits"]),
    "a million digits": (raw_with("9" * 1_000_000), ["the JSON holds a number with too many digits"]),
    "4,000 digits": (raw_with("9" * 4_000), ["discount_rate: must be a finite number"]),
    "leading zero": (raw_with("007"), [f"this is not JSON: Expecting ',' delimiter at line 1, column {raw_with('0').index(b': 0,') + 4}"]),
    "lone surrogate": (SOUND.replace(b"Ohio", b"\\ud800"), ["the text holds characters that are not valid (half of a surrogate pair)"]),
    "key twice": (b'{"name": "a", "name": "b"}', ["the field `name` appears twice in one object; keep one"]),
    "key twice, deep inside": (SOUND.replace(b'"unit":', b'"id": "x", "unit":'), ["the field `id` appears twice in one object; keep one"]),
    "hostile key twice": (b'{"\\u001b[2J": 1, "\\u001b[2J": 2}', ["the field `?[2J` appears twice in one object; keep one"]),
    "long key twice": (b'{"%s": 1, "%s": 2}' % (b"k" * 9_999, b"k" * 9_999), [f"the field `{'k' * 60}...` appears twice in one object; keep one"]),
    "too many fields": (
        json.dumps({f"field_{i}": i for i in range(MAX_FIELDS + 1)}).encode(),
        ["an object has 1,001 fields; none has more than 1,000"],
    ),
    "too many values": (
        b"[" + b"1," * (MAX_VALUES + 1) + b"1]",
        ["the document has more than 2,500,000 values; use fewer futures, or a tree in which they share nodes"],
    ),
    "a list": (b"[]", ["must be an object with named fields"]),
    "a number": (b"1", ["must be an object with named fields"]),
    "null": (b"null", ["must be an object with named fields"]),
    "a string": (json.dumps(SECRET).encode(), ["must be an object with named fields"]),
}


@pytest.mark.parametrize("name", RAW)
def test_raw_bytes_are_refused_in_these_words(name: str) -> None:
    """Bytes that are no scenario would crash, hang, or be explained in words that do not help."""
    raw, expected = RAW[name]
    begun = time.perf_counter()
    with pytest.raises(InvalidScenario) as caught:
        parse_scenario(raw)
    assert [str(finding) for finding in caught.value.findings] == expected
    assert time.perf_counter() - begun < QUICK


ALLOWED = "holds characters that are not allowed here (ids: letters, digits, `_`, `-`, `.`; names: no control characters)"
FUTURE = "uncertainty.futures[0]"

# a wrong value somewhere in a sound scenario -> what is said, all of it
WRONG: dict[str, tuple[Edit, list[str]]] = {
    "unknown field": (("demnad", []), ["demnad: there is no such field; check the spelling, or remove it"]),
    "unknown field deep inside": (("offers[0].window.length", 3), ["offers[0].window.length: there is no such field; check the spelling, or remove it"]),
    "unknown field, hostile": (("\x1b(2Jx" + "y" * 99, 3), [f"?(2Jx{'y' * 55}...: there is no such field; check the spelling, or remove it"]),
    "missing field": (("demand[0].site", REMOVED), ["demand[0].site: this field is required"]),
    "missing table": (("demand", REMOVED), ["demand: this field is required"]),
    "other format": (("format", "offtake/9"), ["format: must be 'offtake/1'"]),
    "negative volume": (("demand[0].volume[1]", -1), ["demand[0].volume[1]: must be at least 0"]),
    "huge volume": (("demand[0].volume[1]", 1e13), ["demand[0].volume[1]: must be at most 1e+12"]),
    "volume as text": (("demand[0].volume[1]", "5"), ["demand[0].volume[1]: must be a number"]),
    "volume as truth": (("demand[0].volume[1]", True), ["demand[0].volume[1]: must be a number"]),
    "no volume": (("demand[0].volume[1]", None), ["demand[0].volume[1]: must be a number"]),
    "one number for a series": (("demand[0].volume", 5), ["demand[0].volume: must be a list"]),
    "series without end": (("demand[0].volume", [1] * 121), ["demand[0].volume: has too many entries: at most 120"]),
    "row that is none": (("demand[0]", 5), ["demand[0]: must be an object with named fields"]),
    "table that is none": (("demand", {"site": "ohio"}), ["demand: must be a list"]),
    "negative price": (("spot[0].price[0]", -0.01), ["spot[0].price[0]: must be at least 0"]),
    "share above 1": (("offers[0].clauses[0].fraction", 1.2), ["offers[0].clauses[0].fraction: must be at most 1"]),
    "empty window": (("offers[0].window.periods", 0), ["offers[0].window.periods: must be at least 1"]),
    "part of a period": (("offers[0].window.periods", 1.5), ["offers[0].window.periods: must be a whole number"]),
    "window without start": (("offers[0].window.start", REMOVED), ["offers[0].window.start: this field is required"]),
    "no period": (("periods", []), ["periods: has too few entries: at least 1"]),
    "no future": (("uncertainty.futures", []), ["uncertainty.futures: has too few entries: at least 1"]),
    "probability of 0": ((f"{FUTURE}.probability", 0), ["uncertainty.futures[0].probability: must be more than 0"]),
    "probability above 1": ((f"{FUTURE}.probability", 1.01), ["uncertainty.futures[0].probability: must be at most 1"]),
    "odd id": (("sites[0].id", "ohio campus"), [f"sites[0].id: {ALLOWED}"]),
    "empty id": (("sites[0].id", ""), [f"sites[0].id: {ALLOWED}"]),
    "long id": (("sites[0].id", "x" * 81), ["sites[0].id: is too long: at most 80 characters"]),
    "number as id": (("sites[0].id", 7), ["sites[0].id: must be text"]),
    "control character in a name": (("sites[0].name", "Ohio\x1b[2J"), [f"sites[0].name: {ALLOWED}"]),
    "C1 control character in a name": (("sites[0].name", "Ohio\x9b2J"), [f"sites[0].name: {ALLOWED}"]),
    "line feed in a name": (("sites[0].name", "Ohio\n"), [f"sites[0].name: {ALLOWED}"]),
    "long name": (("sites[0].name", "x" * 1_000_000), ["sites[0].name: is too long: at most 200 characters"]),
    "clause without kind": (("offers[0].clauses[0].kind", REMOVED), ["offers[0].clauses[0]: needs a `kind`"]),
    "odd key of an index": (("uncertainty.futures[1].index", {"a b": [1, 1, 1]}), [f"uncertainty.futures[1].index.a b: {ALLOWED}"]),
    "minimum above maximum": (
        ("offers[0].alternatives[0].volume_per_period", {"min": 5, "max": 4}),
        ["offers[0].alternatives[0].volume_per_period: `min` (5) is above `max` (4)"],
    ),
    "neither one price nor a list": (
        ("offers[0].alternatives[0].price", "cheap"),
        ["offers[0].alternatives[0].price: must be a number or a list"],
    ),
    "neither id nor period": (("periods[0]", 2027), ["periods[0]: must be text or an object with named fields"]),
    "wrong inside a price list": (
        ("offers[0].alternatives[0].price", [{"product": "cable", "price": -1}]),
        ["offers[0].alternatives[0].price[0].price: must be at least 0"],
    ),
    "odd period of signing": (("offers[0].sign", "a b"), [f"offers[0].sign: {ALLOWED}"]),
    "number as period of signing": (("offers[0].sign", 5), ["offers[0].sign: must be text"]),
    "two prepayments": (
        ("offers[0].clauses[3].amount", 5),
        ["offers[0].clauses[3]: give one of `amount`, `share_of_first_period` and `share_of_contract_value`"],
    ),
    "two fees": (("offers[1].clauses[0].share_of_price", 0.5), ["offers[1].clauses[0]: give `fee_per_unit` or `share_of_price`, not both"]),
    "shortage without cost": (("shortage[0].cost_per_unit_year", REMOVED), ["shortage[0]: a delayed shortage needs `cost_per_unit_year`"]),
    "shortage with a cost too many": (("shortage[0].cost_per_unit", 5), ["shortage[0]: a delayed shortage has no `cost_per_unit`; remove it or change `kind`"]),
    "shortage steps fall": (
        ("shortage[0].steps", [{"above_share": 0.5, "cost_factor": 2}, {"above_share": 0.4, "cost_factor": 3}]),
        ["shortage[0]: `steps` must rise in `above_share` and must not fall in `cost_factor`"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_value_is_refused_in_these_words(name: str) -> None:
    """A wrong value would be accepted, or explained without its place or a way out."""
    edit, expected = WRONG[name]
    with pytest.raises(InvalidScenario) as caught:
        scenario_from(edited(edit))
    assert [str(finding) for finding in caught.value.findings] == expected


def test_unknown_kind_names_the_known_ones() -> None:
    """Whoever misspells a clause would have to look the kinds up."""
    with pytest.raises(InvalidScenario) as caught:
        scenario_from(edited(("offers[0].clauses[0].kind", SECRET)))
    (finding,) = caught.value.findings
    assert finding.path == "offers[0].clauses[0]"
    assert finding.message.startswith("has an unknown `kind`; known are 'volume_band', 'take_or_pay'")


def places(value: Any, path: str = "") -> Iterator[str]:
    """Paths of everything in a document."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from places(item, f"{path}[{i}]")


HOSTILE: dict[str, Any] = {
    "text": SECRET,
    "negative": -1e13,
    "list": [[SECRET]],
    "object": {SECRET: SECRET},
    "nested": {"kind": SECRET, "id": [SECRET] * 100},
}


def test_corpus_of_hostile_values_ends_in_findings_only() -> None:
    """Some wrong value in some place would crash the reader, pass as sound, be slow, or be shown to whoever reads the message."""
    paths = list(places(base()))
    checked = 0
    for path in paths:
        for value in HOSTILE.values():
            begun = time.perf_counter()
            with pytest.raises(InvalidScenario) as caught:
                scenario_from(edited((path, value)))
            assert time.perf_counter() - begun < QUICK
            found = caught.value.findings
            assert found
            assert all(finding.message for finding in found)
            text = str(caught.value)
            assert "se cret" not in text.replace(f"{path}.se cret?", ""), path  # a field's name is part of its path, control characters are not
            assert "\x07" not in text
            assert len(text) < 50_000
            checked += 1
    assert checked > 1_000


def test_corpus_of_removed_and_doubled_values_never_crashes() -> None:
    """A table or field that is missing, null or there twice would crash the reader."""
    checked = 0
    for path in places(base()):
        data = edited((path, REMOVED))
        for body in (data, edited((path, None))):
            try:
                scenario_from(body)
            except InvalidScenario as error:
                assert error.findings  # noqa: PT017  most bodies are refused, but not all
            checked += 1
    assert checked > 400


@pytest.mark.parametrize("row", [b"[]", b"{}", b"1", b'"a"', b"null", b'{"site": 1}'])
@pytest.mark.parametrize("table", ["demand", "storage", "offers", "uncertainty"])
def test_large_tables_of_rubbish_cost_little(row: bytes, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few megabytes would cost gigabytes of memory and minutes: one finding per wrong row."""
    monkeypatch.setattr(files, "MANY_VALUES", 2_000)
    many = b"[" + b",".join([row] * 5_000) + b"]"
    if table == "uncertainty":
        many = b'{"kind": "futures", "futures": ' + many + b"}"
    raw = json.dumps(edited((table, "HERE"))).encode().replace(b'"HERE"', many)
    with pytest.raises(InvalidScenario) as caught:
        parse_scenario(raw)
    assert len(caught.value.findings) <= 10
    assert str(caught.value.findings[-1]) == "the document is large, so each of its lists was checked up to the first wrong entry only"


def test_large_document_without_its_tables_is_refused_at_once() -> None:
    """Each missing table of a large document would cost a copy of the whole document."""
    raw = b'{"odd": 1, "demand": [' + b"{}," * 30_000 + b"{}]}"
    with pytest.raises(InvalidScenario) as caught:
        parse_scenario(raw)
    missing = ("format", "name", "periods", "sites", "products", "shortage")
    assert [str(finding) for finding in caught.value.findings] == [
        *(f"{name}: this field is required" for name in missing),
        "odd: there is no such field; check the spelling, or remove it",
    ]


def test_large_sound_document_is_read() -> None:
    """The careful way with large documents would read them differently."""
    data = edited(("sites", [{"id": f"s{i}"} for i in range(2_000)]), ("storage", []), ("transfers", []), ("demand", []))
    for offer in data["offers"]:
        offer["delivery_cost"] = []
    data["storage"] = [{"site": f"s{i}", "product": "cable"} for i in range(2_000)]
    data["demand"] = [{"site": f"s{i}", "product": "cable", "volume": [i, i, i], "unit": "thousand fibre-km"} for i in range(2_000)]
    data["spot"][0]["delivery_cost"] = [{"site": f"s{i}", "cost": 1, "product": "cable"} for i in range(2_000)]
    raw = json.dumps(data).encode()
    assert raw.count(b",") > files.MANY_VALUES
    assert parse_scenario(raw) == Scenario.model_validate_json(raw)


TEXTS = ("a", ":", "a:b", "\\u003a", "\\\\:", '\\"', '\\":', 'x\\" : ', "\\n", "\\ud800", "\u00e9")


def any_json(r: random.Random, depth: int = 0) -> str:
    """JSON that is mostly sound, with colons and quotes where they mislead, and fields given twice."""

    def text(most: int) -> str:
        return '"' + "".join(r.choice(TEXTS) for _ in range(r.randint(0, most))) + '"'

    kind = r.random()
    if depth > 3 or kind < 0.3:
        return text(3)
    if kind < 0.5:
        return r.choice(["1", "1.5", "-0", "1e5", "true", "null", "1E400", "NaN", "01"])
    inside = [any_json(r, depth + 1) for _ in range(r.randint(0, 3))]
    if kind < 0.7:
        return "[" + ",".join(inside) + "]"
    return "{" + ",".join(f"{text(2)}{r.choice(('', ' '))}:{r.choice(('', ' '))}{x}" for x in inside) + "}"


def test_quick_reading_is_sure() -> None:
    """The quick parser is silent about a field given twice: what it is believed about must be sound, and read the same."""
    r, believed, refused = random.Random(7), 0, 0
    for _ in range(10_000):
        raw = any_json(r).encode()
        quick = files._surely_sound(raw)
        try:
            careful = files._explained(raw.decode())
        except InvalidScenario:
            refused += 1
            assert quick is None, raw
            continue
        if quick is not None:
            believed += 1
            assert json.dumps(quick) == json.dumps(careful), raw
    assert believed > 2_000
    assert refused > 500


def test_collection_of_garbage_goes_on_after_reading() -> None:
    """A server would grow without end after its first scenario, or after its first bad one."""
    parse_scenario(SOUND)
    with pytest.raises(InvalidScenario):
        parse_scenario(b"{")
    assert gc.isenabled()


def test_byte_order_mark_is_no_obstacle() -> None:
    """Files saved by some Windows editors could not be read."""
    assert parse_scenario(b"\xef\xbb\xbf" + SOUND) == parse_scenario(SOUND)


@pytest.mark.parametrize("name", library.names())
def test_what_is_written_is_read_back_the_same(name: str, tmp_path: Path) -> None:
    """A scenario would change, or become unreadable, by being saved."""
    scenario = library.load(name)
    write_scenario(scenario, tmp_path / "scenario.json")
    assert read_scenario(tmp_path / "scenario.json") == scenario
    assert read_scenario(str(tmp_path / "scenario.json")) == scenario


def test_given_tree_survives_writing() -> None:
    """A tree's first nodes would lose `parent: null`, which must be given."""
    nodes = [{"id": f"n{t}", "parent": f"n{t - 1}" if t else None, "period": str(2027 + t), "probability": 1} for t in range(3)]
    scenario = scenario_from(edited(("uncertainty", {"kind": "tree", "nodes": nodes})))
    assert parse_scenario(dump_scenario(scenario)) == scenario


def test_file_larger_than_it_says_is_not_read_whole() -> None:
    """A device or pipe that reports no size would fill the memory."""
    with pytest.raises(InvalidScenario, match=r"at most 33\.6 MB are read"):
        read_scenario(Path("/dev/zero"))


def test_missing_file_is_the_callers_business(tmp_path: Path) -> None:
    """The command line could not tell a missing file from a bad one."""
    with pytest.raises(FileNotFoundError):
        read_scenario(tmp_path / "nothing.json")


def test_writing_fails_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk would leave half a file in place of a good one."""
    target = tmp_path / "plan.json"
    write_whole(target, "old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(target, "new")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


def test_written_file_has_ordinary_permissions(tmp_path: Path) -> None:
    """Results could be read by nobody but their writer, because temporary files are private."""
    ordinary = tmp_path / "ordinary"
    ordinary.write_text("")
    write_whole(tmp_path / "plan.json", "{}")
    assert (tmp_path / "plan.json").stat().st_mode == ordinary.stat().st_mode
