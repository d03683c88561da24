"""The form of a scenario, filled with a bundled one or that of an earlier run; sent as a plain form where a browser runs no scripts."""

from __future__ import annotations

from functools import partial
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from api.body import read_form
from api.checker import Busy, Refused
from api.form_parts import form_sections
from api.problems import invalid_scenario
from api.routes.documents import bundled
from api.routes.results import stored
from api.routes.runs import Overrides, clone, launch
from api.routes.state import KnownRun, Parts, Services
from api.store import Run
from api.views import run_view
from api.web import page
from scenarios import library

router = APIRouter(include_in_schema=False)
GROUPS = (("clause-", "One contract clause each"), ("rule-", "One business rule each"), ("", "Worked cases"))
OPTIONS = tuple(Overrides.model_fields)
EMPTY = """{
  "format": "offtake/1",
  "name": "",
  "currency": "USD",
  "periods": ["2027", "2028", "2029"],
  "sites": [],
  "products": [],
  "suppliers": [],
  "demand": [],
  "shortage": [],
  "spot": [],
  "offers": [],
  "rules": []
}
"""


def groups() -> dict[str, list[Any]]:
    """Bundled scenarios by what they are for."""
    found: dict[str, list[Any]] = {title: [] for _, title in reversed(GROUPS)}
    for view in bundled():
        found[next(title for prefix, title in GROUPS if view.name.startswith(prefix))].append(view)
    return found


@router.get("/new")
def form(parts: Parts, example: str = "quickstart", run: str = "") -> HTMLResponse:
    """The form, filled with a bundled scenario or with that of an earlier run."""
    earlier = parts.store.get(run) if run else None
    if earlier and not earlier.request.ask:
        return _form(parts, stored(earlier, parts, "body").decode("utf-8-sig"), earlier=earlier)
    if example == "empty":
        return _form(parts, EMPTY, chosen="empty")
    chosen = example if example in library.names() else ""
    return _form(parts, library.read(chosen).decode() if chosen else "", chosen=chosen)


def _form(parts: Services, text: str, *, chosen: str = "", earlier: Run | None = None, answer: dict[str, Any] | None = None, status: int = 200) -> HTMLResponse:
    return page(
        "form.html",
        status,
        caller=parts.caller,
        groups=groups(),
        chosen=chosen,
        text=text,
        empty=EMPTY,
        earlier=earlier,
        result=run_view(earlier, parts.store) if earlier else None,
        limit=parts.settings.max_body_bytes,
        sections=form_sections(),
        answer=answer,
    )


@router.post("/new")
async def send_form(request: Request, parts: Parts) -> Response:
    """Check or solve what a form without scripts sends; findings come back with the form."""
    fields = await read_form(request, parts.settings)
    text = fields.get("text", "")
    try:
        if fields.get("do") == "check":
            checked = await run_sync(parts.checker.check, text.encode())
            return await _form_again(parts, text, _told("Sound", f"“{checked.name}” can be solved."))
        options = Overrides.model_validate({name: fields[name] for name in OPTIONS if fields.get(name)} | _share(fields.get("gap", "")))
        run = await launch(parts, text.encode(), options)
    except Refused as error:
        problem = invalid_scenario(error)
        return await _form_again(parts, text, _told(problem.title, problem.detail, problem.members.get("findings")), problem.status)
    except ValidationError as error:
        wrong = [{"path": ".".join(str(step) for step in item["loc"]), "message": item["msg"]} for item in error.errors(include_url=False)]
        return await _form_again(parts, text, _told("These settings can't be used", "Correct what is named here.", wrong), 422)
    except Busy:
        return await _form_again(parts, text, _told("The server is busy", "Other documents are being checked; try again."), 503)
    return RedirectResponse(f"/runs/{run.id}", 303)


async def _form_again(parts: Services, text: str, answer: dict[str, Any], status: int = 200) -> HTMLResponse:
    """The form with what was sent and what is said about it; made in a thread, because the text may be large."""
    return await run_sync(partial(_form, parts, text, answer=answer, status=status))


@router.post("/runs/{run_id}/again")
async def solve_again(run: KnownRun, parts: Parts) -> RedirectResponse:
    """A new run of the same scenario, from the button of a run's page."""
    return RedirectResponse(f"/runs/{(await clone(run, parts, Overrides())).id}", 303)


def _share(percent: str) -> dict[str, Any]:
    """The gap as the service takes it; what is no number is left for the settings to refuse."""
    try:
        return {"gap": float(percent) / 100} if percent else {}
    except ValueError:
        return {"gap": percent}


def _told(title: str, detail: str, findings: list[dict[str, str]] | None = None) -> dict[str, Any]:
    return {"title": title, "detail": detail, "findings": findings, "conflicts": None, "infeasibility": None}
