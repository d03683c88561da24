"""A synthetic plan whose tables agree with each other: 3 periods, 2 sites, 2 products with units of their own, 3 offers, 5 futures, awkward texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from models.plan import (
    Audit,
    Award,
    AwardVolume,
    Baseline,
    Baselines,
    CapacityOpened,
    CostLine,
    CostSummary,
    ExactCheck,
    FillRateLine,
    FlowLine,
    FlowSummary,
    FutureLine,
    Numerics,
    OfferOutcome,
    Phase,
    Plan,
    Provenance,
    RuleOutcome,
    Summary,
)
from models.scenario import Scenario
from scenarios.files import scenario_from

PERIODS = ("2027", "2028", "2029")
SITES = ("ohio", "texas")
UNITS = {"cable": "thousand f-km", "kit": "thousand <kits> & parts"}
FUTURES = {"base": (0.4, 1.0), "glut": (0.25, 0.7), "tight": (0.2, 1.25), "crisis": (0.1, 1.6), "worst": (0.05, 1.9)}
DEMAND = {("ohio", "cable"): (3000, 5000, 4200), ("texas", "cable"): (2500, 4000, 5200), ("ohio", "kit"): (120, 160, 150), ("texas", "kit"): (80, 140, 200)}
PRICE = {"cable": (28_000.0, 36_000.0, 90_000.0), "kit": (45_000.0, 61_000.0, 120_000.0)}  # contract, spot, shortage
COMMITTED = {"cable": 6000.0, "kit": 110.0}
OFFER = {"cable": "north-frame", "kit": "kit-option"}
SUPPLIER = {"north-frame": "north", "kit-option": "south", "costly": "south"}
SCRIPT = "</script><script>alert('x')</script>"
FORMULA = '=cmd|"/c calc"!A1'
RATE, TAIL, WEIGHT = 0.08, 0.1, 0.4


def report_plan(*, baselines: str = "one missing", scale: float = 1.0, detail: bool = True, **changes: Any) -> Plan:
    """The plan. `baselines`: "all", "one missing" or "none". `scale` multiplies money. `detail=False` leaves the rows per node out."""
    flows, costs = _nodes(scale)
    futures = _futures(flows, costs)
    expected = {name: sum(f.probability * getattr(f, name) for f in futures) for name in ("cost", "cash", "demand", "shortage")}
    cvar = sum(f.probability * f.tail_share * f.cost for f in futures) / TAIL
    objective = (1 - WEIGHT) * expected["cost"] + WEIGHT * cvar
    fields: dict[str, Any] = {
        "format": "offtake-plan/1",
        "scenario": f"Two campuses & {SCRIPT}",
        "currency": "USD",
        "units": UNITS,
        "status": "optimal",
        "stop_reason": "gap",
        "decision": ("Sign the <b>north</b> frame now for 6,000 thousand f-km a year.", "Keep the kit option for tight markets & leave the rest to spot."),
        "warnings": ("@risk: the price of kits in 'worst' is far from the others <i>",),
        "summary": Summary(
            objective=objective,
            bound=objective * 0.9999,
            gap=1e-4,
            expected_cost=expected["cost"],
            cvar=cvar,
            risk_weight=WEIGHT,
            tail=TAIL,
            expected_cash=expected["cash"],
            expected_penalty=expected["cost"] - expected["cash"],
            expected_demand=expected["demand"],
            expected_shortage=expected["shortage"],
            fill_rate=1 - expected["shortage"] / expected["demand"],
            shortage_probability=sum(f.probability for f in futures if f.shortage),
            shortage_cvar=1234.5,
        ),
        "awards": _awards(scale),
        "offers": _offers(flows, costs),
        "capacity_opened": (CapacityOpened(supplier="north", step="+line", node="now", probability=1.0),),
        "futures": futures,
        "fill_rates": _fill_rates(flows),
        "flow_summaries": _flow_summaries(flows),
        "cost_summaries": _cost_summaries(costs),
        "rules": (
            RuleOutcome(
                path="rules[0]",
                kind="domestic_share",
                text="At least 60 % from domestic suppliers.",
                hard=True,
                value=0.74,
                limit=0.6,
                where="2028",
                binding=False,
                violation=0,
                penalty=0,
            ),
            RuleOutcome(path="rules[1]", kind="budget", text=FORMULA, hard=True, value=2e8, limit=2e8, where="2027", binding=True, violation=0, penalty=0),
            RuleOutcome(
                path="rules[2]",
                kind="fill_rate",
                text="-97 % fill rate",
                hard=False,
                value=0.962,
                limit=0.97,
                where="all",
                binding=True,
                violation=0.8,
                penalty=1.6e6,
            ),
        ),
        "baselines": _baselines(baselines, objective),
        "audit": _audit(objective),
        "numerics": _numerics(),
        "provenance": _provenance(),
        "flows": flows if detail else (),
        "costs": costs if detail else (),
    }
    return Plan(**(fields | changes))


def report_scenario() -> Scenario:
    """A scenario with the plan's ids and names that would do harm if they were not escaped."""
    demand = [{"site": s, "product": p, "volume": list(v)} for (s, p), v in DEMAND.items()]
    return scenario_from(
        {
            "format": "offtake/1",
            "name": "Two campuses",
            "periods": list(PERIODS),
            "demand": demand,
            "sites": [{"id": "ohio", "name": f"Ohio {SCRIPT}"}, {"id": "texas", "name": "=Texas"}],
            "products": [{"id": p, "name": f"<b>{p}</b>", "unit": u} for p, u in UNITS.items()],
            "suppliers": [{"id": "north", "name": 'North "& Sons" <img src=x onerror=alert(1)>'}, {"id": "south"}],
            "shortage": [{"product": p, "kind": "lost", "cost_per_unit": v[2]} for p, v in PRICE.items()],
        }
    )


