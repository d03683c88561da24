"""What to do in the next period, and the sentences about what is to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.replay import Onward, Step
from models.scenario import Scenario
from optimizer.explain import money
from optimizer.outcome import Outcome
from optimizer.replay_past import Past
from optimizer.wording import number, percent
from scenarios.past import SeenTree
from scenarios.tree import Floats, Ints

VISIBLE = 1e-6


@dataclass(frozen=True)
class Planned:
    """The plan at signing: what it does on the tree as it was, and its decisions by their index on the tree as it is seen now."""

    outcome: Outcome
    decisions: Mapping[str, Mapping[tuple[int, ...], float]]


def steps_of(past: Past, seen: SeenTree, outcome: Outcome, planned: Planned | None) -> tuple[Step, ...]:
    """What is done in the next period over the nodes that it may bring: takes, volumes declared, notices, signatures; what is nothing anywhere is left out."""
    tree, scenario = past.instance.tree, past.instance.scenario
    nodes = np.flatnonzero(tree.period == past.past)
    if not len(nodes):
        return ()
    then, weights = seen.origin[nodes], tree.probability[nodes]
    period = scenario.period_ids[past.past]
    found: list[Step] = []

    def add(what: str, offer: str, clause: str, product: str, unit: str, now: Floats, before: Floats | None) -> None:
        step = _step(what, offer, clause, product, period, unit, now, before, weights)
        if step.highest > VISIBLE or (step.planned or 0.0) > VISIBLE:
            found.append(step)

    for contract in past.contracts:
        o, offer = contract.offer.index, contract.offer
        if contract.offer.sign == past.past:
            add("sign", offer.id, "", "", "", outcome.signed[o][:, nodes].sum(axis=0), _at(planned, "signed", o, then))
        for p, local in enumerate(offer.products):
            product = scenario.products[local]
            was = None if planned is None else planned.outcome.take[o][p, then]
            add("take", offer.id, "", product.id, product.unit, outcome.take[o][p, nodes], was)
            for e, election in enumerate(contract.elections):
                chose = None if planned is None else planned.outcome.elected[o][e, p, then]
                add("choose", offer.id, election.label, product.id, product.unit, outcome.elected[o][e, p, nodes], chose)
        for w, ending in enumerate(contract.endings):
            gave = None if planned is None else planned.outcome.ended[o][w, then]
            add("give notice", offer.id, ending.clause, "", "", outcome.ended[o][w, nodes], gave)
    return tuple(found)


def _at(planned: Planned | None, name: str, o: int, nodes: Ints) -> Floats | None:
    return None if planned is None else np.asarray(getattr(planned.outcome, name)[o][:, nodes].sum(axis=0))


def _step(what: str, offer: str, clause: str, product: str, period: str, unit: str, now: Floats, before: Floats | None, weights: Floats) -> Step:
    return Step(
        what=what, offer=offer, clause=clause, product=product, period=period, unit=unit,  # type: ignore[arg-type]
        best=float(now @ weights), lowest=float(now.min()), highest=float(now.max()), planned=None if before is None else float(before @ weights),
    )  # fmt: skip


def onward_words(scenario: Scenario, found: Onward, why_not: str) -> tuple[str, ...]:
    """What to do next, and what that is worth; `why_not`: why nothing is said of going on as planned, where nothing is."""
    said = [_step_words(x) for x in found.steps]
    costs = f"All that is to come costs {money(found.best, scenario.currency)} on average"
    if found.gain == 0 and all(x.planned is None for x in found.steps):  # nothing has happened yet
        return (*said, f"{costs}.")
    if found.gain is None:
        return (*said, f"{costs}. {why_not}.")
    if found.gain > 0:
        return (*said, f"{costs}; that is worth {money(found.gain, scenario.currency)} against going on as it was planned at signing, risk included.")
    return (*said, f"{costs}, and nothing is better than going on as it was planned.")


def _step_words(step: Step) -> str:
    if step.what in ("sign", "give notice"):
        what = f"sign '{step.offer}'" if step.what == "sign" else f"give notice to '{step.offer}' under {step.clause}"
        always = step.lowest > 0.5
        return f"In {step.period}: {what}{'' if always else f' in some futures, with probability {percent(round(step.best, 6))}'}."
    verb, under = ("take", "") if step.what == "take" else ("declare", f" under {step.clause}")
    far = step.highest - step.lowest > VISIBLE * max(1.0, step.highest)
    volume = f"{_round(step.lowest)} to {_round(step.highest)}" if far else _round(step.best)
    mean = f", {_round(step.best)} on average, by what the period brings" if far else ""
    before = step.planned is not None and abs(step.planned - step.best) > VISIBLE * max(1.0, step.best)
    plan = f" (planned at signing: {_round(step.planned or 0.0)} on average)" if before else ""
    return f"In {step.period}: {verb} {volume} {step.unit} of {step.product} from '{step.offer}'{under}{mean}{plan}."


def _round(value: float) -> str:
    return number(round(value, 3))
