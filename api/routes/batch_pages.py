"""Pages of batches: those there are, and one with its runs, what became of them and what they cost."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse

from api import history
from api.problems import Problem
from api.routes.batches import cancel_batch
from api.routes.pages import QUESTIONS
from api.routes.state import Parts
from api.views import BatchRunView, BatchView, ResultView, batch_view, run_view
from api.web import page

router = APIRouter(include_in_schema=False)
SHOWN = 50


@dataclass(frozen=True)
class Totals:
    """What the plans of a batch come to."""

    planned: int
    """Runs with a plan."""
    currency: str
    """Empty: they have several, so their costs are no range."""
    cheapest: BatchRunView
    dearest: BatchRunView
    lowest: float
    """Expected cost, as is `highest`."""
    highest: float


@router.get("/batches")
def batch_list(parts: Parts) -> HTMLResponse:
    """The newest batches."""
    found = [batch_view(runs) for runs in history.batches(parts.store, SHOWN)]
    return page("batches.html", caller=parts.caller, batches=[(batch, totals(batch)) for batch in found], shown=SHOWN)


@router.get("/batches/{batch_id}")
def batch_page(batch_id: str, parts: Parts) -> HTMLResponse:
    """A batch: how many of its runs are in each state, what the plans cost, and the runs."""
    runs = parts.store.batch(batch_id)
    if not runs:
        return page("lost.html", 404, caller=parts.caller, problem=Problem("no-batch"))
    batch = batch_view(runs)
    views = [run_view(run, parts.store) for run in runs]
    return page("batch.html", caller=parts.caller, batch=batch, totals=totals(batch), runs=views, questions=QUESTIONS)


@router.post("/batches/{batch_id}/cancel")
def cancel_from_page(batch_id: str, parts: Parts) -> RedirectResponse:
    """End what has not ended, from its button."""
    cancel_batch(batch_id, parts)
    return RedirectResponse(f"/batches/{batch_id}", 303)


def totals(batch: BatchView) -> Totals | None:
    """What the plans come to; None while there is none."""
    costs: list[tuple[BatchRunView, ResultView]] = [(run, run.result) for run in batch.runs if run.result]
    if not costs:
        return None
    (cheapest, least), (dearest, most) = (pick(costs, key=lambda pair: pair[1].expected_cost) for pick in (min, max))
    currencies = {result.currency for _, result in costs}
    return Totals(len(costs), currencies.pop() if len(currencies) == 1 else "", cheapest, dearest, least.expected_cost, most.expected_cost)
