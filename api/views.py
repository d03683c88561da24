"""What the service says about runs: the shapes of its answers."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api.store import Run, State, Store
from models.infeasibility import Infeasibility
from models.options import SolveSettings


class View(BaseModel):
    """Base of the answers; docstrings of fields go into OpenAPI."""

    model_config = ConfigDict(use_attribute_docstrings=True)


def _stored(found: Any) -> Any:
    """As it comes out of the store: lists stand for tuples, which the document itself, being strict, refuses."""
    return Infeasibility.model_validate(found, strict=False) if isinstance(found, dict) else found


StoredInfeasibility = Annotated[Infeasibility, BeforeValidator(_stored)]


class FindingView(View):
    path: str
    """Where in the document, e.g. `offers[2].clauses[0].fraction`, or in a workbook `offers!C7`; empty: the document as a whole."""
    message: str
    sheet: str | None = None
    """Of a workbook."""
    cell: str | None = None
    """On that sheet."""


class ConflictView(View):
    path: str
    text: str
    missing: float | None
    """The least relaxation that would end the conflict, in `unit`."""
    unit: str


class ProblemView(View):
    """An error as RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    findings: list[FindingView] | None = None
    """What is wrong with the document or request, at most 50."""
    findings_left_out: int | None = None
    """How many more findings there are."""
    conflicts: list[ConflictView] | None = None
    """Rules that can't hold together."""
    infeasibility: StoredInfeasibility | None = None
    """Contradictions with the data that take part, and the cheapest repairs."""


class ReasonView(View):
    """Why a run has no plan."""

    title: str
    detail: str
    findings: list[FindingView] | None = None
    findings_left_out: int | None = None
    conflicts: list[ConflictView] | None = None
    infeasibility: StoredInfeasibility | None = None
    """Contradictions with the data that take part, and the cheapest repairs, each with a JSON Patch."""
    bound: float | None = None
    """What was proven before the time limit."""


class ProgressView(View):
    phase: str
    """read, build, solve, baselines, audit, report."""
    seconds: float
    incumbent: float | None
    """Objective of the best plan so far."""
    bound: float | None
    """No plan can have a lower objective."""
    gap: float | None
    """(incumbent - bound) / |incumbent|."""


class ResultView(View):
    """The figures of page one."""

    currency: str
    objective: float
    bound: float
    gap: float
    expected_cost: float
    cvar: float
    fill_rate: float
    shortage_probability: float
    decision: list[str]
    """What to do, in sentences."""
    warnings: list[str]


class RunView(View):
    """A run: its state, how far it is, and where to go from here."""

    id: str
    name: str
    """The scenario's name."""
    owner: str | None
    """Whose run it is; null where no keys are asked for."""
    ask: str | None
    """Which question to the negotiation desk is answered; null where the scenario is solved."""
    currency: str
    """The scenario's currency, that of all its money."""
    state: State
    stop_reason: str | None
    """gap, time, user, memory, store, worker_lost, infeasible, invalid, doubtful, solver_failure, audit_mismatch or internal; null while unfinished."""
    stopping: bool
    """Someone asked to stop and keep the best plan."""
    tag: str | None
    """The caller's word for runs that belong together."""
    batch: str | None
    """The batch that the run came in with."""
    attempt: int
    """Above 1 if the run was queued again: its process was lost, or the server ended."""
    ahead: int | None
    """How many queued runs come first; null unless queued."""
    created: datetime
    started: datetime | None
    finished: datetime | None
    settings: SolveSettings
    progress: ProgressView | None
    result: ResultView | None
    """Null unless the run has a plan."""
    said: list[str] | None
    """The answer in sentences; null unless the run is an answered question."""
    problem: ReasonView | None
    """Why there is no plan."""
    links: dict[str, str]


class RunList(View):
    """Runs, newest first."""

    runs: list[RunView]
    next: str | None
    """Address of the next page; null on the last."""