def _nodes(scale: float) -> tuple[tuple[FlowLine, ...], tuple[CostLine, ...]]:
    """Volumes and ledger rows: the contract first, then half of the rest from spot, the other half unmet; a prepayment now, credited later."""
    flows: list[FlowLine] = []
    prepaid = 20e6 * scale
    costs = [
        CostLine(
            node="now",
            period=PERIODS[0],
            probability=1.0,
            source_kind="offer",
            source="north-frame",
            clause="prepayment",
            category="prepayment",
            amount=prepaid,
            present=prepaid,
        )
    ]
    for future, (probability, factor) in FUTURES.items():
        for t, period in enumerate(PERIODS):
            where = {"node": f"{future}.{period}", "period": period, "probability": probability}

            def charge(kind: str, source: str, clause: str, category: str, amount: float, where: dict[str, Any] = where, t: int = t) -> None:
                if amount:
                    costs.append(
                        CostLine(
                            **where,
                            source_kind=kind,
                            source=source,
                            clause=clause,
                            category=category,
                            amount=amount * scale,
                            present=amount * scale / (1 + RATE) ** t,
                        )
                    )

            for product, (contract, spot_price, shortage) in PRICE.items():
                signed = product == "cable" or (t >= 1 and factor > 1)
                demand = {site: factor * DEMAND[site, product][t] for site in SITES}
                total = sum(demand.values())
                taken = min(COMMITTED[product], total) if signed else 0.0
                spot = (total - taken) * (1.0 if factor <= 1 else 0.5)
                lines = [("take", OFFER[product], "", taken), ("order", "spot-" + product, "", spot)]
                for site, needed in demand.items():
                    parts = (
                        ("deliver", OFFER[product], taken),
                        ("receive", "spot-" + product, spot),
                        ("unmet", "", total - taken - spot),
                        ("demand", "", total),
                    )
                    lines += [(kind, source, site, volume * needed / total) for kind, source, volume in parts]
                flows += [
                    FlowLine(**where, kind=kind, source=source, product=product, site=site, volume=volume) for kind, source, site, volume in lines if volume > 0
                ]
                charge("offer", OFFER[product], "price", "purchase", taken * contract)
                charge("spot", "spot-" + product, "price", "spot_purchase", spot * spot_price)
                charge("site", "ohio", "shortage", "shortage_penalty", (total - taken - spot) * shortage)
            charge("offer", "north-frame", "prepayment", "prepayment_credit", -20e6 / 3)
            charge("transfer", "ohio>texas", "transfer", "transfer", 150_000.0)
            charge("rule", "rules[2]", "fill_rate", "rule_penalty", 1.6e6 if t == 2 else 0.0)
    return tuple(flows), tuple(costs)


