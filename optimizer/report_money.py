"""Charts of money: what is spent when and with whom, how cost spreads over the futures, and what it is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from models.plan import Plan
from optimizer.ledger import NO_CASH, PENALTIES
from optimizer.report_plotly import OTHER, SPOT, Chart, Trace, bar, bars, largest, layout_of, round_steps, rounded, short
from optimizer.report_tables import Column, Table
from optimizer.report_text import NOISE, Names, label, money, money_scale, percent

EVERYONE = "All payments"


def spend(plan: Plan, names: Names, periods: Sequence[str], hues: Mapping[str, str]) -> Iterator[Chart]:
    """Expected cash per period by who is paid, nominal, penalties left out."""
    when = [*dict.fromkeys(c.period for c in plan.costs if c.period not in periods), *periods]
    suppliers = {o.offer: names("supplier", o.supplier) for o in plan.offers}
    paid: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(when, 0.0))
    if not plan.costs:  # rows per node were left out for size
        paid[EVERYONE] = dict.fromkeys(when, 0.0) | {c.key: c.expected for c in plan.cost_summaries if c.dimension == "cash_period"}
    for line in plan.costs:
        if line.category not in NO_CASH:
            who = suppliers.get(line.source, OTHER) if line.source_kind == "offer" else SPOT if line.source_kind == "spot" else OTHER
            paid[names("supplier", line.source) if line.source_kind == "supplier" else who][line.period] += line.probability * line.amount
    totals = {t: sum(by[t] for by in paid.values()) for t in when}
    total = sum(totals.values())
    if not total > 0:
        return
    series = largest(paid)
    scale, words = money_scale(max(map(abs, totals.values())), plan.currency)
    traces = list(bars({who: {t: v / scale for t, v in by.items()} for who, by in series.items()}, when, hues))
    columns = [Column("Period"), *(Column(f"{who} ({plan.currency})", "money") for who in series), Column(f"All ({plan.currency})", "money")]
    rows = [(t, *(by[t] for by in series.values()), totals[t]) for t in when]
    peak, most = max(totals, key=totals.__getitem__), max(paid, key=lambda who: sum(paid[who].values()))
    title = f"Spend peaks in {peak} at {money(totals[peak], plan.currency)}"
    if most != EVERYONE:
        title += f"; {percent(sum(paid[most].values()) / total)} of all spend goes to {'the spot market' if most == SPOT else most}"
    note = f"Expected cash in {words}, nominal; cash at signing counts in the first period, credits count negative, penalties are not cash and are left out."
    yield Chart(
        "spend", title, note, traces, layout_of(words) | {"barmode": "relative"}, Table("Expected cash, nominal", columns, rows), height=360 + 10 * len(series)
    )


def distribution(plan: Plan) -> Iterator[Chart]:
    """Probability of each range of cost over the futures, with the expected cost and the CVaR marked."""
    s, futures = plan.summary, sorted(plan.futures, key=lambda f: f.cost)
    if len(futures) < 2 or futures[-1].cost - futures[0].cost <= NOISE * abs(s.expected_cost):
        return
    low, high = futures[0].cost, futures[-1].cost
    count = min(24, max(5, round(2 * len(futures) ** 0.5)))
    width = (high - low) / count
    scale, words = money_scale(max(abs(low), abs(high)), plan.currency)
    parts = {"Other futures": [0.0] * count, f"The worst {percent(s.tail)} of futures": [0.0] * count}
    for future in futures:
        i = min(count - 1, int((future.cost - low) / width))
        for values, share in zip(parts.values(), (1 - future.tail_share, future.tail_share), strict=True):
            values[i] += 100 * future.probability * share
    centres = [(low + (i + 0.5) * width) / scale for i in range(count)]
    text = [f"{money(low + i * width, plan.currency)} to {money(low + (i + 1) * width, plan.currency)}" for i in range(count)]
    hover = {"customdata": text, "width": width / scale * 0.94, "hovertemplate": "%{customdata}: %{y:.3~g} % of probability<extra></extra>"}
    traces = [bar(name, centres, values, color) | hover for (name, values), color in zip(parts.items(), ("@c0", "@short"), strict=True)]
    layout = layout_of("probability, %", words) | {"barmode": "stack", "legend": {"y": 1.13}}
    layout["xaxis"] |= {"tickmode": "array", "tickvals": round_steps(low / scale, high / scale)}
    marks = (("expected", s.expected_cost / scale, "solid", "right"), ("CVaR", s.cvar / scale, "dash", "left"))
    line = {"type": "line", "yref": "paper", "y0": 0, "y1": 1.02}
    layout["shapes"] = [line | {"x0": x, "x1": x, "line": {"color": "@ink", "width": 2, "dash": dash}} for _, x, dash, _ in marks]
    flag = {"y": 1.02, "yref": "paper", "showarrow": False, "yanchor": "bottom"}
    layout["annotations"] = [flag | {"x": x, "text": text, "xanchor": anchor} for text, x, _, anchor in marks]
    title = f"The worst {percent(s.tail)} of futures cost {money(s.cvar, plan.currency)} on average"
    if s.expected_cost > 0:
        title += f", {percent(s.cvar / s.expected_cost - 1)} above the expected {money(s.expected_cost, plan.currency)}"
    columns = [
        Column("Future"),
        Column("Probability", "share"),
        Column(f"Cost ({plan.currency})", "money"),
        Column("Fill rate", "share"),
        Column("Share in the tail", "share"),
    ]
    rows = [(f.future, f.probability, f.cost, f.fill_rate, f.tail_share) for f in reversed(futures)]
    note = f"Present value in {words}, penalties included. Solid line: expected cost. Dashed line: CVaR, the mean of the worst {percent(s.tail)} of futures."
    yield Chart("distribution", title, note, traces, layout, Table("Cost of each future, dearest first", columns, rows))


def categories(plan: Plan) -> Iterator[Chart]:
    """How the categories of cost add up to the expected cost."""
    lines = sorted((c for c in plan.cost_summaries if c.dimension == "category" and c.present), key=lambda c: -c.present)
    if not lines:
        return
    total = sum(c.present for c in lines)
    captions, values = [*(label(c.key) for c in lines), "Expected cost"], [*(c.present for c in lines), total]
    scale, words = money_scale(max(map(abs, values)), plan.currency)
    place = list(range(len(captions)))
    trace: Trace = {
        "type": "waterfall",
        "orientation": "h",
        "y": place,
        "x": rounded(v / scale for v in values),
        "measure": ["relative"] * len(lines) + ["total"],
        "hoverinfo": "none",
        "increasing": {"marker": {"color": "@c0"}},
        "decreasing": {"marker": {"color": "@c1"}},
        "totals": {"marker": {"color": "@total"}},
        "connector": {"line": {"color": "@grid", "width": 1}},
    }
    layout = layout_of("", words) | {"showlegend": False}
    ticks = [f"{short(c)}<br>{money(v, plan.currency)}" for c, v in zip(captions, values, strict=True)]
    layout["yaxis"] |= {"tickvals": place, "ticktext": ticks, "range": [len(captions) - 0.5, -0.5], "showgrid": False}
    title = "How the expected cost adds up"
    if total > 0:
        penalties = sum(c.present for c in lines if c.key in PENALTIES)
        title = f"{captions[0]} is {percent(values[0] / total)} of the expected {money(total, plan.currency)}; "
        title += f"penalties are {percent(penalties / total)}" if penalties else "there are no penalties"
    columns = [Column("Category"), Column(f"Present value ({plan.currency})", "money"), Column(f"Nominal ({plan.currency})", "money"), Column("Share", "share")]
    rows = [(label(c.key), c.present, c.expected, c.present / total if total else None) for c in lines]
    rows.append(("Expected cost", total, sum(c.expected for c in lines), 1.0 if total else None))
    note = f"Present value in {words}. Each bar starts where the one above ends; credits point back; the last bar is the sum."
    yield Chart("categories", title, note, [trace], layout, Table("Expected cost by category", columns, rows), height=90 + 36 * len(captions))
