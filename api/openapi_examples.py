"""Examples in the OpenAPI document. Tests send every one of them to the service and hold the answer against its schema."""

from __future__ import annotations

from typing import Any

IN_EXAMPLES = ("quickstart",)
"""Bundled scenarios that appear in full; the others are at `/v1/examples`."""

_PACKAGE = {"offer": "importer-frame", "price": 26000.0, "terms": {"reservation.fee_per_unit": 2400.0}}
_DESK = {
    "menus": [
        {
            "offer": "importer-frame",
            "prices": {"low": 20000.0, "high": 32000.0, "step": 500.0},
            "levers": {"reservation.fee_per_unit": [2000.0, 2400.0, 2800.0]},
        }
    ],
    "suppliers": [
        {"supplier": "importer", "types": [{"id": "lean", "unit_cost": 20000.0}, {"id": "usual", "unit_cost": 23000.0, "weight": 2.0}]},
    ],
    "margin": 100000.0,
}  # fmt: skip
_KEPT = {
    "today": "2027",
    "contracts": [
        {
            "offer": "maker-long-term",
            "alternative": "base",
            "volumes": [{"product": "cable", "volume": 3000.0}],
            "takes": [
                {"product": "cable", "period": "2027", "site": "ohio", "volume": 1500.0},
                {"product": "cable", "period": "2027", "site": "texas", "volume": 1300.0},
            ],
            "invoices": [{"id": "M-1", "period": "2027", "lines": [{"category": "purchase", "amount": 79000000.0}]}],
        }
    ],
    "observed": {"index": {"inputs": [1.0]}},
    "orders": [{"spot": "spot-us", "period": "2027", "volume": 2500.0}],
    "sites": [{"site": "texas", "product": "cable", "unmet": 200.0}],
}
EXAMPLES: dict[str, dict[str, Any]] = {
    "levers": {},
    "ledger": {"offers": ["importer-frame"]},
    "walkaway": {"package": _PACKAGE},
    "curve": {"package": {"offer": "importer-frame"}, "low": 20000.0, "high": 32000.0},
    "zone": {"package": _PACKAGE, "desk": _DESK},
    "bargain": {"package": _PACKAGE, "desk": _DESK, "power": 0.5},
    "counter": {"package": _PACKAGE, "desk": _DESK, "target_share": 0.9},
    "packages": {"package": _PACKAGE, "desk": _DESK},
    "sheet": {"package": _PACKAGE},
    "brief": {"package": _PACKAGE, "desk": _DESK},
    "why": {"offers": ["importer-frame"], "rules": ["budget"]},
    "replay": _KEPT,
    "session-start": {"settings": {"talks": [{"menu": _DESK["menus"][0], "view": _DESK["suppliers"][0]}], "rounds": 4, "margin": 100000.0}},
}
"""What each question's body may look like, besides its scenario."""
BATCHES: dict[str, Any] = {
    "variations": {
        "summary": "What if interest, or the maker's price, were another?",
        "value": {
            "scenario": "quickstart",
            "variations": [
                {"name": "dear money", "set": {"discount_rate": 0.12}},
                {"name": "cheap frame", "set": {"offers[importer-frame].alternatives[0].price": 25000.0, "solve.gap": 0.001}},
            ],
        },
    },
    "scenarios": {"summary": "Two bundled scenarios", "value": {"scenarios": ["clause-take_or_pay", "rule-budget"]}},
}
"""Bodies of `POST /v1/batches`."""
PARAMETERS: dict[str, Any] = {
    "gap": 0.001, "time_limit_seconds": 60, "seed": 7, "baselines": False, "tag": "spring round", "state": "optimal", "limit": 20, "offset": 0,
    "detail": "summary", "download": True, "table": "awards", "to": "xlsx", "example": "quickstart", "name": "quickstart",
    "Prefer": "wait=30", "days": 7,
}  # fmt: skip
"""Values of path, query and header parameters, by name."""
