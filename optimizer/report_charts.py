"""Charts of the report: what is drawn, under a title that states what the data say, with a table that says the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from models.plan import FillRateLine, Plan
from optimizer.ledger import PENALTIES
from optimizer.report_plotly import MAX_SERIES, OTHER, SPOT, Chart, Series, bar, bars, largest, layout_of, rounded, safe, sentence, short, whiskers
from optimizer.report_tables import Column, Table
from optimizer.report_text import NOISE, Names, label, money, money_scale, percent, volume

MAX_UNITS = 3
MAX_SITES = 20
PATTERNS = ("", "/", "x", ".", "-", "+", "\\", "|")
SYMBOLS = ("circle", "diamond", "square", "cross", "star", "triangle-up", "x")


def charts(plan: Plan, names: Names, periods: Sequence[str]) -> Iterator[Chart]:
    """Every chart the plan has data for. `periods`: ids in order. Volumes of different units get charts of their own."""
    hues = {names("supplier", k): f"@c{i % MAX_SERIES}" for i, k in enumerate(dict.fromkeys(o.supplier for o in plan.offers))}
    units = list(dict.fromkeys(plan.units.values()))[:MAX_UNITS]
    for i, unit in enumerate(units):
        products = {p for p, u in plan.units.items() if u == unit}
        subject = "" if len(units) == 1 else ", ".join(names("product", p) for p in plan.units if p in products) + ": "
        yield from _supply(plan, names, periods, products, unit, f"supply-{i}", subject, hues)
        yield from _commitments(plan, names, periods, products, unit, f"commitments-{i}", subject, hues)
    yield from _spend(plan, names, periods, hues)
    yield from _distribution(plan)
    yield from _categories(plan)
    yield from _fill_rates(plan, names)


def _supply(
    plan: Plan, names: Names, periods: Sequence[str], products: set[str], unit: str, name: str, subject: str, hues: Mapping[str, str]
) -> Iterator[Chart]:
    """Mean delivery by source stacked against mean demand, with the shortage's mean and P5 to P95 below."""
    suppliers = {o.offer: names("supplier", o.supplier) for o in plan.offers}
    supply: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(periods, 0.0))
    totals = {kind: dict.fromkeys(periods, 0.0) for kind in ("demand", "unmet")}
    for line in plan.flow_summaries:
        if line.product in products and line.period in totals["demand"]:
            if line.kind == "deliver":
                supply[suppliers.get(line.source, SPOT)][line.period] += line.mean
            elif line.kind in totals:
                totals[line.kind][line.period] += line.mean
    demand, unmet = list(totals["demand"].values()), list(totals["unmet"].values())
    if not sum(demand):
        return
    series = largest(supply)
    spread = _spread(plan, "unmet", products, periods)
    ink = {"line": {"color": "@ink", "width": 2, "dash": "dot"}, "marker": {"size": 6, "color": "@ink"}}
    traces = [
        *bars(series, periods, hues),
        {"type": "scatter", "mode": "lines+markers", "name": "Demand", "x": list(periods), "y": rounded(demand), "hovertemplate": "%{y:,.4~r}", **ink},
        bar("Shortage", periods, unmet, "@short") | {"yaxis": "y2", "showlegend": False, "error_y": whiskers(unmet, spread)},
    ]
    layout = layout_of(unit) | {"barmode": "stack"}
    layout["yaxis2"] = layout["yaxis"] | {"domain": [0, 0.2], "title": {"text": "shortage"}, "nticks": 4, "rangemode": "tozero"}
    layout["yaxis"]["domain"] = [0.3, 1]
    layout["xaxis"]["anchor"] = "y2"
    columns = [Column("Period"), *(Column(f"From {n}", "volume") for n in series), *(Column(n, "volume") for n in ("Demand", "Shortage", "Shortage P5", "Shortage P95"))]
    rows = [(t, *(v[t] for v in series.values()), demand[i], unmet[i], *(spread[i] if spread else (None, None))) for i, t in enumerate(periods)]
    title = _supply_title(series, demand, unmet, periods)
    note = f"Mean over the futures, in {unit} per period. Dotted line: demand. Below: shortage" + (", with whiskers from P5 to P95." if spread else ".")
    yield Chart(name, subject + (title if subject else sentence(title)), note, traces, layout, Table(f"Mean supply and demand, {unit}", columns, rows), height=460)


