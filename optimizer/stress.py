"""Stress tests of a plan: named what-ifs and regret, break-even probabilities, doubt about the probabilities.

what-ifs      `stress_what_ifs`     every future changed by factors; this plan beside others, and beside the best had one known
break-even    `stress_break_even`   how likely a market regime (or a given future) must become before the award changes
doubt         `stress_doubt`        the worst expected cost over a ball of probabilities, and the price of guarding against it
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor

from models.options import SolveSettings
from models.plan import Plan
from models.scenario import Scenario
from models.stress import BreakEven, Doubt, Stress, StressTest, WhatIf
from optimizer.first_stage import award_of, first_stage_of_plan
from optimizer.stress_bench import Bench, Short, futures_of
from optimizer.stress_break_even import break_even, first_probe, groups_of
from optimizer.stress_doubt import doubts
from optimizer.stress_what_ifs import AS_GIVEN, Case, WhatIfs, try_what_ifs
from optimizer.stress_words import break_even_sentences, doubt_sentence, names, what_if_sentences
from optimizer.trial import FirstStage
from scenarios.what_ifs import apply, default_what_ifs, describe

TOLD = 0.1  # of the radii, the one nearest to it is told in words, unless the scenario has one of its own
NO_TIME = "Left out, because there was no time: "


def stress_test(
    scenario: Scenario,
    plan: Plan,
    settings: SolveSettings | None = None,
    *,
    left: Callable[[], float] | None = None,
    stop: threading.Event | None = None,
    executor: Executor | None = None,
) -> StressTest:
    """Put `plan`, a plan of `scenario`, to the tests of the scenario's `stress` table (or its defaults).

    `settings` replaces the scenario's `solve` table (the gap is that of the stress table). `left` says how many seconds are left, by default the time
    limit. What there is no time for is left out, and a note says so. `executor` looks at futures (`optimizer.executor`).
    """
    started = time.monotonic()
    settings = settings or scenario.solve
    wanted = scenario.stress or Stress()
    limit = settings.time_limit_seconds
    within = settings.model_copy(update={"gap": wanted.gap})
    bench = Bench(scenario, futures_of(scenario, wanted.futures), within, left or (lambda: limit - (time.monotonic() - started)), stop, executor)
    first = first_stage_of_plan(scenario, plan)
    notes = _assumptions(bench, plan)
    sentences: list[str] = []
    what_ifs = WhatIfs((), (), None, ())
    turns: tuple[BreakEven, ...] = ()
    rows: tuple[Doubt, ...] = ()
    if "what_ifs" in wanted.parts:
        what_ifs = _what_ifs(bench, first, plan, wanted, notes)
        sentences += what_if_sentences(scenario, what_ifs)
    if "break_even" in wanted.parts:
        turns, award = _break_even(bench, first, notes)
        sentences += break_even_sentences(scenario, turns, award)
    if "ambiguity" in wanted.parts:
        rows = _doubts(bench, first, wanted, notes)
        own = scenario.risk.radius or TOLD
        sentences += [doubt_sentence(scenario, x) for x in sorted(rows, key=lambda x: abs(x.radius - own))[:1]]
    return StressTest(
        sentences=tuple(sentences),
        notes=tuple(notes),
        futures=bench.paths.count,
        plans=what_ifs.plans,
        what_ifs=what_ifs.outcomes,
        minimax_regret=what_ifs.minimax_regret,
        break_even=turns,
        doubts=rows,
        seconds=round(time.monotonic() - started, 6),
    )


def _assumptions(bench: Bench, plan: Plan) -> list[str]:
    """What the tests assume that the plan does not."""
    notes = []
    if bench.paths.count > 1 and "right after signing" not in plan.provenance.foresight:
        notes.append("Here every future is known right after signing, so that all first stages are compared alike; the plan itself waits until it is told.")
    if bench.paths.count < plan.provenance.futures:
        notes.append(f"{bench.paths.count:,} futures are used here, not the plan's {plan.provenance.futures:,}; `stress.futures` asks for more.")
    if any(x.over_futures for x in bench.scenario.rules):
        notes.append("Rules measured over several futures at once hold for the best plans, but not where a first stage is only tried.")
    return notes


def _what_ifs(bench: Bench, first: FirstStage, plan: Plan, wanted: Stress, notes: list[str]) -> WhatIfs:
    scenario = bench.scenario
    chosen: tuple[WhatIf, ...] = wanted.what_ifs or default_what_ifs(scenario, _relied_on(plan))
    cases = [Case(AS_GIVEN, "Nothing is changed.", bench.paths)]
    cases += [Case(x.id, x.name or describe(scenario, x), apply(scenario, bench.paths, x)) for x in chosen]
    found = try_what_ifs(bench, first, cases)
    if found.left_out:
        notes.append(f"{NO_TIME}{', '.join(found.left_out)}.")
    return found


def _relied_on(plan: Plan) -> str | None:
    """The supplier whose contracts cost most in the plan; None where it has none."""
    cost: dict[str, float] = {}
    for x in plan.offers:
        if x.signed:
            cost[x.supplier] = cost.get(x.supplier, 0.0) + x.expected_cost
    return max(cost, key=cost.__getitem__) if cost else None


def _break_even(bench: Bench, first: FirstStage, notes: list[str]) -> tuple[tuple[BreakEven, ...], tuple[str, ...]]:
    """Break-even probabilities, and the award that they are about."""
    groups, note = groups_of(bench.scenario, bench.paths)
    notes += [note] if note else []
    if not groups:
        return (), ()
    try:
        start = first_probe(bench)
    except Short:
        notes.append(f"{NO_TIME}break-even probabilities.")
        return (), ()
    if start is None:
        notes.append("No first stage keeps the hard rules in all futures used here, so there are no break-even probabilities.")
        return (), ()
    if award_of(bench.scenario, first) != start.award:
        said = names(bench.scenario, start.award)
        notes.append(f"Break-even probabilities are those of the best award for the futures used here ({said}), which is not the plan's.")
    return tuple(break_even(bench, group, start) for group in groups), start.award


def _doubts(bench: Bench, first: FirstStage, wanted: Stress, notes: list[str]) -> tuple[Doubt, ...]:
    own = {bench.scenario.risk.radius} - {0.0}
    if bench.paths.count < 2:
        return ()
    try:
        rows = doubts(bench, first, sorted({*wanted.radii, *own}))
    except Short:
        notes.append(f"{NO_TIME}doubt about the probabilities.")
        return ()
    if any(x.price is None for x in rows):
        notes.append(f"{NO_TIME}the price of guarding against {', '.join(f'{100 * x.radius:g} %' for x in rows if x.price is None)} of doubt.")
    return rows
