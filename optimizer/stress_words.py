"""What stress tests found, in sentences whose every number is a stored one."""

from __future__ import annotations

from collections.abc import Sequence

from models.scenario import Scenario
from models.stress import BreakEven, Change, Doubt, PlanOutcome, StressedPlan, WhatIfOutcome
from optimizer.explain import money
from optimizer.stress_what_ifs import AS_GIVEN, WhatIfs

WIDE = 0.1  # width of an interval of probability beyond which its middle is not told
SMALL = 5e-4  # relative to the cost: a difference below it is called none


def what_if_sentences(scenario: Scenario, found: WhatIfs) -> list[str]:
    """One per what-if, and one about regret."""
    given = next((_own(x) for x in found.outcomes if x.id == AS_GIVEN), None)
    award = next((x.award for x in found.plans if x.plan == "plan"), ())
    sentences = [_what_if(scenario, x, None if given is None else given.objective, award) for x in found.outcomes if x.id != AS_GIVEN]
    if found.minimax_regret is not None and len(found.outcomes) > 1:
        texts = {x.id: x.text.rstrip(".") for x in found.outcomes}
        best, own = (next(x for x in found.plans if x.plan == name) for name in (found.minimax_regret, "plan"))
        sentences.append(_regret(scenario, best, own, texts))
    return sentences


def _own(outcome: WhatIfOutcome) -> PlanOutcome:
    return next(x for x in outcome.outcomes if x.plan == "plan")


def _what_if(scenario: Scenario, outcome: WhatIfOutcome, given: float | None, award: tuple[str, ...]) -> str:
    own = _own(outcome)
    if own.objective is None:
        return f"{outcome.text} The plan then can't be carried through: a hard rule is broken in futures of {percent(own.not_kept)} probability."
    risk = scenario.risk
    said = f"{outcome.text} The plan then costs {money(own.objective, scenario.currency)}{', risk included' if risk.weight or risk.radius else ' on average'}"
    if given is not None:
        change = own.objective - given
        by = f"{money(abs(change), scenario.currency)} {'more' if change > 0 else 'less'} than" if abs(change) > SMALL * abs(given) else "the same as"
        said += f", {by} otherwise"
    said += f", and {percent(own.fill_rate)} of demand is met on time. " if own.fill_rate is not None else ". "
    if own.regret is None:
        return said.rstrip()
    if own.regret <= SMALL * abs(own.objective):
        return said + "No plan made for it would have been better."
    return said + f"Had one known, {_instead(scenario, outcome.best_award, award)} would have cost {money(own.regret, scenario.currency)} less."


def _instead(scenario: Scenario, award: tuple[str, ...], ours: tuple[str, ...]) -> str:
    """How another award differs from the plan's."""
    added, dropped = (names(scenario, tuple(x for x in one if x not in other)) for one, other in ((award, ours), (ours, award)))
    if not award:
        return "signing nothing"
    if set(award) == set(ours):
        return "other volumes or alternatives of the same offers"
    if not set(ours) <= set(award):
        return f"signing {added} instead of {dropped}" if not set(award) <= set(ours) else f"leaving out {dropped}"
    return f"also signing {added}"


def names(scenario: Scenario, award: tuple[str, ...]) -> str:
    """Offers by their names: A, B and C."""
    found = [x.name or x.id for x in scenario.offers if x.id in award]
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}" if found else "nothing"


def _regret(scenario: Scenario, best: StressedPlan, own: StressedPlan, texts: dict[str, str]) -> str:
    assert best.largest_regret is not None
    most = f"at most {money(best.largest_regret, scenario.currency)}, {_where(best.largest_in, texts)}"
    if best.plan == "plan":
        return f"Of the plans tried, this one has the least regret at worst: {most}."
    instead = f"Of the plans tried, {_plan(best.plan, texts)} has the least regret at worst: {most}"
    if own.largest_regret is None:
        return f"{instead}."
    return f"{instead}; this plan's is {money(own.largest_regret, scenario.currency)}, {_where(own.largest_in, texts)}."


def _where(case: str, texts: dict[str, str]) -> str:
    return "in the futures as given" if case == AS_GIVEN else f"if “{texts.get(case, case)}”"


def _plan(plan: str, texts: dict[str, str]) -> str:
    known = {"spot_only": "signing nothing", "average_future": "the average future's plan", f"best:{AS_GIVEN}": "the best plan for the futures as given"}
    case = plan.removeprefix("best:")
    return known.get(plan) or f"the best plan for “{texts.get(case, case)}”"


def break_even_sentences(scenario: Scenario, found: Sequence[BreakEven], award: tuple[str, ...]) -> list[str]:
    """How likely each group must become before `award`, the best one for the probabilities as given, changes."""
    turning = [x for x in found if x.rises_to is not None or x.falls_to is not None]
    sentences = [_turning(scenario, x, award) for x in turning]
    for proven, complete, how in (
        (True, True, "whatever the probability"),
        (False, True, "at all probabilities tried"),
        (False, False, "at the probabilities there was time for"),
    ):
        staying = [x for x in found if x not in turning and (x.proven, x.complete) == (proven, complete)]
        if staying:
            events = " or ".join(f"{x.text} (now {percent(x.probability)})" for x in staying)
            sentences.append(f"However likely it is that {events}, the award stays the same, {how}.")
    return sentences


def _turning(scenario: Scenario, found: BreakEven, award: tuple[str, ...]) -> str:
    parts = []
    for verb, change in (("rises", found.rises_to), ("falls", found.falls_to)):
        if change is not None:
            parts.append(f"{verb} to {_about(change)}: then {_instead(scenario, change.award, award)} is better")
    return f"The award changes once the probability that {found.text} (now {percent(found.probability)}) {'; or once it '.join(parts)}."


def _about(change: Change) -> str:
    if change.high - change.low > WIDE:
        return f"somewhere between {percent(change.low)} and {percent(change.high)}, where several awards cost the same within the gap"
    return f"about {percent(change.probability)} (between {percent(change.low)} and {percent(change.high)})"


def doubt_sentence(scenario: Scenario, found: Doubt) -> str:
    """What doubt about the probabilities can do, and what guarding against it is worth."""
    said = (
        f"If {percent(found.radius)} of the probability lay on other futures than said, the expected cost could rise from "
        f"{money(found.expected_cost, scenario.currency)} to {money(found.total_variation, scenario.currency)}."
    )
    if found.protection is None or found.price is None:
        return said
    if found.protection <= SMALL * abs(found.total_variation):
        return said + " No plan guards against that noticeably better than the best one for the probabilities as given."
    return said + (
        f" The best plan against it would then save {money(found.protection, scenario.currency)}, and "
        f"costs {money(found.price, scenario.currency)} if the probabilities are right: the price of robustness."
    )


def percent(share: float) -> str:
    """A share in per cent with three digits, never quite 0 or 100 unless it is."""
    text = f"{100 * share:.3g}"
    if text in ("0", "100") and share not in (0.0, 1.0):
        return "almost 100 %" if text == "100" else "almost 0 %"
    return f"{text} %"
