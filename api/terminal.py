"""A plan as text for an 80-column terminal: sentences first, then figures with units, tables, and the proof."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from api.frontier_page import frontier_section
from api.page import MoneyScale, Page, clean, figure, percent
from api.stress_page import stress_section
from models.rules import MONEY_RULES

if TYPE_CHECKING:
    from models.plan import Award, Baselines, Plan, RuleOutcome

SHARES = ("domestic_share", "origin_share", "supplier_share", "smallest_share", "spot_share", "fill_rate", "shortage_probability")
SIGNS = ("exclusive", "requires", "all_or_none", "force")
BASELINES = {"spot_only": "spot market only", "average_future": "planned for the average future", "perfect_foresight": "perfect foresight"}


def print_report(plan: Plan, console: Console) -> None:
    """Print `plan` on `console`, at most MAX_WIDTH columns wide."""
    page = Page(console)
    money = MoneyScale.fitting(plan.currency, max(abs(plan.summary.objective), abs(plan.summary.expected_cost), abs(plan.summary.cvar)))
    _head(plan, page)
    _figures(plan, money, page)
    _awards(plan, money, page)
    _costs(plan, money, page)
    if plan.baselines:
        _baselines(plan, plan.baselines, money, page)
    _rules(plan, money, page)
    if plan.stress:
        stress_section(plan, plan.stress, page)
    if plan.frontier:
        frontier_section(plan.frontier, page)
    _audit(plan, money, page)


def _head(plan: Plan, page: Page) -> None:
    page.heading(plan.scenario or "Plan")
    end = {"gap": "", "time": ", the time limit came first", "user": ", stopped by you"}[plan.stop_reason]
    word = "optimal" if plan.status == "optimal" else "not proven optimal"
    took = sum(phase.seconds for phase in plan.provenance.phases if "(" not in phase.name)  # those in brackets are part of another
    page.say(f"{word}: gap {percent(plan.summary.gap)}, asked for {percent(plan.provenance.gap_asked)}{end}; {took:,.1f} s", style="dim")
    if not plan.audit.passed or plan.audit.suspect:
        page.say("The audit has doubts about this plan. Do not act on it before reading the last section.", style="bold red", mark="!")
    for sentence in plan.decision:
        page.say(sentence, mark="•")
    for warning in plan.warnings:
        page.say(warning, style="yellow", mark="!")


def _figures(plan: Plan, money: MoneyScale, page: Page) -> None:
    s = plan.summary
    page.heading("Key figures")
    rows = [
        ("Risk-adjusted cost", money.text(s.objective), f"what is minimised; no plan can be below {money.text(s.bound)}"),
        ("Expected cost", money.text(s.expected_cost), f"{money.text(s.expected_cash)} in cash and {money.text(s.expected_penalty)} in penalties"),
        (f"Worst {percent(s.tail)} of futures", money.text(s.cvar), f"on average; counts for {percent(s.risk_weight)} of what is minimised"),
        *_doubted(plan, money),
        ("Fill rate", percent(s.fill_rate), f"expected; some demand is unmet with probability {percent(s.shortage_probability)}"),
    ]
    units = set(plan.units.values())
    if len(units) == 1:
        unit = units.pop()
        asked = sum(line.expected_asked for line in plan.fill_rates if not line.site)
        rows.append(
            (
                "Unmet",
                f"{figure(s.expected_shortage)} {unit}",
                f"expected, of {figure(asked)} asked for; {figure(s.shortage_cvar)} in the worst {percent(s.tail)}",
            )
        )
    else:
        lines = [line for line in plan.fill_rates if not line.site]
        rows += [
            (f"  {line.product}", percent(line.fill_rate), f"{figure(line.expected_shortage)} of {figure(line.expected_asked)} {line.unit} asked for are unmet")
            for line in lines
        ]
    grid = Table.grid(padding=(0, 2))
    for _ in range(3):
        grid.add_column(overflow="fold")
    for name, value, note in rows:
        grid.add_row(Text(clean(name)), Text(clean(value), style="bold"), Text(clean(note), style="dim"))
    page.draw(Padding(grid, (0, 0, 0, 2)))


def _doubted(plan: Plan, money: MoneyScale) -> list[tuple[str, str, str]]:
    """The worst expected cost, where the plan guards against wrong probabilities."""
    worst = plan.summary.worst_expected_cost
    meaning = "expected when probabilities are as wrong as `risk.ambiguity` allows; counts in the place of the expected cost"
    return [] if worst is None else [("At worst expected", money.text(worst), meaning)]


def _awards(plan: Plan, money: MoneyScale, page: Page) -> None:
    page.heading("Contracts to sign")
    units = set(plan.units.values())
    unit = units.pop() if len(units) == 1 else ""
    if plan.awards:
        later = any(award.period is not None for award in plan.awards)
        volume = f"Per period ({unit})" if unit else "Per period"
        heads = [("Offer", "left"), ("Signed", "left"), ("Product", "left"), ("Periods", "left"), (volume, "right"), (f"Commits ({money.unit})", "right")]
        rows = [row for award in plan.awards for row in _award_rows(award, money, {} if unit else plan.units)]
        kept = [i for i in range(len(heads)) if i != 1 or later]
        page.table([heads[i] for i in kept], [tuple(row[i] for i in kept) for row in rows])
    else:
        page.say("None: everything is left to the spot market.")
    left = [o.offer for o in plan.offers if o.signing_probability == 0]
    if left:
        page.say(f"Not signed: {', '.join(left[:12])}{f' and {len(left) - 12} more' if len(left) > 12 else ''}.")
    for step in plan.capacity_opened:
        when = "at signing" if step.node == "now" else f"at {step.node} ({percent(step.probability)})"
        page.say(f"Opens capacity step '{step.step}' of {step.supplier} {when}.")


def _award_rows(award: Award, money: MoneyScale, units: Mapping[str, str]) -> list[tuple[str, ...]]:
    """One row per product: offer, when signed, product, periods, volume (one number where it is the same in every period), committed value."""
    rows: list[tuple[str, ...]] = []
    for product in dict.fromkeys(v.product for v in award.volumes):
        volumes = [v for v in award.volumes if v.product == product]
        low, high = min(v.volume for v in volumes), max(v.volume for v in volumes)
        said = figure(high) if math.isclose(low, high, rel_tol=1e-6, abs_tol=1e-9) else f"{figure(low)} to {figure(high)}"
        periods = volumes[0].period if len(volumes) == 1 else f"{volumes[0].period}–{volumes[-1].period}"
        rows.append(("", "", product, periods, f"{said} {units.get(product, '')}".strip(), ""))
    name = f"{award.offer} ({award.alternative})"
    signed = "now" if award.period is None else f"{award.period} ({percent(award.probability)})"
    first = rows[0] if rows else ("", "", "", "", "", "")
    return [(name, signed, *first[2:5], money.cell(award.committed_value)), *rows[1:]]


def _costs(plan: Plan, money: MoneyScale, page: Page) -> None:
    lines = sorted((c for c in plan.cost_summaries if c.dimension == "category"), key=lambda c: -abs(c.present))
    if not lines:
        return
    total = sum(c.present for c in lines)
    page.heading(f"Expected cost by category, {money.unit}")
    columns = [("Category", "left"), ("Present value", "right"), ("Share", "right"), ("Nominal", "right")]
    rows = [(c.key.replace("_", " "), money.cell(c.present), f"{100 * c.present / total:.1f} %" if total else "", money.cell(c.expected)) for c in lines]
    page.table(columns, rows, total=("Total", money.cell(total), "", money.cell(sum(c.expected for c in lines))))


def _baselines(plan: Plan, found: Baselines, money: MoneyScale, page: Page) -> None:
    page.heading(f"What the plan is worth, {money.unit}")
    for sentence in _worth(found, money):
        page.say(sentence, mark="•")
    page.draw(Text())
    columns = [
        ("Plan", "left"),
        ("Risk-adjusted", "right"),
        ("Expected", "right"),
        ("Worst futures", "right"),
        ("Fill rate", "right"),
    ]
    s = plan.summary
    rows: list[tuple[str, ...]] = [("this plan", money.cell(s.objective), money.cell(s.expected_cost), money.cell(s.cvar), percent(s.fill_rate))]
    for line in found.baselines:
        cells = [money.cell(x) if x is not None else "–" for x in (line.objective, line.expected_cost, line.cvar)]
        rows.append((BASELINES[line.name], *cells, percent(line.fill_rate) if line.fill_rate is not None else "–"))
    page.table(columns, rows)
    for line in found.baselines:
        if line.note:
            page.say(f"{BASELINES[line.name]}: {line.note}", style="dim")


def _worth(found: Baselines, money: MoneyScale) -> list[str]:
    """The value of contracts, VSS and EVPI, each as a sentence. What can't be seen in the report's unit is called nothing."""
    said = []
    if found.value_of_contracts is not None:
        saved = found.value_of_contracts
        amount = f"saves {money.text(saved)} against" if saved > 0 else "saves nothing against"
        said.append(f"Signing contracts {amount} buying everything on the spot market.")
    if found.vss is not None:
        nothing = "Planning for the average future alone would have found a plan as good: VSS is nothing"
        some = f"Planning for all futures instead of the average one saves {money.text(found.vss)} (VSS)"
        said.append(f"{some if money.rounded(found.vss) else nothing}{_interval(found.vss_interval, money)}.")
    if found.evpi is not None:
        nothing = "Knowing the future would save nothing (EVPI)"
        some = f"Knowing the future would save another {money.text(found.evpi)} (EVPI)"
        said.append(f"{some if money.rounded(found.evpi) else nothing}{_interval(found.evpi_interval, money)}: no forecast is worth more.")
    return said


def _interval(interval: tuple[float, float] | None, money: MoneyScale) -> str:
    """The interval left by the solver's gaps, where it is wide enough to be seen."""
    if interval is None or money.rounded(interval[0]) == money.rounded(interval[1]):
        return ""
    return f", between {money.cell(interval[0])} and {money.cell(interval[1])} as far as proven"


