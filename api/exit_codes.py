"""What an error means at the edges: its exit code, its HTTP status, its machine-readable word. The one place that says so.

The command line ends with the exit codes, the HTTP service answers with the statuses; both show the same words and the same JSON members.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from models.errors import (
    MAX_FINDINGS,
    AuditMismatch,
    Cancelled,
    ClusterUnusable,
    ExtraMissing,
    Infeasible,
    InvalidScenario,
    NumericallyDoubtful,
    OfftakeError,
    SolverFailure,
    StoreUnusable,
    TimeLimit,
    WorkerLost,
)

if TYPE_CHECKING:
    from models.plan import Plan


class ExitCode(IntEnum):
    """How a command ended."""

    OPTIMAL = 0
    USAGE = 2
    INVALID = 3
    INFEASIBLE = 4
    LIMIT_WITH_PLAN = 5
    LIMIT_WITHOUT_PLAN = 6
    INTERNAL = 70
    NOT_WRITTEN = 74
    INTERRUPTED = 130


class UsageProblem(OfftakeError):
    """The command line asks for something that can't be done: a file that isn't there, an option out of its range, a folder that is missing."""


class NotWritten(OfftakeError):
    """A result was found but could not be written."""


@dataclass(frozen=True)
class Outcome:
    """What the edges make of an error."""

    kind: str
    exit_code: ExitCode
    http_status: int
    title: str


INTERNAL = Outcome("internal", ExitCode.INTERNAL, 500, "Internal error")
OUTCOMES: tuple[tuple[type[BaseException], Outcome], ...] = (
    (UsageProblem, Outcome("usage", ExitCode.USAGE, 400, "This can't be done")),
    (InvalidScenario, Outcome("invalid", ExitCode.INVALID, 422, "Invalid scenario")),
    (NumericallyDoubtful, Outcome("doubtful", ExitCode.INVALID, 422, "Numbers too far apart")),
    (Infeasible, Outcome("infeasible", ExitCode.INFEASIBLE, 422, "Infeasible")),
    (TimeLimit, Outcome("time_limit", ExitCode.LIMIT_WITHOUT_PLAN, 504, "Time limit without a plan")),
    (Cancelled, Outcome("interrupted", ExitCode.INTERRUPTED, 409, "Interrupted")),
    (KeyboardInterrupt, Outcome("interrupted", ExitCode.INTERRUPTED, 409, "Interrupted")),
    (NotWritten, Outcome("not_written", ExitCode.NOT_WRITTEN, 507, "Result not written")),
    (ClusterUnusable, Outcome("cluster", ExitCode.USAGE, 503, "Cluster can't be used")),
    (StoreUnusable, Outcome("store", ExitCode.USAGE, 503, "Store can't be used")),
    (ExtraMissing, Outcome("extra_missing", ExitCode.USAGE, 501, "Optional package missing")),
    (WorkerLost, Outcome("worker_lost", ExitCode.INTERNAL, 500, "Worker lost")),
    (AuditMismatch, Outcome("audit_mismatch", ExitCode.INTERNAL, 500, "Audit mismatch")),
    (SolverFailure, Outcome("solver_failure", ExitCode.INTERNAL, 500, "Solver failure")),
)
SEVEREST_FIRST = (
    ExitCode.INTERRUPTED,
    ExitCode.INTERNAL,
    ExitCode.NOT_WRITTEN,
    ExitCode.USAGE,
    ExitCode.INVALID,
    ExitCode.INFEASIBLE,
    ExitCode.LIMIT_WITHOUT_PLAN,
    ExitCode.LIMIT_WITH_PLAN,
    ExitCode.OPTIMAL,
)


def outcome_of(error: BaseException) -> Outcome:
    """The first row of the table that fits; anything unknown is an internal error."""
    return next((outcome for cause, outcome in OUTCOMES if isinstance(error, cause)), INTERNAL)


def exit_code_of(plan: Plan) -> ExitCode:
    """0 for a plan proven optimal within the gap asked for, 5 for the best plan of a search that was cut short."""
    return ExitCode.OPTIMAL if plan.status == "optimal" else ExitCode.LIMIT_WITH_PLAN


def worst(codes: Iterable[int]) -> ExitCode:
    """The code of several runs together: the severest of them, 0 for none."""
    return min((ExitCode(code) for code in codes), key=SEVEREST_FIRST.index, default=ExitCode.OPTIMAL)


def message_of(error: BaseException) -> str:
    """The sentence to show. Only Offtake's own errors speak for themselves; a stranger's text is named as what it is."""
    if isinstance(error, KeyboardInterrupt):
        return "Interrupted."
    if isinstance(error, MemoryError):
        return "The memory ran out. Shrink the scenario (futures, periods, sites), or run it on a larger machine."
    if isinstance(error, OfftakeError):
        return str(error)
    return f"An error inside Offtake ({type(error).__name__}: {error}). This is our fault; please report it with the scenario."


def error_document(error: BaseException) -> dict[str, Any]:
    """`error` as a JSON object: kind, exit code, title, message, and whatever the error itself knows (findings, conflicts and repairs, bound)."""
    outcome = outcome_of(error)
    said: dict[str, Any] = {"kind": outcome.kind, "exit_code": int(outcome.exit_code), "title": outcome.title, "message": message_of(error)}
    if isinstance(error, InvalidScenario):
        said["findings"] = [{"path": f.path, "message": f.message} for f in error.findings[:MAX_FINDINGS]]
        said["findings_left_out"] = max(0, len(error.findings) - MAX_FINDINGS)
    if isinstance(error, Infeasible):
        said["conflicts"] = [{"path": c.path, "text": c.text, "missing": c.missing, "unit": c.unit} for c in error.conflicts]
        if error.analysis is not None:
            said["infeasibility"] = error.analysis.model_dump(mode="json")
    if isinstance(error, TimeLimit):
        said["bound"] = error.bound if error.bound is not None and math.isfinite(error.bound) else None
    return {"error": said}
