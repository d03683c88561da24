"""Hand-made plans for tests that need a plan but no solver, and stand-ins for `optimizer.engine.solve` and for a batch's worker."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

from api.batch import Answer, Task, solve_task
from models.errors import AuditMismatch, Cancelled, Conflict, Infeasible, NumericallyDoubtful, SolverFailure, TimeLimit
from models.options import SolveSettings
from models.plan import (
    Audit,
    Award,
    AwardVolume,
    Baseline,
    Baselines,
    CapacityOpened,
    CostLine,
    CostSummary,
    ExactCheck,
    FillRateLine,
    FlowLine,
    FlowSummary,
    FutureLine,
    Numerics,
    OfferOutcome,
    Phase,
    Plan,
    Provenance,
    RuleOutcome,
    Summary,
)
from models.scenario import Scenario
from optimizer.progress import OnProgress, Progress, ignore
from scenarios import library

PERIODS = ("2027", "2028", "2029")
MILLION = 1e6


def synthetic_plan(**changes: Any) -> Plan:
    """A consistent small plan: two offers, one of them signed, three futures, every table filled. `changes` replace top-level fields."""
    fields: dict[str, Any] = {
        "format": "offtake-plan/1",
        "scenario": "Two campuses, three years",
        "currency": "USD",
        "units": {"cable": "thousand fibre-km"},
        "status": "optimal",
        "stop_reason": "gap",
        "decision": (
            "Sign 'maker-long-term' (large) now and commit 4,000 thousand fibre-km a year from 2027 to 2029.",
            "Leave 'importer-frame' unsigned: the reservation fee costs more than the flexibility is worth in the three futures given.",
            "Expect to buy 12 % of the volume on the spot market.",
        ),
        "warnings": (),
        "summary": _summary(),
        "awards": (_award(),),
        "offers": _offers(),
        "capacity_opened": (CapacityOpened(supplier="maker", step="new-line", node="now", probability=1.0),),
        "futures": _futures(),
        "fill_rates": (
            FillRateLine(
                product="cable",
                site="",
                unit="thousand fibre-km",
                expected_demand=26_775.0,
                expected_asked=26_775.0,
                expected_shortage=336.0,
                fill_rate=0.98745,
            ),
        ),
        "flow_summaries": tuple(_flow_summary(period) for period in PERIODS),
        "cost_summaries": _cost_summaries(),
        "rules": _rules(),
        "baselines": _baselines(),
        "audit": _audit(),
        "numerics": _numerics(),
        "provenance": _provenance(),
        "flows": (FlowLine(kind="take", source="maker-long-term", product="cable", site="", node="2027", period="2027", probability=1.0, volume=4_000.0),),
        "costs": (_cost_line(),),
    }
    return Plan(**{**fields, **changes})


def _summary() -> Summary:
    return Summary(
        objective=612.4 * MILLION,
        bound=612.36 * MILLION,
        gap=6.5e-5,
        expected_cost=580.1 * MILLION,
        cvar=660.85 * MILLION,
        risk_weight=0.4,
        tail=0.1,
        expected_cash=569.2 * MILLION,
        expected_penalty=10.9 * MILLION,
        expected_demand=26_775.0,
        expected_shortage=336.0,
        fill_rate=0.98745,
        shortage_probability=0.1,
        shortage_cvar=3_360.0,
    )


def _award() -> Award:
    return Award(
        offer="maker-long-term",
        supplier="maker",
        alternative="large",
        node="now",
        period=None,
        probability=1.0,
        volumes=tuple(AwardVolume(product="cable", period=period, volume=4_000.0) for period in PERIODS),
        committed_value=318.0 * MILLION,
        clauses=("Take or pay: at least 80 % of the commitment is paid for in every period.",),
    )


def _offers() -> tuple[OfferOutcome, ...]:
    signed = OfferOutcome(
        offer="maker-long-term",
        supplier="maker",
        signed=True,
        signing_probability=1.0,
        alternative="large",
        expected_volume=12_000.0,
        expected_cost=310.0 * MILLION,
    )
    left = OfferOutcome(
        offer="importer-frame", supplier="importer", signed=False, signing_probability=0.0, alternative=None, expected_volume=0.0, expected_cost=0.0
    )
    return (signed, left)


def _futures() -> tuple[FutureLine, ...]:
    rows = (("normal", 0.6, 540.0, 0.0, 0.0), ("tight", 0.3, 620.0, 0.0, 0.0), ("crisis", 0.1, 700.85, 3_360.0, 1.0))
    return tuple(
        FutureLine(
            future=name,
            probability=probability,
            cost=cost * MILLION,
            cash=(cost - shortage * 0.03) * MILLION,
            demand=26_775.0,
            shortage=shortage,
            fill_rate=1 - shortage / 26_775.0,
            tail_share=tail,
        )
        for name, probability, cost, shortage, tail in rows
    )


def _flow_summary(period: str) -> FlowSummary:
    return FlowSummary(kind="take", source="maker-long-term", product="cable", site="", period=period, mean=4_000.0, p5=3_800.0, p50=4_000.0, p95=4_600.0)


def _cost_summaries() -> tuple[CostSummary, ...]:
    rows = (("purchase", 452.3, 415.2), ("spot", 168.0, 152.0), ("shortage_penalty", 12.4, 10.9), ("delivery", 5.6, 5.0), ("prepayment_credit", -3.2, -3.0))
    return tuple(CostSummary(dimension="category", key=key, expected=nominal * MILLION, present=present * MILLION) for key, nominal, present in rows)


def _rules() -> tuple[RuleOutcome, ...]:
    common = {"where": "", "violation": 0.0, "penalty": 0.0}
    return (
        RuleOutcome(path="rules[0]", kind="domestic_share", text="domestic share at least 60 %", hard=True, value=0.88, limit=0.6, binding=False, **common),
        RuleOutcome(
            path="rules[1]",
            kind="budget",
            text="budget of 2027 at most USD 190,000,000",
            hard=True,
            value=190e6,
            limit=190e6,
            binding=True,
            **{**common, "where": "2027"},
        ),
        RuleOutcome(
            path="rules[2]",
            kind="fill_rate",
            text="fill rate at least 99 %",
            hard=False,
            value=0.98745,
            limit=0.99,
            where="expected",
            binding=True,
            violation=0.255,
            penalty=0.51 * MILLION,
        ),
    )


def _baselines() -> Baselines:
    def line(name: str, objective: float) -> Baseline:
        return Baseline(
            name=name,  # type: ignore[arg-type]
            objective=objective * MILLION,
            bound=(objective - 0.04) * MILLION,
            expected_cost=(objective - 30) * MILLION,
            cvar=(objective + 50) * MILLION,
            fill_rate=0.95,
        )

    return Baselines(
        baselines=(line("spot_only", 740.2), line("average_future", 625.3), line("perfect_foresight", 598.7)),
        vss=12.9 * MILLION,
        vss_interval=(12.8 * MILLION, 12.94 * MILLION),
        evpi=13.7 * MILLION,
        evpi_interval=None,
        value_of_contracts=127.8 * MILLION,
    )


def _audit() -> Audit:
    return Audit(
        passed=True,
        largest_violation=3e-10,
        where="balance cable ohio 2028",
        objective=612.4 * MILLION,
        solver_objective=612.4 * MILLION,
        relative_difference=2e-12,
        exact=ExactCheck(rows_checked=812, rows_total=812, largest_violation=1e-12, row="", objective_difference=1e-9, passed=True),
        sandwich=("Perfect foresight 598.70 ≤ this plan 612.40 ≤ the average future's plan 625.30 million.",),
        suspect=False,
    )


def _numerics() -> Numerics:
    return Numerics(
        rows=812,
        columns=1_024,
        integers=6,
        nonzeros=3_400,
        coefficient_range=(0.1, 7_000.0),
        cost_range=(0.5, 78_000.0),
        bound_range=(1.0, 9_000.0),
        rhs_range=(800.0, 190e6),
        scaled_coefficient_range=(0.01, 100.0),
        warnings=(),
    )


def _provenance() -> Provenance:
    return Provenance(
        scenario_sha256="0" * 64,
        seed=1,
        gap_asked=1e-4,
        method="extensive form",
        foresight="futures part when their data do",
        versions={"offtake": "0.1.0", "highspy": "1.15.1"},
        nodes=8,
        futures=3,
        created="2026-01-01T00:00:00Z",
        phases=(Phase(name="build", seconds=0.4), Phase(name="solve", seconds=1.2)),
    )


def _cost_line() -> CostLine:
    return CostLine(
        node="2027",
        period="2027",
        probability=1.0,
        source_kind="offer",
        source="maker-long-term",
        clause="price",
        category="purchase",
        amount=106e6,
        present=106e6,
    )


def named(name: str) -> bytes:
    """The quickstart scenario under another name: the stand-ins below do as the name says."""
    return json.dumps({**json.loads(library.read("quickstart")), "name": name}).encode()


def fake_solve(scenario: Scenario, settings: SolveSettings | None = None, *, on_progress: OnProgress = ignore, stop: threading.Event | None = None) -> Plan:
    """What `engine.solve` would do, as told by the scenario's name:

    `infeasible`, `time limit`, `audit`, `memory`, `crash` and `noisy` do what they say; `search` goes on until it is stopped and then has a plan,
    `search in vain` has none then, `deaf` never listens; these three say so when they have begun. Anything else is solved at once.
    """
    settings = settings or scenario.solve
    on_progress(Progress("build", 0.0))
    on_progress(Progress("solve", 0.1, incumbent=700e6, bound=600e6, gap=1 / 7))
    word = scenario.name
    if word in ERRORS:
        raise ERRORS[word]
    if word == "noisy":
        os.write(1, b"a native library says hello\n")
        print("a library says hello")
    if word == "deaf" or word.startswith("search"):
        _say_that_it_searches()
        heard = threading.Event().wait(120) if word == "deaf" or stop is None else stop.wait(120)
        if not heard:
            raise AssertionError("nobody stopped the search")
        if word == "search in vain":
            raise Cancelled
        return synthetic_plan(scenario=word, status="feasible", stop_reason="user")
    status = {"status": "feasible", "stop_reason": "time"} if word == "slow" else {}
    return synthetic_plan(scenario=word, **status)


def _say_that_it_searches() -> None:
    """On standard error; and to the pipe named by OFFTAKE_TEST_BEGUN, because a batch's workers have no standard error."""
    os.write(2, b"searching\n")
    if name := os.environ.get("OFFTAKE_TEST_BEGUN"):
        Path(name).write_text("searching")