def _rules(plan: Plan, money: MoneyScale, page: Page) -> None:
    if not plan.rules:
        return
    page.heading("Rules")
    rows = []
    for rule in plan.rules:
        if rule.violation > 0:
            short = money.text(rule.violation) if rule.kind in MONEY_RULES else figure(rule.violation)
            state = f"violated by {short}, costs {money.text(rule.penalty)}"
        else:
            state = "kept, binding" if rule.binding else "kept"
        measured = "" if rule.kind in SIGNS else _measure(rule, rule.value, money) + (f" ({rule.where})" if rule.where else "")
        rows.append((rule.text, "hard" if rule.hard else "priced", measured, state))
    page.table([("Rule", "left"), ("Kind", "left"), ("At its tightest", "left"), ("State", "left")], rows)


def _measure(rule: RuleOutcome, value: float, money: MoneyScale) -> str:
    if rule.kind in SHARES:
        return percent(value)
    return money.text(value) if rule.kind in MONEY_RULES else figure(value)


def _apart(relative: float) -> str:
    return f"{relative:.0e} (relative) from" if relative > 0 else "exactly"


def _audit(plan: Plan, money: MoneyScale, page: Page) -> None:
    audit, n = plan.audit, plan.numerics
    page.heading("Proof")
    word = "passed" if audit.passed and not audit.suspect else "SUSPECT" if audit.passed else "FAILED"
    page.say(
        f"Audit {word}: recomputed from bills and flows, the cost is {money.text(audit.objective)}, {_apart(audit.relative_difference)} the solver's; "
        f"{f'largest violation {audit.largest_violation:.0e} ({audit.where})' if audit.largest_violation > 0 else 'nothing is violated'}.",
        style="" if word == "passed" else "bold red",
        mark="✓" if word == "passed" else "!",
    )
    if audit.exact:
        e = audit.exact
        rows = f"all {e.rows_total:,} rows" if e.rows_checked == e.rows_total else f"{e.rows_checked:,} of {e.rows_total:,} rows"
        page.say(f"Exact check of {rows} {'passed' if e.passed else 'FAILED at ' + e.row}.", mark="✓" if e.passed else "!")
    for sentence in audit.sandwich:
        page.say(sentence, style="dim")
    for warning in n.warnings:
        page.say(warning, style="yellow", mark="!")
    p = plan.provenance
    page.say(
        f"{p.futures:,} futures, {p.nodes:,} nodes; {n.rows:,} rows, {n.columns:,} columns, {n.integers:,} integers; "
        f"{p.method}; seed {p.seed}; scenario {p.scenario_sha256[:12]}.",
        style="dim",
    )
