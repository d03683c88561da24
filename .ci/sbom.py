#!/usr/bin/env python3
"""The parts of the container image as CycloneDX 1.6: `.ci/sbom.py > offtake.cdx.json`.

Read off `requirements.txt`, which says exactly what is installed, and `pyproject.toml`. Licences are what the packages themselves say, where this interpreter
has them in the version of the lock; run it with that of the image. The same packages give the same bytes; nothing else in it comes from the machine. Parts
that only some systems need are optional.
"""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)\s*(?:;(?P<marker>[^\\]*))?", re.MULTILINE)

SHORT = 80  # characters of a licence's name


def parts(lock: str) -> list[dict[str, Any]]:
    """Every package that the lock names."""
    found = []
    for line in PINNED.finditer(lock):
        name, version = line["name"].lower(), line["version"]
        purl = f"pkg:pypi/{name.replace('_', '-')}@{version}"
        scope = "optional" if line["marker"] else "required"
        found.append({"type": "library", "bom-ref": purl, "name": name, "version": version, "scope": scope, **licences(name, version), "purl": purl})
    return found


def licences(name: str, version: str) -> dict[str, Any]:
    """What a package says about its licence: an SPDX expression, or in words. Nothing where it says nothing, or is not here in this version."""
    try:
        here = distribution(name)
    except PackageNotFoundError:
        return {}
    if here.version != version:
        return {}
    if expression := here.metadata.get("License-Expression"):
        return {"licenses": [{"expression": expression}]}
    words = (here.metadata.get("License") or "").strip()
    classified = [line.rpartition(" :: ")[2] for line in here.metadata.get_all("Classifier") or () if line.startswith("License :: ")]
    said = [words] if words and len(words) <= SHORT and "\n" not in words else classified  # some put the whole text there
    return {"licenses": [{"license": {"name": one}} for one in said]} if said else {}


def bill_of_materials() -> dict[str, Any]:
    """The whole document."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    own = {"type": "application", "bom-ref": "offtake", "name": "offtake", "version": project["version"], "description": project["description"]}
    components = parts((ROOT / "requirements.txt").read_text("utf-8"))
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": own}, "components": components}


if __name__ == "__main__":
    print(json.dumps(bill_of_materials(), indent=1))
