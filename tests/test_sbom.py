"""The bill of materials: valid, complete, and free of anything of the machine that made it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.test_lock import LOCKED, version_of

ROOT = Path(__file__).parents[1]


def made() -> str:
    command = [sys.executable, ROOT / ".ci" / "sbom.py"]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT.parent).stdout


def test_it_is_valid_and_complete() -> None:
    """Whoever checks the image's parts for known faults could not read the list, or would miss one."""
    text = made()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    parts = [(part["name"], part["version"]) for part in json.loads(text)["components"]]
    assert parts == [(one.name, version_of(one)) for one in LOCKED]


def test_it_is_the_same_everywhere() -> None:
    """Two builds of one commit could not be compared, and a folder or an index of the building machine would be published."""
    text = made()
    assert text == made()
    assert "://" not in text
    assert str(ROOT) not in text
