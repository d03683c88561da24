"""Tables of the report that people read: exact numbers with units, the worst or largest first, long ones cut with a word about the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from models.plan import Award, Plan
from models.rules import MONEY_RULES
from optimizer.report_text import MINUS, SPACE, Names, label, money, number, percent, percent_digits, tiny

MAX_ROWS = 200
MIXED = "mixed units"


@dataclass(frozen=True)
class Column:
    """A column of a table. `kind`: text, money, cents (money of an account), volume, range (lowest, highest), share, tiny, seconds."""

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
    if kind == "range":
        return ["–" if v is None else number(v[0]) if v[0] == v[1] else f"{number(v[0])} to {number(v[1])}" for v in values]
    if kind == "tiny":
        return ["–" if v is None else tiny(v) for v in values]
    digits = {"money": _decimals(numbers, 2), "volume": _decimals(numbers, 3), "seconds": 2, "cents": 2}[kind]
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
    """Decimals for a column: fewer the larger the numbers, at most `most`, and none that are all zero."""
    largest = max(map(abs, numbers), default=0.0)
    if largest >= 100:
        most = 1 if most == 3 and largest < 1000 else 0
    return next(digits for digits in range(most + 1) if digits == most or all(abs(v - round(v, digits)) < 1e-9 for v in numbers))


def offer_units(plan: Plan) -> dict[str, str]:
    """Unit of each offer that takes any volume."""
    found: dict[str, set[str]] = {}
    for line in plan.flow_summaries:
        if line.kind == "take":
            found.setdefault(line.source, set()).add(plan.units.get(line.product, ""))
    return {offer: units.pop() if len(units) == 1 else MIXED for offer, units in found.items()}


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
    volumes: dict[str, dict[str, list[float]]] = {}
    for line in (line for award in awards for line in award.volumes):
        volumes.setdefault(line.period, {}).setdefault(line.product, []).append(line.volume)
    products = list(dict.fromkeys(product for by in volumes.values() for product in by))
    rows = [(period, *((min(by[p]), max(by[p])) if p in by else None for p in products)) for period, by in volumes.items()]
    columns = _columns("Period", *((f"{names('product', p)} ({plan.units.get(p, '')})", "range") for p in products))
    table = Table(f"Committed volume of {names('offer', first.offer)}", columns, rows, empty="No volume is committed.")
    return Contract(names("offer", first.offer), names("supplier", first.supplier), first.alternative, when, worth, first.clauses, table)


def offer_tables(plan: Plan, names: Names) -> Iterator[Table]:
    """What each offer brings, offers that are not signed, and which capacity steps are opened."""
    units = offer_units(plan)
    signed = []
    for o in sorted((o for o in plan.offers if o.signed), key=lambda o: (o.alternative is None, -o.expected_cost)):
        when = f"now ({o.alternative})" if o.alternative is not None else f"later, probability {percent(o.signing_probability)}"
        signed.append((names("offer", o.offer), names("supplier", o.supplier), when, o.expected_volume, units.get(o.offer, ""), o.expected_cost))
    columns = _columns("Offer", "Supplier", "Signed", ("Expected volume", "volume"), "Unit", (f"Expected cost, present value ({plan.currency})", "money"))
    yield Table("What the signed contracts are expected to bring and cost", columns, signed, empty="No contract is signed.")
    refused = [(names("offer", o.offer), names("supplier", o.supplier)) for o in plan.offers if not o.signed]
    yield Table("Offers not signed", _columns("Offer", "Supplier"), refused, empty="Every offer is signed, now or later.")
    if plan.capacity_opened:
        steps = [(names("supplier", c.supplier), c.step, "now" if c.node == "now" else f"at node {c.node}", c.probability) for c in plan.capacity_opened]
        yield Table("Capacity steps opened", _columns("Supplier", "Step", "Opened", ("Probability", "share")), steps)


def rule_table(plan: Plan) -> Table:
    """Every rule, broken ones first, then binding ones."""
    rows: list[tuple[Any, ...]] = []
    for r in sorted(plan.rules, key=lambda r: (r.violation <= 0, not r.binding)):
        state = "broken and paid for" if r.violation > 0 else "binding" if r.binding else "has room"
        measured = _measures(r.kind, plan)
        rows.append((r.text, "hard" if r.hard else "priced", state, measured(r.value), measured(r.limit), r.where, r.violation or None, r.penalty or None))
    columns = _columns(
        "Rule", "Kind", "In this plan", "Measured where tightest", "Limit", "Where", ("Violation", "volume"), (f"Penalty ({plan.currency})", "money")
    )
    if not any(r.violation > 0 for r in plan.rules):
        columns, rows = columns[:-2], [row[:-2] for row in rows]
    return Table("Rules", columns, rows, empty="The scenario has no rules.")


def _measures(kind: str, plan: Plan) -> Callable[[float], str]:
    """How a rule's value and limit are written."""
    if kind in ("fill_rate", "shortage_probability") or kind.endswith("_share"):
        return percent
    return (lambda value: money(value, plan.currency)) if kind in MONEY_RULES else number


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
    """Expected cost by each dimension, which adds up to the expected cost, and cash by period, which adds up to the expected cash."""
    for dimension in sorted(dict.fromkeys(c.dimension for c in plan.cost_summaries), key="source".__eq__):  # the longest table last
        lines = [c for c in plan.cost_summaries if c.dimension == dimension]
        if not dimension.endswith("period"):
            lines.sort(key=lambda c: -abs(c.present))
        total = sum(c.present for c in lines)
        rows: list[tuple[Any, ...]] = [(_key(names, dimension, c.key), c.expected, c.present, c.present / total if total else None) for c in lines]
        rows.append(("Sum", sum(c.expected for c in lines), total, 1.0 if total else None))
        title = "Expected cash by period" if dimension == "cash_period" else f"Expected cost by {label(dimension).lower()}"
        columns = (
            title.split(" by ")[1].capitalize(),
            (f"Nominal ({plan.currency})", "money"),
            (f"Present value ({plan.currency})", "money"),
            ("Share", "share"),
        )
        yield Table(title, _columns(*columns), rows)


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
    """A key as people call it; a source is `kind:id`."""
    if dimension == "source":
        kind, _, identifier = key.partition(":")
        return f"{names(kind, identifier)} ({kind})"
    if dimension == "supplier" and key in ("", "none"):
        return "None: penalties, storage, transport"
    return label(key) if dimension == "category" or (dimension, key) == ("supplier", "spot market") else names(dimension, key)
