"""Why a plan is what it is, asked from the page of its run. The question is a run of its own, whose tag is the id of the run that it is about."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse

from api.problems import Problem
from api.routes.negotiate import Limits
from api.routes.results import finished, scenario_of, stored
from api.routes.runs import fingerprint, launch
from api.routes.state import KnownRun, Parts, Services
from api.store import Run

router = APIRouter(include_in_schema=False)
MOST = 20
"""Answers about one run that its page lists."""
PARTS: dict[str, str] = {"offers": "Every offer", "rules": "Business rules", "limits": "Limits in the data", "drivers": "How far drivers may move"}
Offer = Annotated[str, Query(max_length=200)]
Part = Literal["", "offers", "rules", "limits", "drivers"]


class About(Limits):
    """Options of a question about a run: its own limits, and its id to find the answer by."""

    tag: str


@dataclass(frozen=True)
class Asked:
    """A question that was asked about a run before."""

    run: Run
    offer: str
    """The offer that it is about; empty: not about one."""
    words: str


@router.post("/runs/{run_id}/why")
async def ask_why(run: KnownRun, parts: Parts, offer: Offer = "", part: Part = "") -> RedirectResponse:
    """Ask why the plan of a run is what it is: everything, one part, or about one offer. What was asked before is not solved again."""
    if run.request.ask:
        raise Problem("no-plan", "The run answers a question and makes no plan.", state=run.state)
    finished(run)
    body = await run_sync(_question, run, parts, offer, part)
    limits = run.request.settings
    options = About(time_limit_seconds=limits.time_limit_seconds, seed=limits.seed, tag=run.id)
    same = fingerprint(body, options, "why")
    before = [earlier for earlier in await run_sync(_about, run, parts) if earlier.request.fingerprint == same]
    for earlier in before:
        if earlier.has_plan or not earlier.over:
            return RedirectResponse(f"/runs/{earlier.id}", 303)
    key = f"why {same} after {before[0].id if before else 'none'}"  # of two clicks at once the second finds the run of the first
    return RedirectResponse(f"/runs/{(await launch(parts, body, options, key, ask='why')).id}", 303)


def asked_about(run: Run, parts: Services) -> list[Asked]:
    """What was asked about a run, the newest first."""
    return [_asked(found, json.loads(stored(found, parts, "body"))) for found in _about(run, parts)]


def subject(run: Run, parts: Services) -> Run | None:
    """The run that an answer is about, if it was asked from its page and whoever looks may see that run too."""
    about = parts.store.get(run.request.tag) if run.request.ask == "why" and run.request.tag else None
    return about if about and not about.request.ask else None


def _about(run: Run, parts: Services) -> list[Run]:
    return [found for found in parts.store.latest(MOST, tag=run.id) if found.request.ask == "why"]


def _question(run: Run, parts: Services, offer: str, part: str) -> bytes:
    wanted: dict[str, Any] = {"offers": [offer]} if offer else {"parts": [part]} if part else {}
    return json.dumps({**wanted, "scenario": json.loads(scenario_of(run, parts).decode("utf-8-sig"))}).encode()


def _asked(run: Run, question: dict[str, Any]) -> Asked:
    offer, part = next(iter(question.get("offers", ())), ""), next(iter(question.get("parts", ())), "")
    return Asked(run, offer, f"Offer {offer}" if offer else PARTS.get(part, "Everything"))
