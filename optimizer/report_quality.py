"""How far the plan's figures hold, as tables and as a chart: fresh futures beside those the plan was made for, replications, re-planning, stability."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from models.plan import Plan
from optimizer.report_plotly import Chart, layout_of, rounded
from optimizer.report_tables import Column, Table
from optimizer.report_text import Names, money, money_scale, percent

FIGURES = {
    "expected_cost": "Expected cost",
    "cvar": "CVaR",
    "objective": "Risk-adjusted cost",
    "cost_p95": "Cost exceeded with probability 5 %",
    "cost_p99": "Cost exceeded with probability 1 %",
    "fill_rate": "Fill rate",
    "shortage_probability": "Probability of any shortage",
    "gap": "Distance from the best there is",
    "evpi": "Value of perfect information (EVPI)",
    "vss": "Value of planning for all futures (VSS)",
    "cost": "Expected cost, re-planned every period",
    "foresight": "Expected cost, known right after signing",
    "clairvoyant": "Expected cost, known before signing",
    "lost": "Lost by not knowing after signing",
}
SHARES = ("fill_rate", "shortage_probability")
Row = tuple[str, str, float | None, float, float | None, float | None]  # part, figure, on the plan's own futures, value, low, high


def quality_rows(plan: Plan) -> list[Row]:
    """Every estimated figure: which part of the trial it comes from, what the plan's own futures say, the estimate and its interval."""
    q = plan.quality
    if q is None:
        return []
    found: list[Row] = []
    if q.out_of_sample:
        levels = {x.level: x.chosen for x in q.out_of_sample.quantiles}
        own = {"cost_p95": levels.get(0.95), "cost_p99": levels.get(0.99)} | {name: getattr(plan.summary, name, None) for name in FIGURES if "_p9" not in name}
        found += [("fresh", x.figure, own[x.figure], x.value, x.low, x.high) for x in q.out_of_sample.figures]
    if q.replications:
        r, b = q.replications, plan.baselines
        found.append(("replications", "gap", plan.summary.objective - plan.summary.bound, r.gap, None, r.gap_high))
        for name, estimate, known in (("evpi", r.evpi, b.evpi if b else None), ("vss", r.vss, b.vss if b else None)):
            if estimate:
                found.append(("replications", name, known, estimate.value, estimate.low, estimate.high))
    if q.rolling:
        parts = {"cost": q.rolling.cost, "foresight": q.rolling.foresight, "clairvoyant": q.rolling.clairvoyant, "lost": q.rolling.lost}
        found += [("rolling", name, None, x.value, x.low, x.high) for name, x in parts.items()]
    return found


def quality_contents(plan: Plan) -> dict[str, tuple[Sequence[str], list[Sequence[Any]]]]:
    """The tables' columns and rows, as they are written to CSV."""
    q, cur = plan.quality, plan.currency
    quantiles = q.out_of_sample.quantiles if q and q.out_of_sample else ()
    lines, offers = (q.stability.lines, q.stability.offers) if q and q.stability else ((), ())
    return {
        "quality": (
            ("part", "figure", "chosen", "value", "low", "high", "unit"),
            [(*row, "share" if row[1] in SHARES else cur) for row in quality_rows(plan)],
        ),
        "cost_quantiles": (("level", "chosen", "fresh", "currency"), [(x.level, x.chosen, x.fresh, cur) for x in quantiles]),
        "stability": (
            ("futures", "runs", "same_award", "objective_mean", "objective_spread", "currency"),
            [(x.futures, x.runs, x.same_award, x.objective_mean, x.objective_spread, cur) for x in lines],
        ),
        "stability_offers": (
            ("futures", "offer", "product", "signed_share", "volume_mean", "volume_spread", "plan_volume", "unit"),
            [(x.futures, x.offer, x.product, x.signed_share, x.volume_mean, x.volume_spread, x.plan_volume, plan.units.get(x.product, "")) for x in offers],
        ),
    }


