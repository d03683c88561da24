"""Tables of the report that people read: exact numbers with units, the worst or largest first, long ones cut with a word about the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from models.plan import Award, Plan
from optimizer.report_text import MINUS, SPACE, Names, label, money, number, percent, percent_digits, tiny

MAX_ROWS = 200


@dataclass(frozen=True)
class Column:
    """A column of a table. `kind`: text, money, volume, share, tiny, count, seconds."""

    label: str
    kind: str = "text"


@dataclass(frozen=True)
class Contract:
    """A contract to sign: who, when, for how much, its clauses in sentences, its volumes."""

    offer: str
    supplier: str
    alternative: str
    when: str
    worth: str
    clauses: Sequence[str]
    volumes: Table


@dataclass(frozen=True)
class Table:
    """A table to read. `rows` hold raw values, one per column; None is shown as a dash."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    note: str = ""
    empty: str = "None."

    @property
    def cells(self) -> list[tuple[str, ...]]:
        """The first MAX_ROWS rows as texts, one number of decimals per column."""
        shown = self.rows[:MAX_ROWS]
        formatted = [_texts(column.kind, [row[i] for row in shown]) for i, column in enumerate(self.columns)]
        return list(zip(*formatted, strict=True))

    @property
    def left_out(self) -> int:
        """Rows that are not shown."""
        return max(0, len(self.rows) - MAX_ROWS)


def _texts(kind: str, values: list[Any]) -> list[str]:
    numbers = [v for v in values if isinstance(v, (int, float))]
    if kind == "share":
        digits = min(2, max(map(percent_digits, numbers), default=0))
        return ["–" if v is None else _share(v, digits) for v in values]
    if kind == "text":
        return ["–" if v is None else str(v) for v in values]
    if kind == "tiny":
        return ["–" if v is None else tiny(v) for v in values]
    digits = {"money": _decimals(numbers, 2), "volume": _decimals(numbers, 3), "count": 0, "seconds": 2}[kind]
    return ["–" if v is None else f"{v:,.{digits}f}".replace("-", MINUS) for v in values]


def _share(value: float, digits: int) -> str:
    """Per cent with `digits` decimals; what is not quite 0 or 100 per cent never looks as if it were."""
    text = f"{100 * value:.{digits}f}"
    if abs(value) > 1e-9 and float(text) == 0:
        return percent(value)
    if 1 - value > 1e-9 and float(text) == 100:
        return percent(value)
    return f"{100 * value:,.{digits}f}{SPACE}%".replace("-", MINUS)


def _decimals(numbers: list[float], most: int) -> int:
    """Decimals for a column: none from a thousand on, at most `most` below, and none that are all zero."""
    if not numbers or max(map(abs, numbers)) >= 1000:
        return 0
    return next(digits for digits in range(most + 1) if digits == most or all(abs(v - round(v, digits)) < 1e-9 for v in numbers))


def contracts(plan: Plan, names: Names) -> list[Contract]:
    """What is signed now, then what may be signed later (the nodes of one alternative taken together), the largest first."""
    groups: dict[tuple[str, str, bool], list[Award]] = {}
    for award in plan.awards:
        groups.setdefault((award.offer, award.alternative, award.period is None), []).append(award)
    ordered = sorted(groups.items(), key=lambda item: (not item[0][2], -max(a.committed_value for a in item[1])))
    return [_contract(plan, names, awards) for _, awards in ordered]


def _contract(plan: Plan, names: Names, awards: list[Award]) -> Contract:
    first, values = awards[0], [a.committed_value for a in awards]
    chance = sum(a.probability for a in awards)
    when = "Sign now." if first.period is None else f"To be signed in {first.period} if the market asks for it: probability {percent(chance)}."
    worth = (
        money(values[0], plan.currency) if max(values) - min(values) < 0.005 else f"{money(min(values), plan.currency)} to {money(max(values), plan.currency)}"
    )
    lows: dict[tuple[str, str], list[float]] = {}
    for award in awards:
        for line in award.volumes:
            lows.setdefault((line.product, line.period), []).append(line.volume)
    keys = [(period, names("product", product), plan.units.get(product, "")) for product, period in lows]
    if all(min(v) == max(v) for v in lows.values()):
        columns = _columns("Period", "Product", "Unit", ("Committed", "volume"))
        rows: list[tuple[Any, ...]] = [(*key, v[0]) for key, v in zip(keys, lows.values(), strict=True)]
    else:  # signed at several nodes, for different volumes
        columns = _columns("Period", "Product", "Unit", ("Committed at least", "volume"), ("at most", "volume"))
        rows = [(*key, min(v), max(v)) for key, v in zip(keys, lows.values(), strict=True)]
    table = Table(f"Committed volume of {names('offer', first.offer)}", columns, rows, empty="No volume is committed.")
    return Contract(names("offer", first.offer), names("supplier", first.supplier), first.alternative, when, worth, first.clauses, table)


