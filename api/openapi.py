"""The OpenAPI document: what FastAPI finds in the routes, plus the two documents, real examples, and one shape for every error."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from api.body import WORKBOOK
from api.problems import KINDS, MEDIA_TYPE
from api.question import ALL
from api.views import ProblemView
from models.plan import Plan
from models.scenario import Scenario
from scenarios import library

REF = "#/components/schemas/{model}"
DESCRIPTION = """Send a scenario, follow the run, read the plan: what to sign, how much to commit, what to leave to the spot market, and what it costs
in every future. Errors are problem details (RFC 9457) with findings. There is no sign-in yet: the service answers this machine only."""
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
    "session-start": {"settings": {"talks": [{"menu": _DESK["menus"][0], "view": _DESK["suppliers"][0]}], "rounds": 4, "margin": 100000.0}},
}
"""What each question's body may look like, besides its scenario."""


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of `app`."""
    spec = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
    schemas = spec.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for model, mode in ((Scenario, "validation"), (Plan, "serialization"), (ProblemView, "serialization")):
        schema = model.model_json_schema(ref_template=REF, mode=mode)  # type: ignore[arg-type]
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    for address in ("/v1/runs", "/v1/validate", "/v1/convert"):
        spec["paths"][address]["post"]["requestBody"] = _scenario_body()
    for ask, question in ALL.items():
        spec["paths"][f"/v1/negotiate/{ask.replace('session-', 'session/')}"]["post"]["requestBody"] = _question_body(ask, question, schemas)
    for path in spec["paths"].values():
        for operation in path.values():
            _problems(operation["responses"])
            if all(parameter["in"] == "path" for parameter in operation.get("parameters", ())) and "requestBody" not in operation:
                operation["responses"].pop("422", None)  # FastAPI lists it wherever there is a parameter, but a path is never invalid
            operation["responses"] = dict(sorted(operation["responses"].items()))
    return spec


def _question_body(ask: str, question: type[BaseModel], schemas: dict[str, Any]) -> dict[str, Any]:
    """A question with the scenario that it is about."""
    schema = question.model_json_schema(ref_template=REF)
    schemas.update(schema.pop("$defs", {}))
    named = {"type": "string", "description": "The name of a bundled scenario."}
    schema["properties"] = {"scenario": {"anyOf": [{"$ref": REF.format(model="Scenario")}, named]}, **schema["properties"]}
    schema["required"] = ["scenario", *schema.get("required", ())]
    schemas[question.__name__] = schema
    body: dict[str, Any] = {"schema": {"$ref": REF.format(model=question.__name__)}}
    if ask in EXAMPLES:  # the others go on from an answer
        body["examples"] = {"quickstart": {"summary": str(schema.get("description", "")), "value": {"scenario": "quickstart", **EXAMPLES[ask]}}}
    return {"required": True, "content": {"application/json": body}}


def _problems(responses: dict[str, Any]) -> None:
    """Every error answer is a problem."""
    for status, response in responses.items():
        if status.isdigit() and int(status) >= 400:
            titles = [title for code, title, _ in KINDS.values() if code == int(status)]
            response["description"] = "; ".join(titles) or "Problem"
            response["content"] = {MEDIA_TYPE: {"schema": {"$ref": REF.format(model="ProblemView")}}}


def _scenario_body() -> dict[str, Any]:
    examples = {}
    for name in IN_EXAMPLES:
        if name in library.names():
            value = json.loads(library.read(name))
            examples[name] = {"summary": value["name"], "value": value}
    json_body = {"schema": {"$ref": REF.format(model="Scenario")}, "examples": examples}
    workbook = {"schema": {"type": "string", "format": "binary", "description": "A workbook as `/v1/template.xlsx` writes it."}}
    return {"required": True, "content": {"application/json": json_body, WORKBOOK: workbook}}