def quality_tables(plan: Plan, names: Names) -> Iterator[Table]:
    """The same to read."""
    q, cur = plan.quality, plan.currency
    if q is None:
        return
    rows = quality_rows(plan)
    if q.out_of_sample:
        o = q.out_of_sample
        columns = _columns("Figure", "On the plan's futures", "On fresh futures", f"{percent(o.confidence)} interval")
        note = f"{o.futures:,} fresh futures in {o.batches} independent batches. {o.method}."
        yield Table("The plan on fresh futures", columns, [_texts(row, cur) for row in rows if row[0] == "fresh"], note=note)
    if q.replications:
        r = q.replications
        columns = _columns("Figure", "On the plan's futures", "Over the replications", f"{percent(r.confidence)} interval")
        note = f"{r.replications:,} replications of {r.futures:,} futures; {r.method}."
        yield Table("How far from the best there is", columns, [_texts(row, cur) for row in rows if row[0] == "replications"], note=note)
    if q.rolling:
        shown = [(text[0], *text[2:]) for text in (_texts(row, cur) for row in rows if row[0] == "rolling")]
        note = f"{q.rolling.paths:,} futures; {q.rolling.policy}."
        yield Table("Re-planned as time goes by", _columns("Figure", "Value", f"{percent(q.rolling.confidence)} interval"), shown, note=note)
    if q.stability:
        columns = (*_columns("Futures", "Same award"), Column(f"Risk-adjusted cost, mean ({cur})", "money"), Column(f"Standard deviation ({cur})", "money"))
        lines = [(f"{x.futures:,}", f"{x.same_award} of {x.runs} runs", x.objective_mean, x.objective_spread) for x in q.stability.lines]
        yield Table("Does the award stay the same with other futures?", columns, lines)
        columns = (
            *_columns("Futures", "Offer", "Product"),
            Column("Signed", "share"),
            *(Column(name, "volume") for name in ("Volume, mean", "Standard deviation", "In this plan")),
            Column("Unit"),
        )
        offers = [
            (
                f"{x.futures:,}", names("offer", x.offer), names("product", x.product), x.signed_share, x.volume_mean, x.volume_spread, x.plan_volume,
                plan.units.get(x.product, ""),
            )
            for x in q.stability.offers
        ]  # fmt: skip
        yield Table("Offers and committed volumes with other futures", columns, offers, empty="No run signs anything.")


def fresh_chart(plan: Plan) -> Iterator[Chart]:
    """The distribution of cost over fresh futures beside the one the plan was chosen with."""
    sampled = plan.quality.out_of_sample if plan.quality else None
    if sampled is None or sampled.quantiles[0].fresh == sampled.quantiles[-1].fresh:
        return
    costs = [x for line in sampled.quantiles for x in (line.chosen, line.fresh)]
    scale, words = money_scale(max(map(abs, costs)), plan.currency)
    looks = (("Futures the plan was made for", "chosen", "@c1", "dot"), ("Fresh futures", "fresh", "@c0", "solid"))
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": rounded(getattr(line, field) / scale for line in sampled.quantiles),
            "y": rounded(100 * line.level for line in sampled.quantiles),
            "line": {"color": color, "width": 2, "dash": dash},
            "hovertemplate": "%{y:.0f} % cost at most %{x:,.4~f}<extra></extra>",
        }
        for name, field, color, dash in looks
    ]
    layout = layout_of("share of futures, %", words)
    by = {x.figure: x for x in sampled.figures}
    title = f"On futures it has not seen, the plan costs {money(by['expected_cost'].value, plan.currency)} on average"
    columns = [Column("Share of futures", "share"), *(Column(f"{name}: at most ({plan.currency})", "money") for name, *_ in looks)]
    rows = [(line.level, line.chosen, line.fresh) for line in sampled.quantiles]
    note = f"Share of futures in which cost stays at or below a level, present value in {words}. The nearer the lines, the better the plan's own figures hold."
    yield Chart("fresh", title, note, traces, layout, Table("Quantiles of cost", columns, rows))


def _texts(row: Row, currency: str) -> tuple[str, ...]:
    """Figure, value on the plan's own futures, estimate, interval."""
    _, figure, own, value, low, high = row

    def said(amount: float | None) -> str:
        return "–" if amount is None else percent(amount) if figure in SHARES else money(amount, currency)

    interval = f"{said(low)} to {said(high)}" if low is not None else f"at most {said(high)}"
    return FIGURES[figure], said(own), said(value), interval


def _columns(*labels: str) -> tuple[Column, ...]:
    return tuple(Column(label) for label in labels)
