"""Runs beside each other: what changed in the scenario, and what that did to the answer."""

from __future__ import annotations

import json
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from api import compare_plans
from api.compare_chart import cost_chart
from api.compare_inputs import MAX_CHANGES, changes
from api.comparison import ComparedRun, Comparison
from api.problems import Problem
from api.routes.results import stored
from api.routes.state import Parts, Services
from api.store import Run
from api.views import FindingView
from api.web import page, plotly
from models.errors import InvalidScenario
from scenarios.files import parse_scenario

router = APIRouter()
LEAST, MOST = 2, 4
MAX_BYTES = 8_000_000
"""Scenarios that are larger together are not compared place by place: it would hold up the server."""
Ids = Annotated[list[str], Query(max_length=20, description="Ids of two to four runs, with commas between them or one by one")]


@router.get("/v1/compare", tags=["results"], responses={404: {}, 422: {}})
def compare_runs(parts: Parts, runs: Ids) -> Comparison:
    """Two to four solved scenarios beside each other: where the scenarios differ, and the figures, awards and costs of their plans."""
    return comparison(_chosen(parts, runs), parts)


@router.get("/compare", include_in_schema=False)
def compare_page(parts: Parts, runs: Annotated[list[str] | None, Query()] = None) -> HTMLResponse:
    """The same as a page."""
    try:
        chosen = _chosen(parts, runs or [])
    except Problem as problem:
        return page("lost.html", problem.status, caller=parts.caller, problem=problem)
    found = comparison(chosen, parts)
    headline, chart = compare_plans.headline(found), cost_chart(found)
    return page("compare.html", caller=parts.caller, found=found, runs=chosen, headline=headline, chart=chart, style_ids=plotly.inline_style_ids())


def _chosen(parts: Services, given: list[str]) -> list[Run]:
    """The runs asked for, oldest first. Raises Problem."""
    ids = list(dict.fromkeys(part.strip() for text in given for part in text.split(",") if part.strip()))
    if not LEAST <= len(ids) <= MOST:
        raise Problem("not-comparable", f"Two to four runs can be compared, not {len(ids)}.")
    found = [parts.store.get(run_id) for run_id in ids]
    known = [run for run in found if run is not None]
    if len(known) < len(ids):
        raise Problem("no-run")
    if any(run.request.ask for run in known):
        raise Problem("not-comparable", "Only runs that solve a scenario can be compared, not answers of the negotiation desk.")
    return sorted(known, key=lambda run: run.number)


def comparison(runs: list[Run], parts: Services) -> Comparison:
    """`runs` beside each other."""
    plans = [json.loads(stored(run, parts, "page"))["plan"] if run.has_plan else None for run in runs]
    found, left_out, notes = _inputs(runs, parts)
    notes += [FindingView(path="", message=f"Run {run.id} has no plan: it is {run.state}.") for run, plan in zip(runs, plans, strict=True) if plan is None]
    return Comparison(
        runs=[
            ComparedRun(
                id=run.id,
                name=run.request.name,
                state=run.state,
                currency=run.request.currency,
                page=f"/runs/{run.id}",
                decision=list(plan["decision"]) if plan else [],
            )
            for run, plan in zip(runs, plans, strict=True)
        ],
        changes=found,
        changes_left_out=left_out,
        same_input=not found and not left_out and not any(note.path for note in notes),
        notes=notes,
        figures=compare_plans.figures(plans),
        awards=compare_plans.awards(plans),
        costs=compare_plans.costs(plans),
    )


def _inputs(runs: list[Run], parts: Services) -> tuple[list[Any], int, list[FindingView]]:
    """Where the scenarios differ, and how many more places there are."""
    bodies = [stored(run, parts, "body") for run in runs]
    if sum(map(len, bodies)) > MAX_BYTES:
        return [], 0, [FindingView(path="scenario", message=f"The scenarios are larger than {MAX_BYTES / 1e6:,.0f} MB together and are not compared here.")]
    each = changes([_document(run, body) for run, body in zip(runs, bodies, strict=True)])
    shown = list(islice(each, MAX_CHANGES))
    return shown, sum(1 for _ in each), []


def _document(run: Run, body: bytes) -> dict[str, Any]:
    """The scenario with everything that it leaves unsaid, and with the settings that the run had."""
    try:
        found: dict[str, Any] = json.loads(parse_scenario(body).model_dump_json())
    except InvalidScenario:  # it was sound for an earlier version
        found = json.loads(body.decode("utf-8-sig"))
    return found | {"solve": run.request.settings.model_dump(mode="json")}
