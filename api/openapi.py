"""The OpenAPI document: what FastAPI finds in the routes, plus the two documents, real examples, and one shape for every error."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.problems import KINDS, MEDIA_TYPE
from api.views import ProblemView
from models.plan import Plan
from models.scenario import Scenario
from scenarios import library

REF = "#/components/schemas/{model}"
DESCRIPTION = """Send a scenario, follow the run, read the plan: what to sign, how much to commit, what to leave to the spot market, and what it costs
in every future. Errors are problem details (RFC 9457) with findings. There is no sign-in yet: the service answers this machine only."""
IN_EXAMPLES = ("quickstart",)
"""Bundled scenarios that appear in full; the others are at `/v1/examples`."""


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
    for address in ("/v1/runs", "/v1/validate"):
        spec["paths"][address]["post"]["requestBody"] = _scenario_body()
    for path in spec["paths"].values():
        for operation in path.values():
            _problems(operation["responses"])
            if all(parameter["in"] == "path" for parameter in operation.get("parameters", ())) and "requestBody" not in operation:
                operation["responses"].pop("422", None)  # FastAPI lists it wherever there is a parameter, but a path is never invalid
            operation["responses"] = dict(sorted(operation["responses"].items()))
    return spec


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
    return {"required": True, "content": {"application/json": {"schema": {"$ref": REF.format(model="Scenario")}, "examples": examples}}}
