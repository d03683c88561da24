"""What a contract file comes to, as sentences and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.contract import AT_SIGNING
from models.replay import ContractReplay, Replay, Step
from optimizer.report_tables import Column, Table

Part = tuple[str, Sequence[str], Sequence[Table]]


def replay_parts(found: Replay) -> list[Part]:
    """The answer in parts: heading, sentences, tables."""
    until = f"up to the end of {found.today}" if found.today else "at signing"
    count = len(found.contracts)
    head = f"{count} contract{'s' if count > 1 else ''} of '{found.scenario}', {until}."
    parts: list[Part] = [("In short", (head, *found.sentences, *found.notes), ())]
    for x in found.contracts:
        said = [y.sentence for y in x.mismatches] or [_all_well(x)]
        parts.append((f"Owed and invoiced: {x.offer}", said, (_lines(x),)))
        rights = [*x.breaches, *(y.sentence for y in x.minima), *(y.sentence for y in x.holdings), *(y.sentence for y in x.options)]
        if rights:
            tables = [*([_holdings(x)] if x.holdings else []), *([_options(x, found.currency)] if x.options else [])]
            parts.append((f"What lapses and what is to be decided: {x.offer}", rights, tables))
    if found.onward is not None:
        heading = f"What to do next: {found.next}" if found.next else "What to do next"
        parts.append((heading, found.onward.sentences, (_steps(found),)))
    return parts


def _all_well(x: ContractReplay) -> str:
    invoiced = sum(1 for line in x.lines if line.verdict == "matches")
    missing = [line.period for line in x.lines if line.verdict == "not invoiced" and line.owed]
    said = f"All that was invoiced matches the contract ({invoiced} line{'' if invoiced == 1 else 's'})." if invoiced else "Nothing has been invoiced."
    periods = list(dict.fromkeys("signing" if period == AT_SIGNING else period for period in missing))
    return f"{said} Not invoiced yet: {', '.join(periods)}." if periods and invoiced else said


def _lines(x: ContractReplay) -> Table:
    columns = (
        Column("Period"), Column("What"), Column(f"Owed, {x.currency}", "cents"), Column("Invoiced", "cents"), Column("Difference", "cents"), Column("Verdict"),
    )  # fmt: skip
    rows: list[tuple[Any, ...]] = [(line.period, line.category.replace("_", " "), line.owed, line.invoiced, line.difference, line.verdict) for line in x.lines]
    told = [line.difference for line in x.lines if line.difference is not None]
    rows += [("all", "total", x.owed, x.invoiced if told else None, sum(told) if told else None, "")] if len(rows) > 1 else []
    note = "Owed: by the contract's own formulas from what was taken. Below 0: a credit. Difference: invoiced less owed, where anything was invoiced."
    return Table(f"The account of {x.offer}, supplier {x.supplier}", columns, rows, note, empty="Nothing is owed yet.")


def _holdings(x: ContractReplay) -> Table:
    columns = (
        Column("What"), Column("Product"), Column("From"), Column("Until"), Column("Amount", "volume"), Column("Unit"), Column(f"Worth, {x.currency}", "cents"),
    )  # fmt: skip
    rows = [(y.what, y.product, y.since, y.until, y.amount, y.unit, y.worth) for y in x.holdings]
    return Table(
        "What stands to our credit", columns, rows, "Until: the last period in which it can be used. A dash: what it is worth depends on what we take."
    )


def _options(x: ContractReplay, currency: str) -> Table:
    columns = (
        Column("Under"), Column("From"), Column("By the end of"), Column(f"Costs, {x.currency}", "cents"), Column("Best plan takes it", "share"),
        Column(f"Worth, {currency}", "money"),
    )  # fmt: skip
    rows = [(y.clause.replace("_", " "), y.first, y.last, y.cost, y.probability, y.worth) for y in x.options]
    note = "Costs: the fee if it is said in the first period. Worth: what the rest would cost more without the decision, risk included."
    return Table("What is to be decided by when", columns, rows, note)


def _steps(found: Replay) -> Table:
    assert found.onward is not None
    columns = (
        Column("What"), Column("Contract"), Column("Product"), Column("Best", "volume"), Column("Least", "volume"), Column("Most", "volume"),
        Column("Planned", "volume"), Column("Unit"),
    )  # fmt: skip
    rows = [(_what(x), x.offer, x.product, x.best, x.lowest, x.highest, x.planned, x.unit or "probability") for x in found.onward.steps]
    note = "Best and planned are means over what the period may bring. A dash: nothing was planned, or it can't be carried out any more."
    return Table(f"The next period: {found.next}", columns, rows, note, empty="Nothing is to be done.")


def _what(step: Step) -> str:
    return step.what if not step.clause else f"{step.what}: {step.clause.replace('_', ' ')}"


def replay_rows(found: Replay) -> list[dict[str, Any]]:
    """The answer as rows of plain values: every line of every account."""
    return [
        {"offer": x.offer, **line.model_dump(exclude={"invoices"}), "invoices": " ".join(line.invoices), "currency": x.currency}
        for x in found.contracts
        for line in x.lines
    ]