def _supply_title(series: Series, demand: list[float], unmet: list[float], periods: Sequence[str]) -> str:
    total = sum(demand)
    spot = sum(series[SPOT].values()) if SPOT in series else 0.0
    contracts = sum(sum(v.values()) for v in series.values()) - spot
    shares = [u / d if d else 0.0 for u, d in zip(unmet, demand, strict=True)]
    worst = max(range(len(periods)), key=shares.__getitem__)
    covered = f"contracts cover {percent(contracts / total)} of demand" if contracts > NOISE * total else "no contract covers any demand"
    if spot > NOISE * total:
        covered += f", the spot market {percent(spot / total)}"
    return f"{covered}; " + (f"shortage peaks in {periods[worst]} at {percent(shares[worst])}" if shares[worst] > NOISE else "nothing runs short")


def _spread(plan: Plan, kind: str, products: set[str], periods: Sequence[str]) -> list[tuple[float, float]] | None:
    """P5 and P95 per period of a volume summed over sites and products, from the rows per node; None when those were left out for size."""
    if not plan.flows:
        return None
    nodes: dict[str, dict[str, tuple[float, float]]] = {t: {} for t in periods}
    for line in plan.flows:
        if line.kind == kind and line.product in products and line.period in nodes:
            here = nodes[line.period]
            here[line.node] = (here.get(line.node, (0.0, 0.0))[0] + line.volume, line.probability)
    return [(_quantile(nodes[t].values(), 0.05), _quantile(nodes[t].values(), 0.95)) for t in periods]


def _quantile(weighted: Iterable[tuple[float, float]], share: float) -> float:
    """Smallest volume that at least `share` of the probability does not exceed; nodes without a row have volume 0."""
    rows = sorted(weighted)
    found, reached = 0.0, 1.0 - sum(probability for _, probability in rows)
    for value, probability in rows:
        if reached >= share - NOISE:
            break
        found, reached = value, reached + probability
    return found


def _commitments(
    plan: Plan, names: Names, periods: Sequence[str], products: set[str], unit: str, name: str, subject: str, hues: Mapping[str, str]
) -> Iterator[Chart]:
    """Committed volume per period by offer; what may be signed later counts with its probability."""
    committed: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(periods, 0.0))
    supplier = {names("offer", a.offer): names("supplier", a.supplier) for a in plan.awards}
    for award in plan.awards:
        for line in award.volumes:
            if line.product in products:
                committed[names("offer", award.offer)][line.period] += award.probability * line.volume
    totals = {t: sum(v[t] for v in committed.values()) for t in periods}
    if not sum(totals.values()):
        return
    series = largest(committed)
    traces, seen = [], defaultdict[str, int](int)
    for trace, offer in zip(bars(series, periods, {o: hues.get(supplier.get(o, ""), "@other") for o in series}), series, strict=True):
        who = supplier.get(offer, "")
        trace["marker"]["pattern"] = {"shape": PATTERNS[seen[who] % len(PATTERNS)], "solidity": 0.2, "fgcolor": "@paper"}
        seen[who] += 1
        traces.append(trace)
    columns = [Column("Period"), *(Column(offer, "volume") for offer in series), Column("All offers", "volume")]
    rows = [(t, *(v[t] for v in series.values()), totals[t]) for t in periods]
    peak = max(totals, key=totals.__getitem__)
    title = f"commitments peak in {peak} at {volume(totals[peak], unit)}"
    if max(totals.values()) - min(totals.values()) <= 1e-6 * max(totals.values()):
        title = f"{volume(totals[peak], unit)} committed in every period"
    note = f"Committed volume in {unit} per period. One colour per supplier, one pattern per offer; a contract that may be signed later counts with its probability."
    layout = layout_of(unit) | {"barmode": "stack"}
    yield Chart(name, subject + (title if subject else sentence(title)), note, traces, layout, Table(f"Committed volume, {unit}", columns, rows))


