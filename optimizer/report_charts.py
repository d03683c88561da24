"""Charts of the report, each under a title that states what the data say and with a table that says the same; volumes here, money in `report_money`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from models.plan import FillRateLine, Plan
from optimizer.report_frontier import frontier_charts
from optimizer.report_money import categories, distribution, spend
from optimizer.report_plotly import (
    MAX_SERIES,
    SPOT,
    Chart,
    Series,
    bar,
    bars,
    largest,
    layout_of,
    rounded,
    safe,
    sentence,
    short,
    whiskers,
    wrapped,
)
from optimizer.report_quality import fresh_chart
from optimizer.report_stress import stress_charts
from optimizer.report_tables import Column, Table
from optimizer.report_text import NOISE, Names, percent, volume

MAX_UNITS = 3
MAX_SITES = 20
PATTERNS = ("", "/", "x", ".", "-", "+", "\\", "|")
SYMBOLS = ("circle", "diamond", "square", "cross", "star", "triangle-up", "x")


def charts(plan: Plan, names: Names, periods: Sequence[str]) -> Iterator[Chart]:
    """Every chart the plan has data for. `periods`: ids in order. Volumes of different units get charts of their own."""
    costly = sorted(plan.offers, key=lambda o: -o.expected_cost)  # the largest suppliers get the colours that are furthest apart
    hues = {names("supplier", k): f"@c{i % MAX_SERIES}" for i, k in enumerate(dict.fromkeys(o.supplier for o in costly))}
    units = list(dict.fromkeys(plan.units.values()))[:MAX_UNITS]
    for i, unit in enumerate(units):
        products = {p for p, u in plan.units.items() if u == unit}
        subject = "" if len(units) == 1 else ", ".join(names("product", p) for p in plan.units if p in products) + ": "
        yield from _supply(plan, names, periods, products, unit, f"supply-{i}", subject, hues)
        yield from _commitments(plan, names, periods, products, unit, f"commitments-{i}", subject, hues)
    yield from spend(plan, names, periods, hues)
    yield from distribution(plan)
    yield from fresh_chart(plan)
    yield from categories(plan)
    yield from _fill_rates(plan, names)
    yield from stress_charts(plan)
    yield from frontier_charts(plan.frontier)


def _supply(
    plan: Plan, names: Names, periods: Sequence[str], products: set[str], unit: str, name: str, subject: str, hues: Mapping[str, str]
) -> Iterator[Chart]:
    """Mean delivery by source stacked against mean demand, with the shortage's mean and P5 to P95 below."""
    suppliers = {o.offer: names("supplier", o.supplier) for o in plan.offers}
    supply: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(periods, 0.0))
    totals = {kind: dict.fromkeys(periods, 0.0) for kind in ("demand", "unmet")}
    for line in plan.flow_summaries:
        if line.product in products and line.period in totals["demand"]:
            if line.kind in ("deliver", "receive"):  # contracts deliver to sites, spot orders are received there
                supply[suppliers.get(line.source, SPOT)][line.period] += line.mean
            elif line.kind in totals:
                totals[line.kind][line.period] += line.mean
    demand, unmet = list(totals["demand"].values()), list(totals["unmet"].values())
    if not sum(demand):
        return
    series = largest(supply)
    spread = _spread(plan, products, periods)
    ink = {"line": {"color": "@ink", "width": 2, "dash": "dot"}, "marker": {"size": 6, "color": "@ink"}}
    traces = [
        *bars(series, periods, hues),
        {"type": "scatter", "mode": "lines+markers", "name": "Demand", "x": list(periods), "y": rounded(demand), "hovertemplate": "%{y:,.4~f}", **ink},
        bar("Shortage", periods, unmet, "@short") | {"yaxis": "y2", "showlegend": False},
        *([whiskers(periods, spread) | {"yaxis": "y2", "showlegend": False}] if spread else []),
    ]
    layout = layout_of(unit) | {"barmode": "stack"}
    layout["yaxis2"] = layout["yaxis"] | {"domain": [0, 0.2], "title": {"text": "shortage"}, "nticks": 4, "rangemode": "tozero"}
    layout["yaxis"]["domain"] = [0.3, 1]
    layout["xaxis"]["anchor"] = "y2"
    columns = [
        Column("Period"),
        *(Column(f"From {n}", "volume") for n in series),
        *(Column(n, "volume") for n in ("Demand", "Shortage", "Shortage P5", "Shortage P95")),
    ]
    rows = [(t, *(v[t] for v in series.values()), demand[i], unmet[i], *(spread[i] if spread else (None, None))) for i, t in enumerate(periods)]
    title = _supply_title(series, demand, unmet, periods)
    note = f"Mean over the futures, in {unit} per period. Dotted line: demand. Below: shortage" + (", with whiskers from P5 to P95." if spread else ".")
    yield Chart(name, sentence(subject + title), note, traces, layout, Table(f"Mean supply and demand, {unit}", columns, rows), height=430 + 10 * len(series))


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


