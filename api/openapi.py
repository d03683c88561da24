"""The OpenAPI document: what FastAPI finds in the routes, plus the two documents, real examples, and one shape for every error."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from api.body import WORKBOOK
from api.guard import OPEN
from api.openapi_examples import BATCHES, EXAMPLES, IN_EXAMPLES, PARAMETERS
from api.problems import KINDS, MEDIA_TYPE
from api.question import ALL, ANSWERS
from api.variations import MOST, Batch
from api.views import ProblemView
from models.plan import Plan
from models.scenario import Scenario
from scenarios import library

REF = "#/components/schemas/{model}"
DESCRIPTION = """Send a scenario, follow the run, read the plan: what to sign, how much to commit, what to leave to the spot market, and what it costs
in every future. Errors are problem details (RFC 9457) with findings. Where others reach the service, every
request carries a key (`Authorization: Bearer KEY`); elsewhere it answers this machine only."""


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
    spec["paths"]["/v1/batches"]["post"]["requestBody"] = _batch_body(schemas)
    _answers(spec["paths"], schemas)
    for ask, question in ALL.items():
        spec["paths"][f"/v1/negotiate/{ask.replace('session-', 'session/')}"]["post"]["requestBody"] = _question_body(ask, question, schemas)
    spec["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "A key that `offtake keys add` made."}}
    spec["security"] = [{}, {"key": []}]
    for address, path in spec["paths"].items():
        for operation in path.values():
            if address not in OPEN:
                operation["responses"] = {"401": {}, "403": {}, "429": {}} | operation["responses"]
            _problems(operation["responses"])
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in PARAMETERS:
                    parameter["example"] = PARAMETERS[parameter["name"]]
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


def _batch_body(schemas: dict[str, Any]) -> dict[str, Any]:
    schema = Batch.model_json_schema(ref_template=REF)
    schemas.update(schema.pop("$defs", {}))
    named: dict[str, Any] = {"anyOf": [{"$ref": REF.format(model="Scenario")}, {"type": "string", "description": "The name of a bundled scenario."}]}
    fields = schema["properties"]
    fields["scenario"] = {**named, "description": fields["scenario"]["description"]}
    fields["scenarios"] = {"type": "array", "items": named, "minItems": 1, "maxItems": MOST, "description": fields["scenarios"]["description"]}
    schemas["Batch"] = schema
    body = {"schema": {"$ref": REF.format(model="Batch")}, "examples": BATCHES}
    return {"required": True, "content": {"application/json": body}}


def _answers(paths: dict[str, Any], schemas: dict[str, Any]) -> None:
    """The documents that are answered as they are stored."""
    for answer in dict.fromkeys(ANSWERS.values()):
        schema = answer.model_json_schema(ref_template=REF, mode="serialization")
        for name, part in schema.pop("$defs", {}).items():
            schemas.setdefault(name, part)
        schemas.setdefault(answer.__name__, schema)
    results = [{"$ref": REF.format(model=answer.__name__)} for answer in dict.fromkeys(ANSWERS.values())]
    scenario = {"$ref": REF.format(model="Scenario")}
    told = {
        "/v1/runs/{run_id}/result": {"anyOf": results},
        "/v1/runs/{run_id}/scenario": scenario,
        "/v1/runs/{run_id}/contract": {"$ref": REF.format(model="AskReplay")},
        "/v1/examples/{name}": scenario,
        "/v1/convert": scenario,
    }
    for address, schema in told.items():
        for operation in paths[address].values():
            operation["responses"]["200"]["content"]["application/json"] = {"schema": schema}


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
