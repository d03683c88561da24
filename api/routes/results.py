"""What a finished run leaves: the plan as JSON, as tables, as a report."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from api.body import WORKBOOK
from api.contracts import file_with
from api.problems import Problem
from api.question import ANSWERS, scenario_in
from api.routes.state import KnownRun, Parts, Services
from api.store import Part, Run
from models.errors import InvalidScenario
from models.frontier import Frontier
from models.plan import Plan
from models.sheet import ContractSheet
from scenarios.files import parse_scenario

router = APIRouter(prefix="/v1/runs", tags=["results"])
ERRORS: dict[int | str, dict[str, Any]] = {404: {}, 409: {}}
REPORT_POLICY = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
)
"""A report brings its own scripts and styles, so it runs in a sandbox: it can reach neither this service nor any other."""

Detail = Annotated[Literal["full", "summary"], Query(description="`summary` leaves out the rows per node")]
Download = Annotated[bool, Query(description="Answer as a file to keep")]


def finished(run: Run) -> None:
    """Raises Problem (not-finished, no-plan) unless the run ended with a plan."""
    if not run.over:
        raise Problem("not-finished", f"The run is {run.state}.", headers={"Retry-After": "1"}, state=run.state)
    if not run.has_plan:
        reason = {"detail": "The run was cancelled.", **(run.problem or {})}
        members = {key: reason[key] for key in ("findings", "findings_left_out", "conflicts", "infeasibility", "bound") if key in reason}
        raise Problem("no-plan", reason["detail"], state=run.state, stop_reason=run.stop_reason, **members)


def answered(run: Run, parts: Services) -> bytes:
    """The answer to the question of a run. Raises Problem."""
    finished(run)
    return stored(run, parts, "plan")


def solved(run: Run, parts: Services, part: Literal["plan", "page"] = "plan") -> bytes:
    """The plan of a run that solves a scenario, or what its page shows. Raises Problem."""
    if run.request.ask:
        raise Problem("no-plan", "The run answers a question and makes no plan; its answer is at `/result`.", state=run.state)
    finished(run)
    return stored(run, parts, part)


def stored(run: Run, parts: Services, part: Part) -> bytes:
    """A part of a run. Raises Problem where the run was forgotten a moment ago."""
    found = parts.store.content(run.id, part)
    if found is None:
        raise Problem("no-run")
    return found


def scenario_of(run: Run, parts: Services) -> bytes:
    """The scenario as it was sent, with a question or by itself."""
    body = stored(run, parts, "body")
    return scenario_in(body) if run.request.ask else body


def _plan(run: Run, parts: Services) -> Plan:
    return Plan.model_validate_json(solved(run, parts))


def _attached(run: Run, ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="offtake-{run.id}{ending}"'}


@router.get("/{run_id}/solution", responses={200: {"model": Plan}, **ERRORS}, response_class=Response)
def get_solution(run: KnownRun, parts: Parts, detail: Detail = "full", download: Download = False) -> Response:
    """The plan as JSON."""
    content = solved(run, parts) if detail == "full" else json.dumps(json.loads(solved(run, parts, "page"))["plan"]).encode()
    return Response(content, media_type="application/json", headers=_attached(run, ".json") if download else {})


@router.get("/{run_id}/frontier", responses={200: {"model": Frontier}, **ERRORS}, response_class=Response)
def get_frontier(run: KnownRun, parts: Parts, download: Download = False) -> Response:
    """The frontiers that the scenario's `frontier` table asks for."""
    found = json.loads(solved(run, parts)).get("frontier")
    if found is None:
        raise Problem("no-frontier")
    return Response(json.dumps(found), media_type="application/json", headers=_attached(run, "-frontier.json") if download else {})


@router.get("/{run_id}/scenario", responses={200: {"content": {"application/json": {}}}, 404: {}}, response_class=Response)
def get_scenario(run: KnownRun, parts: Parts) -> Response:
    """The scenario as it was sent."""
    return Response(scenario_of(run, parts), media_type="application/json", headers=_attached(run, "-scenario.json"))