def _spread(plan: Plan, products: set[str], periods: Sequence[str]) -> list[tuple[float, float]] | None:
    """P5 and P95 per period of the shortage of some products together; from the rows per node, or, where those were left out for size, from the
    summary over all sites, which holds one product at a time (None when there are several).
    """
    if not plan.flows:
        if len(products) > 1:
            return None
        known = {line.period: (line.p5, line.p95) for line in plan.flow_summaries if line.kind == "shortage" and line.product in products}
        return [known.get(t, (0.0, 0.0)) for t in periods]
    nodes: dict[str, dict[str, tuple[float, float]]] = {t: {} for t in periods}
    for line in plan.flows:
        if line.kind == "unmet" and line.product in products and line.period in nodes:
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
        trace["marker"]["pattern"] = {"shape": PATTERNS[seen[who] % len(PATTERNS)], "solidity": 0.3, "fgcolor": "@paper", "fillmode": "overlay"}
        seen[who] += 1
        traces.append(trace)
    columns = [Column("Period"), *(Column(offer, "volume") for offer in series), Column("All offers", "volume")]
    rows = [(t, *(v[t] for v in series.values()), totals[t]) for t in periods]
    peak = max(totals, key=totals.__getitem__)
    title = f"commitments peak in {peak} at {volume(totals[peak], unit)}"
    if max(totals.values()) - min(totals.values()) <= 1e-6 * max(totals.values()):
        title = f"{volume(totals[peak], unit)} committed in every period"
    note = f"Committed volume in {unit} per period. One colour per supplier, one pattern per offer; contracts that may come later count with their probability."
    layout = layout_of(unit) | {"barmode": "stack"}
    yield Chart(name, sentence(subject + title), note, traces, layout, Table(f"Committed volume, {unit}", columns, rows), height=350 + 22 * len(series))


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
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": wrapped(names("product", product)),
                "x": rounded(100 * line.fill_rate for line in mine),
                "y": [place[line.site] for line in mine],
                "marker": {"size": 11, "color": f"@c{i}", "symbol": SYMBOLS[i]},
                "cliponaxis": False,
                "customdata": hover,
                "hovertemplate": "%{customdata}<extra></extra>",
            }
        )
    layout = layout_of("", "demand met on time, %")
    missing = 100 - 100 * lines[0].fill_rate
    layout["xaxis"]["nticks"] = 5
    layout["xaxis"]["range"] = [max(0.0, 100 - 1.1 * missing - 0.05), 100 + 0.04 * missing + 0.02]
    layout["yaxis"] |= {"tickvals": list(place.values()), "ticktext": [short(names("site", s)) for s in place], "range": [len(place) - 0.5, -0.5]}
    title = f"{names('site', lines[0].site)} is served worst: {percent(lines[0].fill_rate)} of its {names('product', lines[0].product)} on time"
    if missing <= 100 * NOISE:
        title = "Every site is served in full in every future"
    columns = [Column("Site"), Column("Product"), Column("Demand", "volume"), Column("Shortage", "volume"), Column("Unit"), Column("Fill rate", "share")]
    rows = [(names("site", x.site), names("product", x.product), x.expected_demand, x.expected_shortage, x.unit, x.fill_rate) for x in lines]
    note = "Share of expected demand met in its own period" + (f"; the {MAX_SITES} worst of {len(sites):,} sites." if len(sites) > MAX_SITES else ".")
    yield Chart("fill", title, note, traces, layout, Table("Fill rate by site and product", columns, rows), height=150 + 28 * len(place))