def offer_tables(plan: Plan, names: Names) -> Iterator[Table]:
    """What each offer brings, offers that are not signed, and which capacity steps are opened."""
    cost = (f"Expected cost, present value ({plan.currency})", "money")
    signed = [(names("offer", o.offer), names("supplier", o.supplier), o.alternative, o.expected_volume, o.expected_cost) for o in plan.offers if o.signed]
    yield Table(
        "Signed offers: what they bring and cost",
        _columns("Offer", "Supplier", "Alternative", ("Expected volume", "volume"), cost),
        signed,
        empty="No offer is signed now.",
    )
    unsigned = [
        (names("offer", o.offer), names("supplier", o.supplier), o.signing_probability, o.expected_volume, o.expected_cost)
        for o in sorted(plan.offers, key=lambda o: -o.signing_probability)
        if not o.signed
    ]
    columns = ("Offer", "Supplier", ("Probability of signing later", "share"), ("Expected volume", "volume"), cost)
    yield Table("Offers not signed now", _columns(*columns), unsigned, empty="Every offer is signed.")
    if plan.capacity_opened:
        steps = [(names("supplier", c.supplier), c.step, "now" if c.node == "now" else f"at node {c.node}", c.probability) for c in plan.capacity_opened]
        yield Table("Capacity steps opened", _columns("Supplier", "Step", "Opened", ("Probability", "share")), steps)


def rule_table(plan: Plan) -> Table:
    """Every rule, broken ones first, then binding ones."""
    rows = []
    for r in sorted(plan.rules, key=lambda r: (r.violation <= 0, not r.binding)):
        state = "broken and paid for" if r.violation > 0 else "binding" if r.binding else "has room"
        measured = _measures(r.kind, plan)
        rows.append((r.text, "hard" if r.hard else "priced", state, measured(r.value), measured(r.limit), r.where, r.violation or None, r.penalty or None))
    columns = ("Rule", "Kind", "In this plan", "Measured where tightest", "Limit", "Where", ("Violation", "volume"), (f"Penalty ({plan.currency})", "money"))
    return Table("Rules", _columns(*columns), rows, empty="The scenario has no rules.")


def _measures(kind: str, plan: Plan) -> Callable[[float], str]:
    """How a rule's value and limit are written."""
    if kind == "fill_rate" or kind.endswith("_share"):
        return percent
    return (lambda value: money(value, plan.currency)) if kind == "budget" else number


def fill_rate_table(plan: Plan, names: Names) -> Table:
    """Fill rates of products over all sites; each site's are with the chart."""
    rows = [
        (
            names("product", x.product) if x.product else "All products",
            names("site", x.site) if x.site else "All sites",
            x.expected_demand,
            x.expected_shortage,
            x.unit,
            x.fill_rate,
        )
        for x in plan.fill_rates
    ]
    rows.sort(key=lambda row: (row[1] != "All sites", row[5]))
    return Table(
        "Fill rates", _columns("Product", "Site", ("Expected demand", "volume"), ("Expected shortage", "volume"), "Unit", ("Fill rate", "share")), rows
    )


def baseline_table(plan: Plan) -> Table:
    """This plan beside the three baselines."""
    s = plan.summary
    rows: list[tuple[Any, ...]] = [("This plan", s.objective, s.bound, s.expected_cost, s.cvar, s.fill_rate, "")]
    rows += [(label(b.name), b.objective, b.bound, b.expected_cost, b.cvar, b.fill_rate, b.note) for b in (plan.baselines.baselines if plan.baselines else ())]
    amounts = [(f"{name} ({plan.currency})", "money") for name in ("Risk-adjusted cost", "Bound", "Expected cost", "CVaR")]
    return Table("The plan and its baselines", _columns("Plan", *amounts, ("Fill rate", "share"), "Note"), rows)