@router.get("/{run_id}/contract", responses={200: {"content": {"application/json": {}}}, **ERRORS}, response_class=Response)
def get_contract(run: KnownRun, parts: Parts) -> Response:
    """What the plan signs now as a contract file with its scenario, to be filled with what happens and sent to `/v1/negotiate/replay`."""
    from optimizer.replay_start import contract_file

    plan, scenario = _plan(run, parts), parse_scenario(scenario_of(run, parts))
    try:
        made = contract_file(scenario, plan)
    except InvalidScenario as error:
        raise Problem("no-contract", f"{error.findings[0].message[:1].upper()}{error.findings[0].message[1:]}.") from None
    whole = file_with(made, json.loads(scenario_of(run, parts)))
    return Response(json.dumps(whole), media_type="application/json", headers=_attached(run, "-contract.json"))


@router.get("/{run_id}/result", responses={200: {"content": {"application/json": {}}}, **ERRORS}, response_class=Response)
def get_result(run: KnownRun, parts: Parts, download: Download = False) -> Response:
    """The answer to a question to the negotiation desk, as JSON."""
    if not run.request.ask:
        raise Problem("no-answer")
    return Response(answered(run, parts), media_type="application/json", headers=_attached(run, f"-{run.request.ask}.json") if download else {})


@router.get("/{run_id}/solution.csv", responses={200: {"content": {"application/zip": {}, "text/csv": {}}}, **ERRORS}, response_class=Response)
def get_tables(
    run: KnownRun, parts: Parts, table: str | None = Query(None, max_length=80, description="One table as CSV; without it, all of them in a ZIP")
) -> Response:
    """The plan as tidy tables: one as CSV, or all of them in a ZIP."""
    from optimizer.report import write_tables

    plan = _plan(run, parts)
    with tempfile.TemporaryDirectory() as folder:
        tables = {path.stem: path for path in write_tables(plan, Path(folder))}
        if table is None:
            return Response(_zipped(tables), media_type="application/zip", headers=_attached(run, "-tables.zip"))
        if table not in tables:
            raise Problem("no-table", f"The tables of a plan are {', '.join(sorted(tables))}.")
        return Response(tables[table].read_bytes(), media_type="text/csv; charset=utf-8", headers=_attached(run, f"-{table}.csv"))


@router.get("/{run_id}/solution.xlsx", responses={200: {"content": {WORKBOOK: {}}}, **ERRORS}, response_class=Response)
def get_workbook(run: KnownRun, parts: Parts) -> Response:
    """The plan as an Excel workbook: sentences, tables and native charts."""
    from optimizer.report import excel_report

    plan = _plan(run, parts)
    return Response(excel_report(plan, parse_scenario(scenario_of(run, parts))), media_type=WORKBOOK, headers=_attached(run, ".xlsx"))


@router.get("/{run_id}/result.xlsx", responses={200: {"content": {WORKBOOK: {}}}, **ERRORS}, response_class=Response)
def get_result_workbook(run: KnownRun, parts: Parts) -> Response:
    """The answer to a question to the negotiation desk as an Excel workbook. A contract sheet has none."""
    from optimizer.report import excel_negotiation

    if not run.request.ask or run.request.ask == "sheet":
        raise Problem("no-answer")
    found = ANSWERS[run.request.ask].model_validate_json(answered(run, parts))
    content = excel_negotiation(found, parse_scenario(scenario_of(run, parts)))
    return Response(content, media_type=WORKBOOK, headers=_attached(run, f"-{run.request.ask}.xlsx"))


def _zipped(tables: dict[str, Path]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in tables.values():
            archive.write(path, path.name)
    return buffer.getvalue()


@router.get("/{run_id}/report", responses={200: {"content": {"text/html": {}}}, **ERRORS}, response_class=Response)
def get_report(run: KnownRun, parts: Parts, download: Download = False) -> Response:
    """The report as one HTML page that opens without a network: of a plan, or of the answer to a question."""
    from optimizer.report import html_negotiation, html_report, html_sheet

    if ask := run.request.ask:
        found, scenario = ANSWERS[ask].model_validate_json(answered(run, parts)), parse_scenario(scenario_of(run, parts))
        html = html_sheet(found) if isinstance(found, ContractSheet) else html_negotiation(found, scenario)
    else:
        html = html_report(_plan(run, parts), parse_scenario(scenario_of(run, parts)))
    headers = {"Content-Security-Policy": REPORT_POLICY} | (_attached(run, ".html") if download else {})
    return Response(html, media_type="text/html; charset=utf-8", headers=headers)