def _spend(plan: Plan, names: Names, periods: Sequence[str], hues: Mapping[str, str]) -> Iterator[Chart]:
    """Expected cash per period by who is paid, nominal, penalties left out."""
    when = [*dict.fromkeys(c.period for c in plan.costs if c.period not in periods), *periods]
    suppliers = {o.offer: names("supplier", o.supplier) for o in plan.offers}
    paid: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(when, 0.0))
    for line in plan.costs:
        if line.category not in PENALTIES:
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
    peak, most = max(totals, key=totals.__getitem__), max(series, key=lambda who: sum(series[who].values()))
    share = percent(sum(series[most].values()) / total)
    title = f"Spend peaks in {peak} at {money(totals[peak], plan.currency)}; {share} of all spend goes to {'the spot market' if most == SPOT else most}"
    note = f"Expected cash in {words}, nominal, by who is paid; credits count negative. Shortage and rule penalties are not cash and are left out."
    yield Chart("spend", title, note, traces, layout_of(words) | {"barmode": "relative"}, Table("Expected cash, nominal", columns, rows))


def _distribution(plan: Plan) -> Iterator[Chart]:
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
    layout = layout_of("probability, %", words) | {"barmode": "stack"}
    marks = (("expected", s.expected_cost / scale, "solid", "right"), ("CVaR", s.cvar / scale, "dash", "left"))
    line = {"type": "line", "yref": "paper", "y0": 0, "y1": 1.02}
    layout["shapes"] = [line | {"x0": x, "x1": x, "line": {"color": "@ink", "width": 2, "dash": dash}} for _, x, dash, _ in marks]
    flag = {"y": 1.02, "yref": "paper", "showarrow": False, "yanchor": "bottom"}
    layout["annotations"] = [flag | {"x": x, "text": text, "xanchor": anchor} for text, x, _, anchor in marks]
    title = f"The worst {percent(s.tail)} of futures cost {money(s.cvar, plan.currency)} on average"
    if s.expected_cost > 0:
        title += f", {percent(s.cvar / s.expected_cost - 1)} above the expected {money(s.expected_cost, plan.currency)}"
    columns = [Column("Future"), Column("Probability", "share"), Column(f"Cost ({plan.currency})", "money"), Column("Fill rate", "share"), Column("Share in the tail", "share")]
    rows = [(f.future, f.probability, f.cost, f.fill_rate, f.tail_share) for f in reversed(futures)]
    note = f"Present value in {words}, penalties included. Solid line: expected cost. Dashed line: CVaR, the mean of the worst {percent(s.tail)} of futures."
    yield Chart("distribution", title, note, traces, layout, Table("Cost of each future, dearest first", columns, rows))


