"""The whole journey of a scenario, in one screen."""

from __future__ import annotations

import hashlib
import threading
import time
from concurrent.futures import Executor
from datetime import UTC, datetime
from math import isfinite

from models.errors import AuditMismatch, Cancelled, Infeasible, InvalidScenario, TimeLimit
from models.installed import version
from models.options import SolveSettings
from models.plan import Audit, ExactCheck, Phase, Plan, Provenance
from models.quality import Quality
from models.scenario import Scenario
from optimizer.answer import Tables, make_tables
from optimizer.audit import TOLERANCE, Findings, audit
from optimizer.baselines import BaselineResult, baselines_beside
from optimizer.contracts import build_contracts
from optimizer.exact import exact_check_all
from optimizer.explain import baselines_of, decision_sentences, sandwich, unbound_discounts
from optimizer.frontier import frontier
from optimizer.instance import Instance, build_instance
from optimizer.numerics import examine
from optimizer.outcome import read_outcome
from optimizer.progress import OnProgress, Progress, ignore
from optimizer.quality import Chosen, judge_plan
from optimizer.size import boundless
from optimizer.solve.choice import choose
from optimizer.solve.conflict import find_conflict
from optimizer.solve.forms import Form
from optimizer.solve.highs import Answer
from optimizer.solve.highs import version as highs_version
from optimizer.stress import stress_test
from scenarios.files import dump_scenario
from scenarios.reduction_report import report_of
from scenarios.tree import build_tree

MAIN_SHARE = 0.75  # of the time limit for the plan itself; the baselines have the rest, and what the plan leaves over
MOST_ROWS = 200_000  # rows per node in a plan with detail "auto"


def solve(
    scenario: Scenario,
    settings: SolveSettings | None = None,
    *,
    on_progress: OnProgress = ignore,
    stop: threading.Event | None = None,
    executor: Executor | None = None,
) -> Plan:
    """The audited plan of `scenario`.

    `settings` replaces the scenario's `solve` table. `on_progress` is called from the solving thread. Setting `stop` from any thread ends the
    search; the best plan found so far is returned with status "feasible" and stop_reason "user". `executor` looks at futures, where they are looked
    at one by one (`optimizer.executor`); without one, threads of this process do.
    Raises Infeasible, TimeLimit, Cancelled, NumericallyDoubtful, SolverFailure or AuditMismatch (`models.errors`).
    """
    settings = settings or scenario.solve
    clock = Clock(settings.time_limit_seconds, on_progress)

    clock.enter("read")
    instance = build_instance(scenario, build_tree(scenario))
    contracts = build_contracts(instance)
    if endless := boundless(instance):
        raise InvalidScenario(endless)
    clock.enter("build")
    form = choose(scenario, instance, settings, executor)
    numerics = examine(scenario, form.sample())

    clock.enter("solve")
    with baselines_beside(instance, contracts, form, settings, clock.left, stop) as baselines:
        share = MAIN_SHARE if settings.baselines else 1.0
        answer = form.solve(settings, seconds=share * clock.left(), on_best=clock.best, stop=stop)
        clock.solver(answer.seconds, form.phases)
        if answer.x is None:
            _explain_failure(form, instance, answer, settings, clock)
            raise TimeLimit(settings.time_limit_seconds, answer.bound if isfinite(answer.bound) else None)
        clock.best(answer.objective, answer.bound)

        clock.enter("baselines")
        compared = baselines()

    clock.enter("audit")
    outcome = read_outcome(instance, contracts, form.values(answer.x))
    found = audit(instance, contracts, outcome)
    exact = exact_check_all(form.checked(answer.x), answer.objective)
    _refuse_mismatch(found, exact, answer.objective)

    clock.enter("quality")
    chosen = Chosen(form.first_stage(answer.x), answer.objective, found.path_costs, instance.tree.probability[instance.tree.leaves])
    quality = judge_plan(scenario, settings, chosen, clock.left, stop, executor)

    clock.enter("report")
    nodes = settings.detail == "nodes" or (settings.detail == "auto" and form.columns <= MOST_ROWS)
    tables = make_tables(instance, contracts, outcome, found, answer.objective, answer.bound, nodes)
    plan = _plan(scenario, instance, settings, form, answer, compared, found, exact, tables, quality, numerics, clock)
    return _with_more(scenario, plan, settings, clock, stop, executor)


def _with_more(scenario: Scenario, plan: Plan, settings: SolveSettings, clock: Clock, stop: threading.Event | None, executor: Executor | None) -> Plan:
    """The plan with what else the scenario asks for. A frontier there is no time for is left out, and a warning says so."""
    if scenario.stress is not None:
        clock.enter("stress")
        plan = plan.model_copy(update={"stress": stress_test(scenario, plan, settings, left=clock.left, stop=stop, executor=executor)})
    if scenario.frontier is not None:
        clock.enter("frontier")
        try:
            plan = plan.model_copy(update={"frontier": frontier(scenario, settings, on_progress=clock.on_progress, left=clock.left, stop=stop)})
        except (TimeLimit, Cancelled):
            plan = plan.model_copy(update={"warnings": (*plan.warnings, "The frontier is left out, because there was no time for it.")})
    clock.enter("")
    return plan


