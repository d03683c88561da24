"""What frontiers say, in sentences whose every number is a stored one."""

from __future__ import annotations

from collections.abc import Iterator

from models.frontier import Frontier, FrontierCurve, FrontierPoint
from models.scenario import Scenario
from optimizer.explain import money

FLAT = 1e-6  # relative: what differs by less is called the same


def sentences_of(scenario: Scenario, found: Frontier) -> Iterator[str]:
    """The price of safety, how it rises, where the scenario's own risk weight stands, what is signed, and what is proven: for each frontier."""
    for curve in found.curves:
        safest, cheapest = curve.points[0], curve.points[-1]
        if len(curve.points) == 1 or cheapest.expected_cost >= safest.expected_cost * (1 - FLAT):
            yield f"{_name(found, curve)}: the cheapest plan is the safest one as well, so there is nothing to trade."
            continue
        yield _range(found, curve)
        yield from _prices(found, curve)
        if curve.given is not None:
            yield _given(found, curve, curve.points[curve.given], curve.given)
        yield _awards(scenario, safest, cheapest)
        yield _proof(found, curve)


def notes_of(scenario: Scenario, found: Frontier) -> Iterator[str]:
    """What to know when reading the figures."""
    if scenario.risk.radius:
        yield "Figures are under the probabilities as given; `risk.ambiguity` plays no part in a frontier."
    if any(point.mix for curve in found.curves for point in curve.points):
        yield "A mix takes shares of two plans that sign the same; its figures are upper limits, and re-planning it can only better them."
    if any(curve.risk == "shortage" and not curve.unit for curve in found.curves):
        yield "Expected shortage adds up volumes of different units."
    if any(offer.sign != "now" for offer in scenario.offers):
        yield "What is signed later than now depends on the future and is not listed with a point's award."
    for curve in found.curves:
        if curve.stop_reason in ("time", "user"):
            why = "time was up" if curve.stop_reason == "time" else "it was stopped"
            yield f"{_name(found, curve)}: {why} before every point was proven; what is shown stands, with the gaps that are shown."
        if curve.stop_reason == "stalled":
            yield f"{_name(found, curve)}: not every point could be proven to the gap asked for; the gaps shown are what is proven."


def _name(found: Frontier, curve: FrontierCurve) -> str:
    return f"Expected cost against the mean of the worst {100 * found.tail:g} %" if curve.risk == "cvar" else "Expected cost against expected shortage"


def amount(found: Frontier, curve: FrontierCurve, value: float) -> str:
    """A risk, or a difference of risks, as people say it."""
    if curve.risk == "cvar":
        return money(value, found.currency)
    return f"{value:,.0f}{f' {curve.unit}' if curve.unit else ''}" if abs(value) >= 100 else f"{value:,.3g}{f' {curve.unit}' if curve.unit else ''}"


def risk_of(curve: FrontierCurve, point: FrontierPoint) -> float:
    """The frontier's risk at a point."""
    return point.cvar if curve.risk == "cvar" else point.expected_shortage


def _range(found: Frontier, curve: FrontierCurve) -> str:
    safest, cheapest = curve.points[0], curve.points[-1]
    high, low = risk_of(curve, cheapest), risk_of(curve, safest)
    dearer = money(safest.expected_cost - cheapest.expected_cost, found.currency)
    return (
        f"{_name(found, curve)}: from {amount(found, curve, high)} it can come down to {amount(found, curve, low)}, "
        f"which costs {dearer} more on average ({money(safest.expected_cost, found.currency)} instead of {money(cheapest.expected_cost, found.currency)})."
    )


def _prices(found: Frontier, curve: FrontierCurve) -> Iterator[str]:
    """What the first and the last unit of safety cost."""
    prices = [point.price_of_risk for point in curve.points if point.price_of_risk is not None]
    if len(prices) < 2:
        return
    if curve.risk == "cvar":
        yield f"The first step down costs {prices[-1]:,.2f} of expected cost for each {found.currency} of risk, the last {prices[0]:,.2f}."
    else:
        each = f"{curve.unit} " if curve.unit else "unit "
        yield f"The first step down costs {money(prices[-1], found.currency)} for each {each}less, the last {money(prices[0], found.currency)}."


def _given(found: Frontier, curve: FrontierCurve, point: FrontierPoint, k: int) -> str:
    return (
        f"The scenario's risk weight of {found.risk_weight:g} chooses point {k + 1} of {len(curve.points)}: {money(point.expected_cost, found.currency)} on "
        f"average, {amount(found, curve, risk_of(curve, point))} in the worst futures."
    )


def _awards(scenario: Scenario, safest: FrontierPoint, cheapest: FrontierPoint) -> str:
    names = {offer.id: offer.name or offer.id for offer in scenario.offers}
    safe, cheap = ({x.offer: x.volume for x in point.award} for point in (safest, cheapest))
    added, dropped = ([names[x] for x in one if x not in other] for one, other in ((safe, cheap), (cheap, safe)))
    parts = [f"{word} {', '.join(which)}" for word, which in (("signs", added), ("drops", dropped)) if which]
    more = sum(safe.values()) - sum(cheap.values())
    change = f"commits {abs(more):,.0f} units {'more' if more > 0 else 'less'}" if abs(more) >= 0.5 else "commits as much"
    return f"Compared with the cheapest plan, the safest {' and '.join([*parts, change])}."


def _proof(found: Frontier, curve: FrontierCurve) -> str:
    count, lost = len(curve.points), len(curve.dominated)
    beaten = f" {lost} of the plans tried {'is' if lost == 1 else 'are'} beaten in both." if lost else ""
    if curve.status == "proven":
        return f"{count} points; no plan is better than any of them by more than {100 * found.gap_asked:.2g} % in both figures (proven).{beaten}"
    return f"{count} points; no plan is better than any of them by more than {100 * curve.gap:.2g} % in both figures (proven so far).{beaten}"
