"""The bill of materials: valid, complete, and free of anything of the machine that made it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.test_lock import LOCKED, version_of

ROOT = Path(__file__).parents[1]


def made(*options: str) -> str:
    command = [sys.executable, *options, ROOT / ".ci" / "sbom.py"]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT.parent).stdout


def test_it_is_valid_and_complete() -> None:
    """Whoever checks the image's parts for known faults could not read the list, or would miss one."""
    text = made()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    parts = [(part["name"], part["version"]) for part in json.loads(text)["components"]]
    assert parts == [(one.name, version_of(one)) for one in LOCKED]


def test_parts_that_are_here_say_their_licence() -> None:
    """Whoever must know under which licences the image may be used would have to look at every package."""
    parts = json.loads(made())["components"]
    licences = {part["name"]: part.get("licenses", []) for part in parts if (part["name"], part["version"]) in installed()}
    assert licences["pydantic"] == [{"expression": "MIT"}]
    assert licences["scipy"] == [{"license": {"name": "BSD License"}}], "not the whole text of it"
    assert [name for name, said in licences.items() if not said] == []
    bare = json.loads(made("-I", "-S"))["components"]
    assert [part.pop("licenses", None) for part in bare] == [None] * len(bare)
    assert bare == [{name: value for name, value in part.items() if name != "licenses"} for part in parts]


def installed() -> set[tuple[str, str]]:
    """Names and versions of the packages of this environment."""
    return {(one.metadata["Name"].lower(), one.version) for one in distributions()}


def test_it_is_the_same_everywhere() -> None:
    """Two builds of one commit could not be compared, and a folder or an index of the building machine would be published."""
    text = made()
    assert text == made()
    assert "://" not in text
    assert str(ROOT) not in text