def _categories(plan: Plan) -> Iterator[Chart]:
    """How the categories of cost add up to the expected cost."""
    lines = sorted((c for c in plan.cost_summaries if c.dimension == "category" and c.present), key=lambda c: -c.present)
    if not lines:
        return
    total = sum(c.present for c in lines)
    captions, values = [*(label(c.key) for c in lines), "Expected cost"], [*(c.present for c in lines), total]
    scale, words = money_scale(max(map(abs, values)), plan.currency)
    place = list(range(len(captions)))
    trace = {
        "type": "waterfall", "orientation": "h", "y": place, "x": rounded(v / scale for v in values), "measure": ["relative"] * len(lines) + ["total"],
        "text": [money(v, plan.currency) for v in values], "textposition": "auto", "cliponaxis": False, "hoverinfo": "none",
        "increasing": {"marker": {"color": "@c0"}}, "decreasing": {"marker": {"color": "@c1"}}, "totals": {"marker": {"color": "@total"}},
        "connector": {"line": {"color": "@grid", "width": 1}},
    }  # fmt: skip
    layout = layout_of("", words) | {"showlegend": False}
    layout["yaxis"] |= {"tickvals": place, "ticktext": [short(c) for c in captions], "range": [len(captions) - 0.5, -0.5], "showgrid": False}
    title = "How the expected cost adds up"
    if total > 0:
        penalties = sum(c.present for c in lines if c.key in PENALTIES)
        title = f"{captions[0]} is {percent(values[0] / total)} of the expected {money(total, plan.currency)}; "
        title += f"penalties are {percent(penalties / total)}" if penalties else "there are no penalties"
    columns = [Column("Category"), Column(f"Present value ({plan.currency})", "money"), Column(f"Nominal ({plan.currency})", "money"), Column("Share", "share")]
    rows = [(label(c.key), c.present, c.expected, c.present / total if total else None) for c in lines]
    rows.append(("Expected cost", total, sum(c.expected for c in lines), 1.0 if total else None))
    note = f"Present value in {words}. Each bar starts where the one above ends; credits point back; the last bar is the sum."
    yield Chart("categories", title, note, [trace], layout, Table("Expected cost by category", columns, rows), height=130 + 30 * len(captions))


def _fill_rates(plan: Plan, names: Names) -> Iterator[Chart]:
    """Fill rate of each site and product, worst sites first."""
    lines = sorted((line for line in plan.fill_rates if line.site and line.product and line.expected_demand > 0), key=lambda line: line.fill_rate)
    sites = list(dict.fromkeys(line.site for line in lines))
    if len(lines) < 2:
        return
    place = {site: i for i, site in enumerate(sites[:MAX_SITES])}
    by_product: dict[str, list[FillRateLine]] = defaultdict(list)
    for line in lines:
        if line.site in place:
            by_product[line.product].append(line)
    traces = []
    for i, (product, mine) in enumerate(list(by_product.items())[:MAX_SERIES]):
        hover = [f"{safe(names('site', line.site))}: {percent(line.fill_rate)}" for line in mine]
        traces.append({
            "type": "scatter", "mode": "markers", "name": safe(names("product", product)), "x": rounded(100 * line.fill_rate for line in mine),
            "y": [place[line.site] for line in mine], "marker": {"size": 11, "color": f"@c{i}", "symbol": SYMBOLS[i]}, "cliponaxis": False,
            "customdata": hover, "hovertemplate": "%{customdata}<extra></extra>",
        })  # fmt: skip
    layout = layout_of("", "demand met on time, %")
    missing = 100 - 100 * lines[0].fill_rate
    layout["xaxis"]["range"] = [max(0.0, 100 - 1.1 * missing - 0.05), 100 + 0.04 * missing + 0.02]
    layout["yaxis"] |= {"tickvals": list(place.values()), "ticktext": [short(names("site", s)) for s in place], "range": [len(place) - 0.5, -0.5]}
    title = f"{names('site', lines[0].site)} is served worst: {percent(lines[0].fill_rate)} of its {names('product', lines[0].product)} on time"
    if missing <= 100 * NOISE:
        title = "Every site is served in full in every future"
    columns = [Column("Site"), Column("Product"), Column("Demand", "volume"), Column("Shortage", "volume"), Column("Unit"), Column("Fill rate", "share")]
    rows = [(names("site", x.site), names("product", x.product), x.expected_demand, x.expected_shortage, x.unit, x.fill_rate) for x in lines]
    note = "Share of expected demand met in its own period" + (f"; the {MAX_SITES} worst of {len(sites):,} sites." if len(sites) > MAX_SITES else ".")
    yield Chart("fill", title, note, traces, layout, Table("Fill rate by site and product", columns, rows), height=150 + 28 * len(place))