def _futures(flows: Iterable[FlowLine], costs: Iterable[CostLine]) -> tuple[FutureLine, ...]:
    rows = []
    for future, (probability, _) in FUTURES.items():
        mine = [c for c in costs if c.node == "now" or c.node.startswith(future + ".")]
        volumes = {kind: sum(x.volume for x in flows if x.kind == kind and x.node.startswith(future + ".")) for kind in ("demand", "unmet")}
        cost, penalty = sum(c.present for c in mine), sum(c.present for c in mine if c.category.endswith("_penalty"))
        rows.append(
            {
                "future": future,
                "probability": probability,
                "cost": cost,
                "cash": cost - penalty,
                "demand": volumes["demand"],
                "shortage": volumes["unmet"],
                "fill_rate": 1 - volumes["unmet"] / volumes["demand"],
            }
        )
    left, tail = TAIL, {}
    for row in sorted(rows, key=lambda r: -r["cost"]):
        tail[row["future"]] = min(left, row["probability"]) / row["probability"]
        left -= min(left, row["probability"])
    return tuple(FutureLine(**row, tail_share=tail[row["future"]]) for row in rows)


def _flow_summaries(flows: Iterable[FlowLine]) -> tuple[FlowSummary, ...]:
    groups: dict[tuple[str, ...], dict[str, list[float]]] = defaultdict(dict)  # per node: volume, probability
    for x in flows:
        keys = [(x.kind, x.source, x.product, x.site, x.period)]
        if x.kind == "unmet":
            keys.append(("shortage", "", x.product, "", x.period))
        for key in keys:
            groups[key].setdefault(x.node, [0.0, x.probability])[0] += x.volume
    rows = []
    for key in sorted(groups, key=lambda k: k[4]):
        nodes = [(volume, probability) for volume, probability in groups[key].values()]
        weighted = sorted([*nodes, (0.0, 1 - sum(probability for _, probability in nodes))])

        def quantile(share: float, weighted: list[tuple[float, float]] = weighted) -> float:
            return next(v for i, (v, _) in enumerate(weighted) if sum(p for _, p in weighted[: i + 1]) >= share - 1e-12)

        mean = sum(v * p for v, p in weighted)
        rows.append(
            FlowSummary(
                **dict(zip(("kind", "source", "product", "site", "period"), key, strict=True)),
                mean=mean,
                p5=quantile(0.05),
                p50=quantile(0.5),
                p95=quantile(0.95),
            )
        )
    return tuple(rows)


def _cost_summaries(costs: tuple[CostLine, ...]) -> tuple[CostSummary, ...]:
    def supplier(c: CostLine) -> str:
        return SUPPLIER[c.source] if c.source_kind == "offer" else "spot market" if c.source_kind == "spot" else "none"

    def cash_period(c: CostLine) -> str:
        return "" if c.category.endswith("_penalty") else c.period

    keys: dict[str, Callable[[CostLine], str]] = {
        "category": lambda c: c.category,
        "supplier": supplier,
        "source": lambda c: f"{c.source_kind}:{c.source}",
        "period": lambda c: c.period,
        "cash_period": cash_period,
    }
    rows = []
    for dimension, key in keys.items():
        sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for c in costs:
            sums[key(c)][0] += c.probability * c.amount
            sums[key(c)][1] += c.probability * c.present
        rows += [CostSummary(dimension=dimension, key=k, expected=v[0], present=v[1]) for k, v in sums.items() if k]
    return tuple(rows)


def _fill_rates(flows: Iterable[FlowLine]) -> tuple[FillRateLine, ...]:
    rows = []
    for product, unit in UNITS.items():
        for site in ("", *SITES):
            amount = {
                k: sum(x.probability * x.volume for x in flows if x.kind == k and x.product == product and site in ("", x.site)) for k in ("demand", "unmet")
            }
            rows.append(
                FillRateLine(
                    product=product,
                    site=site,
                    unit=unit,
                    expected_demand=amount["demand"],
                    expected_asked=amount["demand"],
                    expected_shortage=amount["unmet"],
                    fill_rate=1 - amount["unmet"] / amount["demand"],
                )
            )
    return tuple(rows)


