"""The pages people see: the form, a run, the list of runs, the routes."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse
from fastapi.staticfiles import StaticFiles

from api.problems import KINDS, Problem
from api.routes.documents import bundled
from api.routes.results import scenario_of, stored
from api.routes.state import Parts
from api.views import run_view
from api.web import WEB, page, plotly
from models.scenario import Scenario
from scenarios import library

router = APIRouter(include_in_schema=False)
GROUPS = (("clause-", "One contract clause each"), ("rule-", "One business rule each"), ("", "Worked cases"))
PHASES = ("read", "build", "solve", "baselines", "audit", "quality", "report")
RUNS_SHOWN = 50
QUESTIONS = {
    "levers": "What can be negotiated", "ledger": "What terms are worth", "walkaway": "When to walk away", "curve": "How the price moves the volume",
    "zone": "Where a deal is possible", "bargain": "What is fair", "counter": "What to counter with", "packages": "Packages to choose from",
    "sheet": "Contract sheet", "brief": "Preparing the meeting",
    **{f"session-{step}": "A session at the table" for step in ("start", "next", "receive", "accept", "replay")},
}  # fmt: skip
DEFAULT_CURRENCY: str = Scenario.model_fields["currency"].default


@router.get("/")
def form(parts: Parts, example: str = "quickstart", run: str = "") -> HTMLResponse:
    """The form, filled with a bundled scenario or with that of an earlier run."""
    earlier = parts.store.get(run) if run else None
    known = library.names()
    chosen = "" if earlier else example if example in known else ""
    text = stored(earlier, parts, "body").decode("utf-8-sig") if earlier else library.read(chosen).decode() if chosen else ""
    return page("form.html", groups=_groups(), chosen=chosen, text=text, earlier=earlier, limit=parts.settings.max_body_bytes)


def _groups() -> dict[str, list[Any]]:
    """Bundled scenarios by what they are for."""
    groups: dict[str, list[Any]] = {title: [] for _, title in reversed(GROUPS)}
    for view in bundled():
        groups[next(title for prefix, title in GROUPS if view.name.startswith(prefix))].append(view)
    return groups


@router.get("/negotiate")
def negotiate_form(parts: Parts, example: str = "quickstart", run: str = "") -> HTMLResponse:
    """The form of the negotiation desk, for a bundled scenario or that of an earlier run; an earlier question is filled in again."""
    earlier = parts.store.get(run) if run else None
    chosen = example if example in library.names() else "quickstart"
    scenario = json.loads(library.read(chosen) if earlier is None else scenario_of(earlier, parts).decode("utf-8-sig"))
    asked: dict[str, Any] = json.loads(stored(earlier, parts, "body").decode("utf-8-sig")) if earlier and earlier.request.ask else {}
    package = {"offer": (asked.get("offers") or [""])[0], "alternative": None, "price": None, "terms": {}} | asked.get("package", {})
    return page(
        "negotiate.html",
        groups=_groups(),
        chosen=chosen,
        earlier=earlier,
        title=scenario["name"],
        currency=scenario.get("currency", DEFAULT_CURRENCY),
        offers=_offers(scenario),
        package=package,
        terms="\n".join(f"{lever} = {value:.12g}" for lever, value in (package["terms"] or {}).items()),
        desk=json.dumps(asked["desk"], indent=1) if asked.get("desk") else "",
    )


def _offers(scenario: dict[str, Any]) -> list[dict[str, str]]:
    """What can be chosen to negotiate: offers, and their alternatives one by one where there are several."""
    names = {x["id"]: x.get("name") or x["id"] for x in scenario.get("suppliers", ())}
    found = []
    for x in scenario.get("offers", ()):
        words = f"{x.get('name') or x['id']}, {names.get(x['supplier'], x['supplier'])}"
        plain = {"offer": x["id"], "supplier": x["supplier"]}
        found.append({**plain, "alternative": "", "words": words})
        several = x["alternatives"] if len(x["alternatives"]) > 1 else ()
        found += [{**plain, "alternative": a["id"], "words": f"{words}: only {a['id']}"} for a in several]
    return found


@router.get("/runs")
def recent_runs(parts: Parts) -> HTMLResponse:
    """The newest runs."""
    return page("runs.html", runs=[run_view(run, parts.store) for run in parts.store.latest(RUNS_SHOWN)], shown=RUNS_SHOWN, questions=QUESTIONS)


@router.get("/runs/{run_id}")
def run_page(run_id: str, parts: Parts) -> HTMLResponse:
    """A run: progress while it lasts, then the plan or the reason why there is none."""
    run = parts.store.get(run_id)
    if run is None:
        return page("lost.html", 404, problem=Problem("no-run"))
    found = json.loads(stored(run, parts, "page")) if run.has_plan else None
    view, style_ids = run_view(run, parts.store), plotly.inline_style_ids()
    if view.ask:
        return page("answer.html", run=view, words=QUESTIONS[view.ask], report=found, style_ids=style_ids)
    return page("run.html", run=view, phases=PHASES, report=found, style_ids=style_ids)


@router.get("/docs")
def routes(request: Request, parts: Parts) -> HTMLResponse:
    """Every route and every kind of problem, from the OpenAPI document."""
    spec = request.app.openapi()
    groups: dict[str, list[Any]] = {}
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append({"path": path, "method": method.upper(), **operation})
    return page("docs.html", groups=groups, kinds=KINDS, settings=parts.settings, base=str(request.base_url), version=spec["info"]["version"])


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
