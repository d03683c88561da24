"""What the figures say, in sentences whose every number is a stored one."""

from __future__ import annotations

import numpy as np

from models.clauses import IncrementalTiers, TakeOrPay, VolumeBand
from models.plan import Baseline, Baselines
from models.scenario import Scenario
from optimizer.answer import Tables
from optimizer.baselines import BaselineResult
from optimizer.solve.highs import Answer

ORDER_TOLERANCE = 1e-6


def money(amount: float, currency: str) -> str:
    """An amount as people say it: USD 412.3 million."""
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if abs(amount) >= size:
            return f"{currency} {amount / size:,.2f} {word}"
    return f"{currency} {amount:,.0f}"


def _offers(scenario: Scenario) -> str:
    count = len(scenario.offers)
    return f"{count} offer{'' if count == 1 else 's'}"


def decision_sentences(scenario: Scenario, tables: Tables, compared: list[BaselineResult] | None) -> tuple[str, ...]:
    """What to sign, what it costs and how it compares, in a few sentences."""
    names = {offer.id: offer.name or offer.id for offer in scenario.offers}
    now = [award for award in tables.awards if award.period is None]
    later = sorted({award.offer for award in tables.awards if award.period is not None})
    if now:
        value = money(sum(a.committed_value for a in now), scenario.currency)
        first = f"Sign {len(now)} of {_offers(scenario)} now, for a committed value of {value}: {'; '.join(names[a.offer] for a in now)}."
    else:
        first = f"Buy on the spot market and sign nothing now ({_offers(scenario)} on the table)."
    sentences = [first]
    for offer in later:
        chance = next(o.signing_probability for o in tables.offers if o.offer == offer)
        when = next(x.sign for x in scenario.offers if x.id == offer)
        if chance >= 1 - 1e-9:
            sentences.append(f"{names[offer]} is signed in {when} in every future; its volume may depend on what is known then.")
        else:
            sentences.append(f"{names[offer]} can wait until {when}: it is then signed with a probability of {100 * chance:.0f} %.")
    s, currency = tables.summary, scenario.currency
    sentences.append(
        f"This costs {money(s.expected_cost, currency)} on average (present value, penalties included) and {money(s.cvar, currency)} in the worst "
        f"{100 * s.tail:g} % of futures."
    )
    if s.worst_expected_cost is not None:
        sentences.append(
            f"If up to {100 * scenario.risk.radius:g} % of the probability lay on other futures than said, it would cost at most "
            f"{money(s.worst_expected_cost, currency)} on average: the plan guards against that."
        )
    if s.shortage_probability > 0:
        sentences.append(f"{100 * s.fill_rate:.1f} % of demand is met on time; some stays unmet with a probability of {100 * s.shortage_probability:.0f} %.")
    else:
        sentences.append("All demand is met on time in every future.")
    spot = next((b for b in compared or [] if b.name == "spot_only"), None)
    if spot is not None and spot.objective is not None and tables.awards:
        saved = spot.objective - s.objective
        verb = "saves" if saved >= 0 else "costs"
        sentences.append(f"Against buying everything on the spot market it {verb} {money(abs(saved), scenario.currency)}, risk included.")
    return tuple(sentences)


def baselines_of(answer: Answer, compared: list[BaselineResult] | None) -> Baselines | None:
    """The baselines as a document, with VSS and EVPI and the intervals that the gaps leave."""
    if compared is None:
        return None
    by = {b.name: b for b in compared}
    average, foresight, spot = by["average_future"], by["perfect_foresight"], by["spot_only"]
    vss = evpi = None
    vss_interval = evpi_interval = None
    if average.objective is not None and average.bound is not None:
        vss = _difference(average.objective, answer.objective)
        vss_interval = (average.bound - answer.objective, average.objective - answer.bound)
    if foresight.objective is not None and foresight.bound is not None:
        evpi = _difference(answer.objective, foresight.objective)
        evpi_interval = (answer.bound - foresight.objective, answer.objective - foresight.bound)
    return Baselines(
        baselines=tuple(
            Baseline.model_validate(
                {
                    "name": b.name,
                    "objective": b.objective,
                    "bound": b.bound,
                    "expected_cost": b.expected,
                    "cvar": b.cvar,
                    "fill_rate": b.fill_rate,
                    "note": b.note,
                }
            )
            for b in compared
        ),
        vss=vss,
        vss_interval=vss_interval,
        evpi=evpi,
        evpi_interval=evpi_interval,
        value_of_contracts=None if spot.objective is None else spot.objective - answer.objective,
    )


def _difference(high: float, low: float) -> float:
    """high - low, and exactly 0 where only rounding tells them apart."""
    return 0.0 if abs(high - low) <= 1e-12 * max(abs(high), abs(low)) else high - low


def sandwich(answer: Answer, compared: list[BaselineResult] | None) -> tuple[str, ...]:
    """Orderings that must hold, each in words; one that does not begins with FAILED."""
    lines = [_ordered("bound", answer.bound, "objective", answer.objective)]
    for b in compared or []:
        if b.objective is None or b.bound is None:
            continue
        if b.name == "perfect_foresight":
            lines.append(_ordered("perfect foresight (bound)", b.bound, "plan", answer.objective))
        elif not b.note:
            lines.append(_ordered("plan (bound)", answer.bound, {"spot_only": "spot only", "average_future": "average future's plan"}[b.name], b.objective))
    return tuple(lines)


def _ordered(low_name: str, low: float, high_name: str, high: float) -> str:
    if not np.isfinite(low):
        return f"{low_name} not known yet <= {high_name} {_figure(high)}"
    holds = low <= high + ORDER_TOLERANCE * max(1.0, abs(low), abs(high))
    return f"{'' if holds else 'FAILED: '}{low_name} {_figure(low)} <= {high_name} {_figure(high)}"


def unbound_discounts(scenario: Scenario) -> list[str]:
    """Warnings about offers that pay a discount on committed volume which nothing obliges the buyer to take or pay for."""
    found = []
    for offer in scenario.offers:
        clauses = {clause.kind: clause for clause in offer.clauses}
        tiers, owed, band = clauses.get("incremental_tiers"), clauses.get("take_or_pay"), clauses.get("volume_band")
        if not isinstance(tiers, IncrementalTiers):
            continue
        most = max(tier.discount for tier in tiers.tiers)
        paid = owed.fraction * owed.price_share if isinstance(owed, TakeOrPay) else 0.0
        taken = 1.0 - band.down if isinstance(band, VolumeBand) else 0.0
        if max(paid, taken) < most:
            found.append(
                f"Offer '{offer.id}' credits up to {100 * most:g} % of the price on committed volume that nothing obliges to take or pay: "
                "committing without taking may look like income. Add take_or_pay or a volume_band with a lower obligation, as the real contract has."
            )
    return found


def _figure(amount: float) -> str:
    """An amount in full, with decimals only where it is small."""
    return f"{amount:,.0f}" if abs(amount) >= 1e5 else f"{amount:,.6g}"