def _awards(scale: float) -> tuple[Award, ...]:
    now = tuple(AwardVolume(product="cable", period=t, volume=COMMITTED["cable"]) for t in PERIODS)
    later = tuple(AwardVolume(product="kit", period=t, volume=COMMITTED["kit"]) for t in PERIODS[1:])
    clauses = ("Take-or-pay: at least 80 % is paid for, <em>taken or not</em>.", "20 % is prepaid.")
    first = Award(
        offer="north-frame",
        supplier="north",
        alternative="large",
        node="now",
        period=None,
        probability=1.0,
        volumes=now,
        committed_value=18_000 * 28_000 * scale,
        clauses=clauses,
    )
    rest = [
        Award(
            offer="kit-option",
            supplier="south",
            alternative="base",
            node=f"{f}.2028",
            period="2028",
            probability=p,
            volumes=later,
            committed_value=9.9e6 * scale,
            clauses=("+5 % a year.",),
        )
        for f, (p, factor) in FUTURES.items()
        if factor > 1
    ]
    return (first, *rest)


def _offers(flows: Iterable[FlowLine], costs: Iterable[CostLine]) -> tuple[OfferOutcome, ...]:
    chance = {"north-frame": 1.0, "kit-option": 0.35, "costly": 0.0}
    return tuple(
        OfferOutcome(
            offer=o,
            supplier=s,
            signed=chance[o] > 0,
            signing_probability=chance[o],
            alternative="large" if chance[o] == 1 else None,
            expected_volume=sum(x.probability * x.volume for x in flows if x.kind == "take" and x.source == o),
            expected_cost=sum(c.probability * c.present for c in costs if c.source == o),
        )
        for o, s in SUPPLIER.items()
    )


def _baselines(which: str, objective: float) -> Baselines | None:
    if which == "none":
        return None
    spot = Baseline(name="spot_only", objective=objective * 1.31, bound=objective * 1.3, expected_cost=objective * 1.2, cvar=objective * 1.5, fill_rate=0.71)
    eev = Baseline(name="average_future", objective=objective * 1.04, bound=objective * 1.03, expected_cost=objective, cvar=objective * 1.2, fill_rate=0.93)
    missing = which == "one missing"
    if missing:
        eev = Baseline(
            name="average_future",
            objective=None,
            bound=None,
            expected_cost=None,
            cvar=None,
            fill_rate=None,
            note="It breaks the hard rule <budget> in 'worst'.",
        )
    ws = Baseline(name="perfect_foresight", objective=objective * 0.93, bound=objective * 0.92, expected_cost=objective * 0.9, cvar=objective, fill_rate=0.99)
    vss = None if missing else objective * 0.04
    return Baselines(
        baselines=(spot, eev, ws),
        vss=vss,
        vss_interval=None if vss is None else (vss * 0.9, vss * 1.1),
        evpi=objective * 0.07,
        evpi_interval=(objective * 0.0699, objective * 0.08),
        value_of_contracts=objective * 0.31,
    )


def _audit(objective: float) -> Audit:
    exact = ExactCheck(rows_checked=1234, rows_total=1234, largest_violation=3.1e-11, row="balance[ohio,cable]", objective_difference=2e-13, passed=True)
    return Audit(
        passed=True,
        largest_violation=2e-10,
        where="volume band of north-frame",
        objective=objective,
        solver_objective=objective,
        relative_difference=1.7e-12,
        exact=exact,
        sandwich=("Perfect foresight costs no more than the plan.",),
        suspect=False,
    )


def _numerics() -> Numerics:
    return Numerics(
        rows=1234,
        columns=5678,
        integers=12,
        nonzeros=34_567,
        coefficient_range=(0.001, 1e4),
        cost_range=(1.0, 1e8),
        bound_range=(1.0, 1e5),
        rhs_range=(1.0, 1e6),
        scaled_coefficient_range=(0.01, 100.0),
        warnings=("demand[0].volume spans nine orders of magnitude",),
    )


def _provenance() -> Provenance:
    return Provenance(
        scenario_sha256="ab" * 32,
        seed=1,
        gap_asked=1e-4,
        method="extensive form",
        foresight="Each future is known once the first period begins.",
        versions={"offtake": "0.1.0", "highs": "1.15.1"},
        nodes=16,
        futures=5,
        created="2026-06-01T12:00:00Z",
        phases=(Phase(name="read", seconds=0.01), Phase(name="solve", seconds=1.5)),
    )
