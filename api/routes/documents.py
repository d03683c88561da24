"""Documents: check one, the schemas, the bundled scenarios."""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request, Response

from api.body import WORKBOOK, is_workbook, read_body
from api.problems import Problem
from api.routes.state import Parts
from api.views import ExampleList, ExampleView, Validity
from models.contract import ContractFile
from models.frontier import Frontier
from models.negotiation import Negotiation
from models.plan import Plan
from models.scenario import Scenario
from models.session import Session
from scenarios import library

router = APIRouter(prefix="/v1", tags=["documents"])
DIALECT = "https://json-schema.org/draft/2020-12/schema"


@router.post("/validate", responses={408: {}, 413: {}, 415: {}, 422: {}, 503: {}})
async def validate(request: Request, parts: Parts) -> Validity:
    """Check the scenario in the body, JSON or an Excel workbook, without solving it: 200 with what it holds, or 422 with every finding."""
    body = await read_body(request, parts.settings, workbooks=True)
    checked = await run_sync(partial(parts.checker.check, body, workbook=is_workbook(request)))
    return Validity(valid=True, name=checked.name, currency=checked.currency, settings=checked.settings, counts=checked.counts)


CONVERTED: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {}, WORKBOOK: {}}}, 408: {}, 413: {}, 415: {}, 422: {}, 503: {}}


@router.post("/convert", response_class=Response, responses=CONVERTED)
async def convert(request: Request, parts: Parts, to: Annotated[Literal["json", "xlsx"], Query(description="What to answer with")] = "json") -> Response:
    """Turn the scenario in the body, JSON or an Excel workbook, into JSON or a workbook. Nothing is lost either way."""
    body = await read_body(request, parts.settings, workbooks=True)
    checked = await run_sync(partial(parts.checker.check, body, workbook=is_workbook(request), wanted=to))
    headers = {"Content-Disposition": 'attachment; filename="offtake-scenario.xlsx"'} if to == "xlsx" else {}
    return Response(checked.document, media_type=WORKBOOK if to == "xlsx" else "application/json", headers=headers)


@router.get("/schema", response_class=Response, responses={200: {"content": {"application/schema+json": {}}}})
def get_schema() -> Response:
    """JSON Schema of a scenario. It can't express references between tables; `/v1/validate` checks those too."""
    return _schema(Scenario.model_json_schema())


@router.get("/schema/plan", response_class=Response, responses={200: {"content": {"application/schema+json": {}}}})
def get_plan_schema() -> Response:
    """JSON Schema of a plan."""
    return _schema(Plan.model_json_schema(mode="serialization"))


@router.get("/schema/frontier", response_class=Response, responses={200: {"content": {"application/schema+json": {}}}})
def get_frontier_schema() -> Response:
    """JSON Schema of frontiers of cost and risk."""
    return _schema(Frontier.model_json_schema(mode="serialization"))


@router.get("/schema/negotiation", response_class=Response, responses={200: {"content": {"application/schema+json": {}}}})
def get_negotiation_schema() -> Response:
    """JSON Schema of what is brought to a negotiation besides the scenario: `desk` in questions."""
    return _schema(Negotiation.model_json_schema())


@router.get("/schema/session", response_class=Response, responses={200: {"content": {"application/schema+json": {}}}})
def get_session_schema() -> Response:
    """JSON Schema of a session of negotiation."""
    return _schema(Session.model_json_schema())


@router.get("/schema/contract", response_class=Response, responses={200: {"content": {"application/schema+json": {}}}})
def get_contract_schema() -> Response:
    """The JSON Schema of a contract file, which also holds its scenario."""
    return _schema(ContractFile.model_json_schema())


def _schema(schema: dict[str, Any]) -> Response:
    return Response(json.dumps({"$schema": DIALECT, **schema}, indent=1), media_type="application/schema+json")


@router.get("/template.xlsx", response_class=Response, responses={200: {"content": {WORKBOOK: {}}}, 404: {}})
def get_template(example: Annotated[str | None, Query(max_length=80, description="Fill it with this bundled scenario")] = None) -> Response:
    """An Excel workbook to describe a scenario in: empty, or filled with an example."""
    from scenarios.workbook import write_template, write_workbook

    if example is not None and example not in library.names():
        raise Problem("no-example")
    content = write_template() if example is None else write_workbook(library.load(example))
    headers = {"Content-Disposition": f'attachment; filename="offtake-{example or "template"}.xlsx"'}
    return Response(content, media_type=WORKBOOK, headers=headers)


def bundled() -> list[ExampleView]:
    """The bundled scenarios, by name."""
    found = []
    for name in library.names():
        head = json.loads(library.read(name))
        found.append(ExampleView(name=name, title=head["name"], description=head.get("description", ""), links={"self": f"/v1/examples/{name}"}))
    return found


@router.get("/examples")
def list_examples() -> ExampleList:
    """The bundled scenarios."""
    return ExampleList(examples=bundled())


@router.get("/examples/{name}", responses={200: {"content": {"application/json": {}}}, 404: {}}, response_class=Response)
def get_example(name: str) -> Response:
    """A bundled scenario, ready to be posted to `/v1/runs`."""
    if name not in library.names():
        raise Problem("no-example")
    return Response(library.read(name), media_type="application/json")
