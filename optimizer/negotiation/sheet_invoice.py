"""Sample invoices of a whole contract: every clause's bill, and what the offer itself costs, period by period."""

from __future__ import annotations

from models.sheet import Cell, SheetColumn, SheetInvoice, SheetTable
from optimizer.ledger import DELIVERY, SIGNING
from optimizer.negotiation.sheet_examples import label
from optimizer.negotiation.sheet_sample import Sample
from optimizer.wording import number, percent
from scenarios.tree import Floats


def invoice_of(sample: Sample, share: float) -> SheetInvoice:
    """What is billed if `share` of the committed volume is taken in every period."""
    lines, total = _lines(sample, share)
    name = "Committed volume taken in full" if share == 1.0 else f"{percent(share)} of the committed volume taken"
    return SheetInvoice(
        title=name, share_taken=share, volumes=_volumes(sample, share), lines=lines, total=total, not_allowed=tuple(_not_allowed(sample, share))
    )


def billed(sample: Sample, share: float) -> list[tuple[str, str, Floats]]:
    """Every line of the contract's bill, in the offer's currency: the clause's kind (or `signing`, `delivery`), category, amount by node."""
    offer, statement = sample.contract.offer, sample.statement(share)
    rows = [(clause.terms.kind, category, amount) for clause in sample.clauses for category, amount in clause.bill(statement).items()]
    brought = (offer.delivery[:, offer.sites[0]][:, None] * statement.take).sum(axis=0)
    return [*rows, ("signing", SIGNING, statement.signing * offer.signing_cost), ("delivery", DELIVERY, brought)]


def _lines(sample: Sample, share: float) -> tuple[SheetTable, float]:
    """The invoice, with a sum per period and one of everything."""
    numbered = {clause.terms.kind: i for i, clause in enumerate(sample.clauses, start=1)}
    site = sample.scenario.sites[sample.contract.offer.sites[0]]
    rows: list[tuple[Cell, ...]] = []
    found, total = billed(sample, share), 0.0
    for n in sorted({*sample.contract.nodes, *sample.contract.signing_nodes}):
        amounts = [(kind, category, float(amount[n])) for kind, category, amount in found if amount[n]]
        if not amounts and n not in sample.contract.nodes:
            continue
        when = "at signing" if n == 0 else sample.scenario.period_ids[sample.instance.tree.period[n]]
        for kind, category, amount in amounts:
            own = "Signing cost" if category == SIGNING else f"Delivery to {site.name or site.id}"
            rows.append((when, f"{label(category)} (clause {numbered[kind]})" if kind in numbered else own, amount))
        subtotal = sum(amount for *_, amount in amounts)
        total += subtotal
        rows.append(("Sum", when, subtotal))
    rows.append(("All", "Total", total))
    columns = (SheetColumn(label="Period"), SheetColumn(label="Line"), SheetColumn(label="Amount", kind="money"))
    return SheetTable(title="Invoice", columns=columns, rows=tuple(rows), note=f"Money in {sample.currency}."), total


def _volumes(sample: Sample, share: float) -> SheetTable:
    """Committed and taken volumes, and the price as billed."""
    offer, statement = sample.contract.offer, sample.statement(share)
    rows: list[tuple[Cell, ...]] = []
    for n in sample.contract.nodes:
        for p in range(len(offer.products)):
            volumes = float(statement.volume[p, n]), float(statement.take[p, n]), float(statement.price[p, n])
            rows.append((sample.scenario.period_ids[sample.instance.tree.period[n]], *sample.of(p), *volumes))
    columns = (
        SheetColumn(label="Period"),
        *sample.product_column,
        SheetColumn(label="Committed", kind="volume"),
        SheetColumn(label="Taken", kind="volume"),
        SheetColumn(label="Price", kind="price"),
    )
    return SheetTable(title="Volumes and prices", columns=columns, rows=tuple(rows), note=sample.measure)


def _not_allowed(sample: Sample, share: float) -> list[str]:
    """Sentences about clauses that forbid these volumes."""
    found = []
    for i, breach in sample.excess(sample.statement(share)):
        n = int(breach.argmax())
        period = sample.scenario.period_ids[max(int(sample.instance.tree.period[n]), 0)]
        heading = label(sample.clauses[i].terms.kind)
        found.append(f"Clause {i + 1} ({heading}) does not allow these volumes: they are off by {number(float(breach[n]))} {sample.setting.unit} in {period}.")
    return found
