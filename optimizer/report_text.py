"""Words and numbers of the report: formats, names, and the sentences of page one.

Numbers are compact in sentences ($412.3 M) and exact in tables. Sentences are `Markup`: each number is a `<data>` element that carries the stored
value, so what is shown can be compared with the plan by a program. Everything else is escaped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markupsafe import Markup

from models.plan import Baseline, Baselines, Plan

if TYPE_CHECKING:
    from models.scenario import Scenario

SPACE = "\u00a0"
MINUS = "\u2212"
NOISE = 1e-9
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
_SCALES = ((1e12, "T"), (1e9, "B"), (1e6, "M"))


@dataclass(frozen=True)
class Names:
    """What people call things: the scenario's names where it gives any, ids otherwise."""

    known: dict[tuple[str, str], str] = field(default_factory=dict)

    def __call__(self, what: str, identifier: str) -> str:
        """Name of the `what` (site, product, supplier, offer, spot) with this id."""
        return self.known.get((what, identifier), identifier)


def names_of(scenario: Scenario | None) -> Names:
    """The names that `scenario` gives; none without a scenario."""
    if scenario is None:
        return Names()
    named: dict[str, list[tuple[str, str]]] = {
        "site": [(x.id, x.name) for x in scenario.sites],
        "product": [(x.id, x.name) for x in scenario.products],
        "supplier": [(x.id, x.name) for x in scenario.suppliers],
        "offer": [(x.id, x.name) for x in scenario.offers],
        "spot": [(x.id, x.name) for x in scenario.spot],
    }
    return Names({(what, key): name for what, rows in named.items() for key, name in rows if name})


def money(value: float, currency: str) -> str:
    """Compact money: four digits from a million on ($412.3 M), whole units from a thousand on, cents below."""
    size = abs(value)
    sign = MINUS if value < 0 and f"{size:.2f}" != "0.00" else ""
    symbol = _SYMBOLS.get(currency, currency + SPACE)
    for scale, letter in _SCALES:
        if size >= 0.99995 * scale:
            return f"{sign}{symbol}{_four_digits(size / scale)}{SPACE}{letter}"
    return f"{sign}{symbol}{size:,.{0 if size >= 1000 or size < NOISE else 2}f}"


def money_scale(largest: float, currency: str) -> tuple[float, str]:
    """Divisor and unit of an axis of money that reaches `largest`."""
    for scale, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if largest >= scale:
            return scale, f"{word} {currency}"
    return 1.0, currency


def number(value: float) -> str:
    """A plain number: whole from a thousand on, four digits below."""
    return (f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}").replace("-", MINUS)


def volume(value: float, unit: str) -> str:
    """A volume with its unit."""
    return f"{number(value)}{SPACE}{unit}".rstrip()


def percent(share: float) -> str:
    """A share in per cent, with two digits of what is missing to 0 or 100 (83 %, 1.2 %, 99.97 %)."""
    value = 100 * share
    distance = min(abs(value), abs(100 - value))
    if distance < 100 * NOISE:
        return f"{value:,.0f}".replace("-0", "0") + f"{SPACE}%"
    if distance < 5e-5:
        return f"under{SPACE}0.0001{SPACE}%" if abs(value) < 1 else f"over{SPACE}99.9999{SPACE}%" if value < 100 else f"100{SPACE}%"
    return _trimmed(f"{value:,.{percent_digits(share)}f}").replace("-", MINUS) + f"{SPACE}%"


def percent_digits(share: float) -> int:
    """Decimals that `percent` shows."""
    distance = min(abs(100 * share), abs(100 - 100 * share))
    return 0 if distance < 100 * NOISE else min(4, max(0, 1 - math.floor(math.log10(distance))))


def tiny(value: float) -> str:
    """A relative difference: 0, or one digit and a power of ten."""
    if value == 0:
        return "0"
    digits, power = f"{value:.0e}".split("e")
    return f"{digits}{SPACE}×{SPACE}10{str(int(power)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def label(key: str) -> str:
    """An internal word as a label: `take_or_pay` becomes "Take or pay"."""
    text = key.replace("_", " ")
    return text[:1].upper() + text[1:]


