"""What is brought to the tables of the tests: a small menu and a view of one supplier, for the bundled scenario `quickstart`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCENARIO, OFFER, SUPPLIER, LEVER = "quickstart", "importer-frame", "importer", "reservation.fee_per_unit"
MENU = {"offer": OFFER, "prices": {"low": 22000.0, "high": 30000.0, "step": 1000.0}, "levers": {LEVER: [2000.0, 2800.0]}}
TYPES = [{"id": "lean", "unit_cost": 20000.0}, {"id": "usual", "unit_cost": 23000.0, "weight": 2.0}]


def desk(**changes: Any) -> dict[str, Any]:
    """A desk whose tables take two seconds."""
    return {"menus": [MENU], "suppliers": [{"supplier": SUPPLIER, "types": TYPES}], "margin": 100000.0, **changes}


def hopeless() -> dict[str, Any]:
    """A supplier that could not live with any package."""
    return desk(suppliers=[{"supplier": SUPPLIER, "types": [{"id": "dear", "unit_cost": 90000.0}]}])


def desk_file(folder: Path, content: object) -> str:
    """A file with that content."""
    path = folder / "desk.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)