def cost_tables(plan: Plan, names: Names) -> Iterator[Table]:
    """Expected cost by each dimension; each adds up to the expected cost."""
    for dimension in dict.fromkeys(c.dimension for c in plan.cost_summaries):
        lines = [c for c in plan.cost_summaries if c.dimension == dimension]
        if dimension not in ("period", "year"):
            lines.sort(key=lambda c: -abs(c.present))
        total = sum(c.present for c in lines)
        rows: list[tuple[Any, ...]] = [(_key(names, dimension, c.key), c.expected, c.present, c.present / total if total else None) for c in lines]
        rows.append(("Sum", sum(c.expected for c in lines), total, 1.0 if total else None))
        columns = (label(dimension), (f"Nominal ({plan.currency})", "money"), (f"Present value ({plan.currency})", "money"), ("Share", "share"))
        yield Table(f"Expected cost by {label(dimension).lower()}", _columns(*columns), rows)


def proof_tables(plan: Plan) -> Iterator[Table]:
    """Size and ranges of the model, and where the plan comes from."""
    n, a, p, s = plan.numerics, plan.audit, plan.provenance, plan.summary
    ranges = {
        "Coefficients": n.coefficient_range,
        "Coefficients after scaling": n.scaled_coefficient_range,
        "Costs": n.cost_range,
        "Bounds": n.bound_range,
        "Right-hand sides": n.rhs_range,
    }
    checks: list[tuple[str, str]] = [
        ("Objective (risk-adjusted cost)", f"{s.objective:,.2f} {plan.currency}"),
        ("Bound", f"{s.bound:,.2f} {plan.currency}"),
        ("Gap", percent(s.gap)),
        ("Audit's objective, from bills and flows", f"{a.objective:,.2f} {plan.currency}"),
        ("Solver's objective", f"{a.solver_objective:,.2f} {plan.currency}"),
        ("Relative difference", tiny(a.relative_difference)),
        ("Largest violation of any limit, relative", tiny(a.largest_violation) + (f" at {a.where}" if a.where else "")),
    ]
    if a.exact:
        e = a.exact
        worst = f"largest relative violation {tiny(e.largest_violation)}" + (f" in {e.row}" if e.row else "")
        checks.append(("Exact arithmetic", f"{e.rows_checked:,} of {e.rows_total:,} constraints, {worst}"))
    checks += [("Ordering checked", text) for text in a.sandwich]
    yield Table("Proof", _columns("Check", "Result"), checks)
    size = [("Rows", f"{n.rows:,}"), ("Columns", f"{n.columns:,}"), ("Whole-number columns", f"{n.integers:,}"), ("Non-zeros", f"{n.nonzeros:,}")]
    yield Table("Numerics", _columns("Quantity", "Value"), [*size, *((name, f"{tiny(low)} to {tiny(high)}") for name, (low, high) in ranges.items())])
    origin = [
        ("Scenario (SHA-256)", p.scenario_sha256),
        ("Created", p.created),
        ("Method", p.method),
        ("Foresight", p.foresight),
        ("Gap asked for", percent(p.gap_asked)),
        ("Seed", str(p.seed)),
        ("Futures", f"{p.futures:,}"),
        ("Nodes of the tree", f"{p.nodes:,}"),
        *((f"Version of {name}", version) for name, version in p.versions.items()),
    ]
    yield Table("Provenance", _columns("What", "Value"), origin)
    phases = [*((label(x.name), x.seconds) for x in p.phases), ("All", sum(x.seconds for x in p.phases))]
    yield Table("Time spent", _columns("Phase", ("Seconds", "seconds")), phases)


def _columns(*columns: str | tuple[str, str]) -> tuple[Column, ...]:
    return tuple(Column(c) if isinstance(c, str) else Column(*c) for c in columns)


def _key(names: Names, dimension: str, key: str) -> str:
    if dimension == "category":
        return label(key)
    return names(dimension, key) if key else f"no {dimension}"