def shared_unit(plan: Plan) -> str | None:
    """The unit of all products; None when they differ, so that volumes of different products must not be added up."""
    units = set(plan.units.values())
    return units.pop() if len(units) == 1 else None


def _four_digits(value: float) -> str:
    return _trimmed(f"{value:,.{max(0, 3 - max(0, math.floor(math.log10(value * (1 + 5e-5)))))}f}")


def _trimmed(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


class Figures:
    """Numbers of one plan as `<data>` elements."""

    def __init__(self, plan: Plan) -> None:
        self.currency = plan.currency
        self.unit = shared_unit(plan)

    def money(self, value: float) -> Markup:
        return _data(value, money(value, self.currency), f"{value:,.2f} {self.currency}")

    def exact_money(self, value: float) -> Markup:
        return _data(value, f"{value:,.0f}{SPACE}{self.currency}".replace("-", MINUS))

    def percent(self, share: float) -> Markup:
        return _data(share, percent(share))

    def volume(self, value: float) -> Markup:
        return _data(value, volume(value, self.unit or ""))

    def tiny(self, value: float) -> Markup:
        return _data(value, tiny(value))

    def count(self, value: int) -> Markup:
        return _data(value, f"{value:,}")


def _data(value: float, text: str, title: str = "") -> Markup:
    hint = Markup(' title="{}"').format(title) if title else Markup("")
    return Markup('<data value="{}"{}>{}</data>').format(repr(value), hint, text)


@dataclass(frozen=True)
class Fact:
    """One of the large figures of page one, with a sentence below it."""

    label: str
    figure: Markup
    sentence: Markup


def facts(plan: Plan) -> list[Fact]:
    """Expected cost, risk, supply and the value of contracts."""
    s, f = plan.summary, Figures(plan)
    cost = "Present value over all futures: {cash} of cash"
    cost += " and {penalty} charged for shortage and broken rules." if s.expected_penalty else "; no penalties."
    found = [Fact("Expected cost", f.money(s.expected_cost), Markup(cost).format(cash=f.money(s.expected_cash), penalty=f.money(s.expected_penalty)))]
    risk = "Mean cost of the worst {tail} of futures (CVaR); " + (
        "it does not count in the objective." if s.risk_weight == 0 else "counts {weight} in the objective."
    )
    found.append(Fact("Cost when things go badly", f.money(s.cvar), Markup(risk).format(tail=f.percent(s.tail), weight=f.percent(s.risk_weight))))
    found.append(Fact("Demand met on time", f.percent(s.fill_rate), _shortage(plan, f)))
    worth = plan.baselines.value_of_contracts if plan.baselines else None
    if worth is not None:
        note = next((b.note for b in plan.baselines.baselines if b.name == "spot_only"), "") if plan.baselines else ""
        said = "Risk-adjusted, against buying only on the spot market" + (f" ({note})." if note else " under the same rules.")
        found.append(Fact("Contracts save", f.money(worth), Markup("{}").format(said)))
    return found


def _shortage(plan: Plan, f: Figures) -> Markup:
    s = plan.summary
    if s.expected_shortage <= NOISE * max(1.0, s.expected_demand):
        return Markup("No future leaves any demand unmet.")
    text = "Some demand is unmet with probability {p}"
    if f.unit is not None:
        text += "; {mean} on average, {worst} in the worst {tail} of futures"
    return Markup(text + ".").format(
        p=f.percent(s.shortage_probability), mean=f.volume(s.expected_shortage), worst=f.volume(s.shortage_cvar), tail=f.percent(s.tail)
    )


def verdict(plan: Plan) -> Markup:
    """What is proven about the plan, in a few words."""
    gap = Figures(plan).percent(max(0.0, plan.summary.gap))
    if plan.status == "optimal":
        return Markup("Optimal: no plan under these rules can be more than {gap} cheaper").format(gap=gap)
    why = {"time": "The time limit ended the search", "user": "The search was stopped", "gap": "The search ended"}[plan.stop_reason]
    return Markup("{why}: a better plan may exist, but none can be more than {gap} cheaper").format(why=why, gap=gap)


def baseline_sentences(plan: Plan) -> list[Markup]:
    """The three comparisons in words."""
    if plan.baselines is None:
        return [Markup("No baselines were asked for, so nothing says what the contracts, planning for many futures, or better forecasts are worth.")]
    by_name = {b.name: b for b in plan.baselines.baselines}
    writers = {"spot_only": _spot_only, "average_future": _average_future, "perfect_foresight": _perfect_foresight}
    return [writer(plan, plan.baselines, by_name[name]) for name, writer in writers.items() if name in by_name]


def _spot_only(plan: Plan, all_three: Baselines, baseline: Baseline) -> Markup:
    f, worth = Figures(plan), all_three.value_of_contracts
    if worth is None:
        return Markup("<b>Spot only:</b> no such plan exists under these rules. {note}").format(note=baseline.note)
    text = "<b>Spot only</b> costs {worth} more" if worth > 0 else "<b>Spot only</b> costs no more than this plan ({worth})"
    if baseline.fill_rate is not None:
        text += " and meets {fill} of demand on time instead of {ours}"
        return Markup(text + ".").format(worth=f.money(worth), fill=f.percent(baseline.fill_rate), ours=f.percent(plan.summary.fill_rate))
    return Markup(text + ".").format(worth=f.money(worth))


def _average_future(plan: Plan, all_three: Baselines, baseline: Baseline) -> Markup:
    if all_three.vss is None:
        return Markup("<b>Planning for the average future</b> gives contracts that can't be carried through every future. {note}").format(note=baseline.note)
    f = Figures(plan)
    text = Markup("<b>Planning for the average future only</b> costs {vss} more once every future is counted (value of the stochastic solution{interval}).")
    return text.format(vss=f.money(all_three.vss), interval=_interval(f, all_three.vss_interval))


def _perfect_foresight(plan: Plan, all_three: Baselines, baseline: Baseline) -> Markup:
    if all_three.evpi is None:
        return Markup("<b>Perfect foresight:</b> no figure. {note}").format(note=baseline.note)
    f = Figures(plan)
    text = Markup("<b>Perfect foresight</b> would be worth {evpi}: no forecast can be worth more (expected value of perfect information{interval}).")
    return text.format(evpi=f.money(all_three.evpi), interval=_interval(f, all_three.evpi_interval))


def _interval(f: Figures, interval: tuple[float, float] | None) -> Markup:
    if interval is None or interval[0] == interval[1]:
        return Markup("")
    return Markup("; the solver's gaps leave {low} to {high}").format(low=f.money(interval[0]), high=f.money(interval[1]))


def proof(plan: Plan) -> Markup:
    """Bound, gap, audit and exact check in one paragraph."""
    s, a, f = plan.summary, plan.audit, Figures(plan)
    text = Markup("The plan's risk-adjusted cost is {objective}; no plan can cost less than {bound}, a gap of {gap}. ").format(
        objective=f.exact_money(s.objective), bound=f.exact_money(s.bound), gap=f.percent(s.gap)
    )
    text += Markup("An audit that shares nothing with the model recomputed every bill and volume: it {verdict}, relative difference {difference}. ").format(
        verdict="agrees" if a.passed else "does not agree", difference=f.tiny(a.relative_difference)
    )
    if a.exact is None:
        return text + "The check in exact arithmetic was not run."
    return text + Markup("A check in exact arithmetic {verdict} {checked} of {total} constraints, largest relative violation {violation}.").format(
        verdict="confirmed" if a.exact.passed else "failed; it looked at",
        checked=f.count(a.exact.rows_checked),
        total=f.count(a.exact.rows_total),
        violation=f.tiny(a.exact.largest_violation),
    )