ERRORS: dict[str, Exception] = {
    "infeasible": Infeasible([Conflict("rules[0]", "fill rate at least 99 %", 3.5, "percentage points"), Conflict("rules[1]", "budget of 2027 at most 1")]),
    "time limit": TimeLimit(60.0, bound=5.0),
    "doubtful": NumericallyDoubtful("the prices in spot[0].price lie nine orders of magnitude apart"),
    "audit": AuditMismatch("the audit finds USD 5 more than the model"),
    "solver": SolverFailure("the solver answered nonsense"),
    "memory": MemoryError(),
    "crash": ZeroDivisionError("a fault of ours"),
}


def fake_task(task: Task, on_progress: OnProgress = ignore, stop: threading.Event | None = None) -> Answer:
    """A batch's worker without a solver; a scenario named `killed` ends its process as the kernel would when memory runs out, `stuck` never ends."""
    if b'"name": "killed"' in task.raw:
        os.kill(os.getpid(), signal.SIGKILL)
    if b'"name": "stuck"' in task.raw:
        on_progress(Progress("solve", 0.1))
        threading.Event().wait(120)
    from optimizer import engine  # only here: a worker must have started before Pyomo does

    engine.solve = fake_solve
    return solve_task(task, on_progress=on_progress, stop=stop)
