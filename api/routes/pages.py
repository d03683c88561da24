"""The pages people see: start, a run, the list of runs, the routes; the forms have files of their own."""

from __future__ import annotations

import json
from typing import Annotated, Any, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

from api import history
from api.problems import KINDS, Problem
from api.routes.form import groups
from api.routes.inside import log_tail
from api.routes.results import stored
from api.routes.state import Parts
from api.routes.why import PARTS as EXPLAINED
from api.routes.why import asked_about, subject
from api.store import State
from api.views import run_view
from api.web import WEB, page, plotly

router = APIRouter(include_in_schema=False)
PHASES = {
    "read": "Read", "build": "Build the model", "solve": "Search", "baselines": "Baselines", "audit": "Audit", "quality": "Fresh futures", "report": "Report",
}  # fmt: skip
RUNS_SHOWN = 50
RUNS_AT_START = 8
QUESTIONS = {
    "levers": "What can be negotiated", "ledger": "What terms are worth", "walkaway": "When to walk away", "curve": "How the price moves the volume",
    "zone": "Where a deal is possible", "bargain": "What is fair", "counter": "What to counter with", "packages": "Packages to choose from",
    "sheet": "Contract sheet", "brief": "Preparing the meeting", "why": "Why this plan", "replay": "Contracts so far",
    **{f"session-{step}": "A session at the table" for step in ("start", "next", "receive", "accept", "replay")},
}  # fmt: skip
TABLES = {
    "summary": "Figures of page one", "awards": "Contracts to sign", "award_volumes": "Committed volumes by product and period",
    "offers": "What became of each offer",
    "capacity_opened": "Capacity steps that are opened", "futures": "Cost and shortage of every future", "fill_rates": "Demand met, by product and site",
    "flow_summaries": "Volumes by period: mean and quantiles", "cost_summaries": "Costs by category, source and period",
    "rules": "Business rules and how near they are",
    "baselines": "The plan beside its baselines", "flows": "Every volume at every node", "costs": "Every charge at every node",
}  # fmt: skip
"""Tables of every plan that can be taken away one by one."""


@router.get("/")
def start(request: Request, parts: Parts) -> Response:
    """Where one begins: the newest runs and the bundled scenarios. Links of old to the form still lead there."""
    asked = {name: value for name, value in request.query_params.items() if name in ("example", "run")}
    if asked:
        return RedirectResponse(f"/new?{urlencode(asked)}", 307)
    newest = parts.store.latest(RUNS_AT_START)
    return page("start.html", caller=parts.caller, groups=groups(), runs=[run_view(run, parts.store) for run in newest], questions=QUESTIONS)


@router.get("/runs")
def recent_runs(parts: Parts, name: Annotated[str, Query(max_length=200)] = "", state: str = "") -> HTMLResponse:
    """The newest runs, or those that fit a name and a state."""
    known = get_args(State)
    state = state if state in known else ""
    runs = [run_view(run, parts.store) for run in history.found(parts.store, RUNS_SHOWN, name, state or None)]
    return page("runs.html", caller=parts.caller, runs=runs, shown=RUNS_SHOWN, questions=QUESTIONS, states=known, sought={"name": name, "state": state})


@router.get("/runs/{run_id}")
def run_page(run_id: str, parts: Parts) -> HTMLResponse:
    """A run: progress while it lasts, then the plan or the reason why there is none."""
    run = parts.store.get(run_id)
    if run is None:
        return page("lost.html", 404, caller=parts.caller, problem=Problem("no-run"))
    found = json.loads(stored(run, parts, "page")) if run.has_plan else None
    shown = {"run": run_view(run, parts.store), "report": found, "style_ids": plotly.inline_style_ids(), "log": log_tail(run, parts)}
    if run.request.ask:
        return page("answer.html", caller=parts.caller, words=QUESTIONS[run.request.ask], about=subject(run, parts), **shown)
    shown |= {"versions": history.versions(run, parts.store, lambda other: stored(other, parts, "body")), "offers": _offers(found)}
    shown |= {"asked": asked_about(run, parts) if found else [], "explained": EXPLAINED}
    return page("run.html", caller=parts.caller, phases=PHASES, tables=TABLES, **shown)


def _offers(found: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Offers of the plan on a page: what became of each."""
    offers: list[dict[str, Any]] = (found or {}).get("plan", {}).get("offers", [])
    return offers


@router.get("/docs")
def routes(request: Request, parts: Parts) -> HTMLResponse:
    """Every route and every kind of problem, from the OpenAPI document."""
    spec = request.app.openapi()
    groups: dict[str, list[Any]] = {}
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append({"path": path, "method": method.upper(), **operation})
    return page(
        "docs.html", caller=parts.caller, groups=groups, kinds=KINDS, settings=parts.settings, base=str(request.base_url), version=spec["info"]["version"]
    )


@router.get("/static/plotly.min.js")
def plotly_script() -> FileResponse:
    """The script of the installed plotly wheel."""
    return FileResponse(plotly.script(), media_type="text/javascript", headers={"Cache-Control": "max-age=86400"})


@router.get("/static/report/{name}")
def report_asset(name: str) -> FileResponse:
    """Style and script of the report, which a run's page shares."""
    from optimizer.report import ASSETS

    if name not in ("report.css", "report.js"):
        raise Problem("no-table", "There is no such file.")
    return FileResponse(ASSETS / name)


def mount(app: FastAPI) -> None:
    """Serve the own styles and modules."""
    app.mount("/static", StaticFiles(directory=WEB / "static"))