class Clock:
    """Phases, the time they took, and what the caller hears of them."""

    def __init__(self, limit: float, on_progress: OnProgress) -> None:
        self.started = time.monotonic()
        self.limit, self.on_progress = limit, on_progress
        self.phase, self.since = "", self.started
        self.phases: list[Phase] = []
        self.incumbent: float | None = None
        self.bound: float | None = None

    def left(self) -> float:
        """Seconds left of the limit."""
        return self.limit - (time.monotonic() - self.started)

    def enter(self, phase: str) -> None:
        """End the current phase and begin another."""
        now = time.monotonic()
        if self.phase:
            self.phases.append(Phase(name=self.phase, seconds=round(now - self.since, 6)))
        self.phase, self.since = phase, now
        if phase:
            self.tell()

    def solver(self, seconds: float, parts: tuple[Phase, ...]) -> None:
        """Note how much of the current phase was spent searching, and on what."""
        self.phases += [Phase(name=f"{self.phase} (inside HiGHS)", seconds=round(seconds, 6)), *parts]

    def best(self, incumbent: float | None, bound: float | None) -> None:
        """Hear of a better plan or bound."""
        self.incumbent = incumbent if incumbent is not None else self.incumbent
        self.bound = bound if bound is not None else self.bound
        self.tell()

    def tell(self) -> None:
        gap = None
        if self.incumbent is not None and self.bound is not None:
            gap = max(0.0, self.incumbent - self.bound) / max(abs(self.incumbent), 1e-9)
        self.on_progress(Progress(self.phase, time.monotonic() - self.started, self.incumbent, self.bound, gap))


def _explain_failure(form: Form, instance: Instance, answer: Answer, settings: SolveSettings, clock: Clock) -> None:
    """Raise what says best why there is no plan; return if it was the clock."""
    if answer.status == "infeasible":
        raise Infeasible(find_conflict(form.whole(), instance, max(clock.left(), 5.0), settings.seed))
    if answer.stop_reason == "user":
        raise Cancelled


def _refuse_mismatch(found: Findings, exact: ExactCheck, objective: float) -> None:
    if not found.passed(objective):
        raise AuditMismatch(
            f"The audit disagrees with the model, so no plan is shown: largest violation {found.violation:.2e} ({found.where or 'none'}; "
            f"allowed {TOLERANCE:.0e}), objective {found.objective:,.6f} by audit and {objective:,.6f} by the solver. "
            "This is our fault; please report the scenario."
        )
    if not exact.passed:
        raise AuditMismatch(
            f"The solver's answer fails the exact check: violation {exact.largest_violation:.2e} in {exact.row}, "
            f"objective off by {exact.objective_difference:.2e}. "
            "This is not your fault; another `seed` may help. Please report the scenario."
        )


def _plan(
    scenario: Scenario,
    instance: Instance,
    settings: SolveSettings,
    form: Form,
    answer: Answer,
    compared: list[BaselineResult] | None,
    found: Findings,
    exact: ExactCheck,
    tables: Tables,
    quality: Quality | None,
    numerics: object,
    clock: Clock,
) -> Plan:
    orderings = sandwich(answer, compared)
    suspect = any(line.startswith("FAILED") for line in orderings)
    warnings = [*getattr(numerics, "warnings", ()), *unbound_discounts(scenario)]
    if suspect:
        warnings.append("Suspect: an ordering that must hold does not (see the audit); treat the figures with care and report the scenario.")
    if not tables.flows and form.columns > MOST_ROWS:
        warnings.append('Rows per node are left out for size; `"detail": "nodes"` in `solve` brings them.')
    if instance.risk_weight == 1.0:
        warnings.append("Only the worst futures count (risk weight 1), so decisions in the others are not optimised.")
    clock.enter("")
    return Plan(
        format="offtake-plan/1",
        scenario=scenario.name,
        currency=scenario.currency,
        units={x.id: x.unit for x in scenario.products},
        status="optimal" if answer.status == "optimal" else "feasible",
        stop_reason=answer.stop_reason,  # type: ignore[arg-type]
        decision=decision_sentences(scenario, tables, compared) + (quality.sentences if quality else ()),
        warnings=tuple(warnings),
        summary=tables.summary,
        awards=tables.awards,
        offers=tables.offers,
        capacity_opened=tables.capacity_opened,
        futures=tables.futures,
        fill_rates=tables.fill_rates,
        flow_summaries=tables.flow_summaries,
        cost_summaries=tables.cost_summaries,
        rules=tables.rules,
        baselines=baselines_of(answer, compared),
        quality=quality,
        tree=report_of(scenario, instance.tree),
        audit=Audit(
            passed=True,
            largest_violation=found.violation,
            where=found.where,
            objective=found.objective,
            solver_objective=answer.objective,
            relative_difference=found.difference(answer.objective),
            exact=exact,
            sandwich=orderings,
            suspect=suspect,
        ),
        numerics=numerics,  # type: ignore[arg-type]
        provenance=Provenance(
            scenario_sha256=hashlib.sha256(dump_scenario(scenario)).hexdigest(),
            seed=settings.seed,
            gap_asked=settings.gap,
            method=form.method,
            foresight=instance.tree.foresight,
            versions={name: version(name) for name in ("offtake", "pyomo", "highspy")} | {"highs": highs_version()},
            nodes=instance.tree.size,
            futures=len(instance.tree.futures),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            phases=tuple(clock.phases),
        ),
        flows=tables.flows,
        costs=tables.costs,
    )