class Validity(View):
    """A sound scenario, and what it holds."""

    valid: Annotated[bool, Field(examples=[True])]
    name: str
    currency: str
    settings: SolveSettings
    counts: dict[str, int]


class ExampleView(View):
    """A bundled scenario."""

    name: str
    title: str
    description: str
    links: dict[str, str]


class ExampleList(View):
    examples: list[ExampleView]


class BatchRunView(View):
    """A run of a batch, in brief."""

    id: str
    name: str
    state: State
    stop_reason: str | None
    result: ResultView | None
    """Null unless the run has a plan."""
    links: dict[str, str]


class BatchView(View):
    """Runs that were sent together."""

    id: str
    tag: str | None
    created: datetime
    finished: bool
    """Every run has ended."""
    counts: dict[State, int]
    """How many runs are in each state; those that were forgotten are missing."""
    runs: list[BatchRunView]
    """In the order in which they were sent."""
    links: dict[str, str]


class LogView(View):
    """A piece of a run's log."""

    offset: int
    """Characters before `text`, those that are no longer kept included."""
    text: str
    next: int
    """Where to go on: the `offset` of the next request."""
    over: bool
    """Nothing will be added."""


class Health(View):
    status: str
    checks: dict[str, str] | None = None
    """What was looked at, and what was found."""


def run_view(run: Run, store: Store) -> RunView:
    """What is told about `run`."""
    ask = run.request.ask
    return RunView(
        id=run.id,
        name=run.request.name,
        owner=run.request.owner or None,
        ask=ask or None,
        currency=run.request.currency,
        state=run.state,
        stop_reason=run.stop_reason,
        stopping=run.stopping,
        tag=run.request.tag,
        batch=run.request.batch,
        attempt=run.attempt,
        ahead=store.ahead(run) if run.state == "queued" else None,
        created=run.created,
        started=run.started,
        finished=run.finished,
        settings=run.request.settings,
        progress=_as(ProgressView, run.progress),
        result=None if ask else _as(ResultView, run.headline),
        said=(run.headline or {}).get("said"),
        problem=_as(ReasonView, run.problem),
        links=links(run),
    )


def batch_view(runs: list[Run]) -> BatchView:
    """What is told about a batch, of which these runs are remembered."""
    first = runs[0]
    here = f"/v1/batches/{first.request.batch}"
    over = all(run.over for run in runs)
    return BatchView(
        id=first.request.batch or "",
        tag=first.request.tag,
        created=first.created,
        finished=over,
        counts=dict(Counter(run.state for run in runs)),
        runs=[
            BatchRunView(
                id=run.id,
                name=run.request.name,
                state=run.state,
                stop_reason=run.stop_reason,
                result=_as(ResultView, run.headline),
                links={"self": f"/v1/runs/{run.id}", "page": f"/runs/{run.id}"},
            )
            for run in runs
        ],
        links={"self": here, "page": f"/batches/{first.request.batch}"} | ({} if over else {"cancel": f"{here}/cancel"}),
    )


def _as(view: type[View], data: dict[str, Any] | None) -> Any:
    return None if data is None else view(**data)


def links(run: Run) -> dict[str, str]:
    """Where to go from a run; what it can't do now is left out."""
    here = f"/v1/runs/{run.id}"
    found = {"self": here, "page": f"/runs/{run.id}", "events": f"{here}/events", "scenario": f"{here}/scenario", "clone": f"{here}/clone"}
    found |= {"log": f"{here}/log"} | ({} if run.request.ask else {"model": f"{here}/model.mps"})
    if not run.over:
        found |= {"stop": f"{here}/stop", "cancel": f"{here}/cancel"}
    if run.has_plan and run.request.ask:
        found |= {"result": f"{here}/result", "report": f"{here}/report"}
    elif run.has_plan:
        found |= {"solution": f"{here}/solution", "tables": f"{here}/solution.csv", "workbook": f"{here}/solution.xlsx", "report": f"{here}/report"}
        found |= {"frontier": f"{here}/frontier"} if (run.headline or {}).get("frontier") else {}
    return found
