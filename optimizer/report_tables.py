"""Tables of the report that people read: exact numbers with units, the worst or largest first, long ones cut with a word about the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from models.plan import Plan
from optimizer.report_text import MINUS, SPACE, Names, label, percent, percent_digits, tiny

MAX_ROWS = 200


@dataclass(frozen=True)
class Column:
    """A column of a table. `kind`: text, money, volume, share, tiny, count, seconds."""

    label: str
    kind: str = "text"


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
        digits = min(3, max(map(percent_digits, numbers), default=0))
        return ["–" if v is None else f"{100 * v:,.{digits}f}{SPACE}%".replace("-", MINUS) for v in values]
    if kind == "text":
        return ["–" if v is None else str(v) for v in values]
    if kind == "tiny":
        return ["–" if v is None else tiny(v) for v in values]
    digits = {"money": _decimals(numbers, 2), "volume": _decimals(numbers, 3), "count": 0, "seconds": 2}[kind]
    return ["–" if v is None else f"{v:,.{digits}f}".replace("-", MINUS) for v in values]


def _decimals(numbers: list[float], most: int) -> int:
    """Decimals for a column: none from a thousand on, at most `most` below, and none that are all zero."""
    if not numbers or max(map(abs, numbers)) >= 1000:
        return 0
    return next(digits for digits in range(most + 1) if digits == most or all(abs(v - round(v, digits)) < 1e-9 for v in numbers))


def contract_tables(plan: Plan, names: Names) -> Iterator[Table]:
    """What is signed, what is not, and which capacity steps are opened. Awards are told in sentences elsewhere; this is their volume."""
    cur = plan.currency
    volumes = [
        (names("offer", a.offer), a.alternative, _when(a.node, a.period), a.probability, names("product", v.product), v.period, v.volume, plan.units.get(v.product, ""))
        for a in plan.awards
        for v in a.volumes
    ]
    columns = ("Offer", "Alternative", "Signed", ("Probability", "share"), "Product", "Period", ("Committed", "volume"), "Unit")
    yield Table("Committed volumes", _columns(*columns), volumes, empty="Nothing is committed.")
    unsigned = [
        (names("offer", o.offer), names("supplier", o.supplier), o.signing_probability, o.expected_volume, o.expected_cost)
        for o in sorted(plan.offers, key=lambda o: -o.signing_probability)
        if not o.signed
    ]
    columns = ("Offer", "Supplier", ("Probability of signing later", "share"), ("Expected volume", "volume"), (f"Expected cost, present value ({cur})", "money"))
    yield Table("Offers not signed now", _columns(*columns), unsigned, empty="Every offer is signed.")
    signed = [(names("offer", o.offer), names("supplier", o.supplier), o.alternative, o.expected_volume, o.expected_cost) for o in plan.offers if o.signed]
    columns = ("Offer", "Supplier", "Alternative", ("Expected volume", "volume"), (f"Expected cost, present value ({cur})", "money"))
    yield Table("What signed offers are expected to deliver and cost", _columns(*columns), signed, empty="No offer is signed.")
    if plan.capacity_opened:
        steps = [(names("supplier", c.supplier), c.step, _when(c.node, None), c.probability) for c in plan.capacity_opened]
        yield Table("Capacity steps opened", _columns("Supplier", "Step", "Opened", ("Probability", "share")), steps)


def rule_table(plan: Plan) -> Table:
    """Every rule, violated ones first, then binding ones."""
    rules = sorted(plan.rules, key=lambda r: (r.violation <= 0, not r.binding))
    state = {(True, True): "broken, paid for", (True, False): "broken, paid for", (False, True): "binding", (False, False): "has room"}
    rows = [
        (r.text, "hard" if r.hard else "priced", state[r.violation > 0, r.binding], _number(r.value), _number(r.limit), r.where, r.violation or None, r.penalty or None)
        for r in rules
    ]
    columns = ("Rule", "Kind", "In this plan", ("Measured at its tightest", "text"), ("Limit", "text"), "Where", ("Violation", "volume"), (f"Penalty ({plan.currency})", "money"))
    return Table("Rules", _columns(*columns), rows, empty="The scenario has no rules.")


def fill_rate_table(plan: Plan, names: Names) -> Table:
    """Fill rates of products over all sites; each site's are with the chart."""
    rows = [(names("product", x.product) if x.product else "All products", names("site", x.site) if x.site else "All sites", x.expected_demand, x.expected_shortage, x.unit, x.fill_rate) for x in plan.fill_rates]
    rows.sort(key=lambda row: (row[1] != "All sites", row[5]))
    return Table("Fill rates", _columns("Product", "Site", ("Expected demand", "volume"), ("Expected shortage", "volume"), "Unit", ("Fill rate", "share")), rows)


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
    ranges = {"Coefficients": n.coefficient_range, "Coefficients after scaling": n.scaled_coefficient_range, "Costs": n.cost_range, "Bounds": n.bound_range, "Right-hand sides": n.rhs_range}
    checks: list[tuple[str, str]] = [
        ("Objective (risk-adjusted cost)", f"{s.objective:,.2f} {plan.currency}"), ("Bound", f"{s.bound:,.2f} {plan.currency}"), ("Gap", percent(s.gap)),
        ("Audit's objective, from bills and flows", f"{a.objective:,.2f} {plan.currency}"), ("Solver's objective", f"{a.solver_objective:,.2f} {plan.currency}"),
        ("Relative difference", tiny(a.relative_difference)), ("Largest violation of any limit, relative", tiny(a.largest_violation) + (f" at {a.where}" if a.where else "")),
    ]  # fmt: skip
    if a.exact:
        checks.append(("Exact arithmetic", f"{a.exact.rows_checked:,} of {a.exact.rows_total:,} constraints, largest violation {tiny(a.exact.largest_violation)} in {a.exact.row or 'none'}"))
    checks += [("Ordering checked", text) for text in a.sandwich]
    yield Table("Proof", _columns("Check", "Result"), checks)
    size = [("Rows", f"{n.rows:,}"), ("Columns", f"{n.columns:,}"), ("Whole-number columns", f"{n.integers:,}"), ("Non-zeros", f"{n.nonzeros:,}")]
    yield Table("Numerics", _columns("Quantity", "Value"), [*size, *((name, f"{tiny(low)} to {tiny(high)}") for name, (low, high) in ranges.items())])
    origin = [
        ("Scenario (SHA-256)", p.scenario_sha256), ("Created", p.created), ("Method", p.method), ("Foresight", p.foresight), ("Gap asked for", percent(p.gap_asked)), ("Seed", str(p.seed)),
        ("Futures", f"{p.futures:,}"), ("Nodes of the tree", f"{p.nodes:,}"), *((f"Version of {name}", version) for name, version in p.versions.items()),
    ]  # fmt: skip
    yield Table("Provenance", _columns("What", "Value"), origin)
    phases = [*((label(x.name), x.seconds) for x in p.phases), ("All", sum(x.seconds for x in p.phases))]
    yield Table("Time spent", _columns("Phase", ("Seconds", "seconds")), phases)


def _columns(*columns: str | tuple[str, str]) -> tuple[Column, ...]:
    return tuple(Column(c) if isinstance(c, str) else Column(*c) for c in columns)


def _key(names: Names, dimension: str, key: str) -> str:
    if dimension == "category":
        return label(key)
    return names(dimension, key) if key else "–"


def _number(value: float) -> str:
    return f"{value:,.6g}".replace("-", MINUS)


def _when(node: str, period: str | None) -> str:
    return "now" if period is None and node == "now" else f"{period} at node {node}" if period else f"at node {node}"
