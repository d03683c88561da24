#!/usr/bin/env python3
"""The parts of the container image as CycloneDX 1.6: `.ci/sbom.py > offtake.cdx.json`.

Read off `requirements.txt`, which says exactly what is installed, and `pyproject.toml`. The same input gives the same bytes; nothing in it comes from the
machine. Parts that only some systems need are optional.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)\s*(?:;(?P<marker>[^\\]*))?", re.MULTILINE)


def parts(lock: str) -> list[dict[str, Any]]:
    """Every package that the lock names."""
    found = []
    for line in PINNED.finditer(lock):
        name, version = line["name"].lower(), line["version"]
        purl = f"pkg:pypi/{name.replace('_', '-')}@{version}"
        scope = "optional" if line["marker"] else "required"
        found.append({"type": "library", "bom-ref": purl, "name": name, "version": version, "scope": scope, "purl": purl})
    return found


def bill_of_materials() -> dict[str, Any]:
    """The whole document."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    own = {"type": "application", "bom-ref": "offtake", "name": "offtake", "version": project["version"], "description": project["description"]}
    components = parts((ROOT / "requirements.txt").read_text("utf-8"))
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": own}, "components": components}


if __name__ == "__main__":
    print(json.dumps(bill_of_materials(), indent=1))
