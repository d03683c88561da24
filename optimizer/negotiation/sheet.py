"""The contract sheet of a package: what was optimised and is billed, in words that two parties could sign.

Every clause words itself and names its cases (`optimizer.clauses.base`); prices and volume ranges are the kernel's own, after tiers; amounts come from
`bill()` and `breach()`. So the sheet can't say anything else than what the plan was made with.
"""

from __future__ import annotations

from models.negotiation import Package
from models.offer import Alternative, FreeProfile, Offer, ShapedProfile
from models.scenario import Scenario
from models.sheet import Cell, ContractSheet, SheetColumn, SheetFact, SheetSection, SheetTable
from optimizer.instance import shape_of, slack
from optimizer.negotiation.sheet_examples import examples_of, label
from optimizer.negotiation.sheet_invoice import invoice_of
from optimizer.negotiation.sheet_sample import Sample, sample_of
from optimizer.wording import number, percent

SHARES = (1.0, 0.6)  # of the committed volume, taken in the sample invoices


def contract_sheet(scenario: Scenario, package: Package) -> ContractSheet:
    """The package as a contract in plain English. Raises InvalidScenario with the path of what can't be."""
    sample = sample_of(scenario, package)
    offer = sample.scenario.offers[0]
    sections = [
        SheetSection(number=i, clause=x.terms.kind, heading=label(x.terms.kind), wording=x.wording(sample.setting), examples=examples_of(sample, x))
        for i, x in enumerate(sample.clauses, start=1)
    ]
    return ContractSheet(
        format="offtake-sheet/1",
        scenario=scenario.name,
        package=package,
        offer=offer.id,
        title=offer.name or offer.id,
        currency=sample.currency,
        facts=tuple(SheetFact(label=name, text=text) for name, text in _facts(sample, offer)),
        tables=tuple(table for table in (_prices(sample), _by_period(sample), _sites(sample)) if table is not None),
        definitions=_definitions(sample),
        sections=tuple(sections),
        invoices=tuple(invoice_of(sample, share) for share in SHARES),
    )


def _facts(sample: Sample, offer: Offer) -> list[tuple[str, str]]:
    """The head, line by line."""
    scenario, periods = sample.scenario, sample.periods
    supplier = next((x.name or x.id for x in scenario.suppliers if x.id == offer.supplier), offer.supplier)
    products = [scenario.products[p] for p in sample.contract.offer.products]
    years = sum(scenario.period_years[sample.contract.offer.start : sample.contract.offer.end])
    window = periods[0] if len(periods) == 1 else f"{periods[0]} to {periods[-1]}"
    count = f"{len(periods)} period{'s' if len(periods) > 1 else ''}, {number(years)} year{'s' if years != 1 else ''}"
    chosen = ", ".join(a.id for a in offer.alternatives)
    once = f"{sample.setting.money(offer.signing_cost)}, paid by the Buyer once, at signing" if offer.signing_cost else "none"
    return [
        ("Supplier", supplier),
        ("Buyer", "the Buyer"),
        ("Products", "; ".join(f"{x.name or x.id}, in {x.unit}" for x in products)),
        ("Window", f"{window} ({count})"),
        ("Signed", "at once" if offer.sign == "now" else f"in {offer.sign}, if the Buyer then chooses to; until then the Supplier holds the offer open"),
        ("Alternative", chosen if len(offer.alternatives) == 1 else f"one of {chosen}, chosen by the Buyer at signing"),
        ("Committed volume", _commitments(offer)),
        ("Currency", f"{sample.currency}, for all money in this contract"),
        ("Signing cost", once),
    ]


def _commitments(offer: Offer) -> str:
    """How the volume is committed: one sentence where it is the same for all alternatives."""
    found = {a.id: _commitment(a) for a in offer.alternatives}
    if len(set(found.values())) == 1:
        return f"The {found[offer.alternatives[0].id]}."
    return " ".join(f"Under {name} the {text}." for name, text in found.items())


def _commitment(alternative: Alternative) -> str:
    """How an alternative's volume is committed."""
    ranges = alternative.volume_per_period if isinstance(alternative.volume_per_period, tuple) else (alternative.volume_per_period,)
    fixed = all(r.min == r.max for r in ranges)
    how = "volume of the price table is committed" if fixed else "Buyer chooses the committed volume at signing, within the limits of the price table"
    profile = alternative.profile
    if isinstance(profile, ShapedProfile):
        return f"{how}; each period has its share of it, as the table by period says"
    if isinstance(profile, FreeProfile):
        ramp = (
            "" if profile.ramp is None else f", and may change from one period to the next by at most {percent(profile.ramp)} of the most that can be committed"
        )
        return f"{how}; it is set for each period by itself{ramp}"
    return f"{how}; it is the same in every period"


def _prices(sample: Sample) -> SheetTable:
    """Base prices and ranges of committed volume, as the kernel has them: after tiers."""
    contract, rows = sample.contract, list[tuple[Cell, ...]]()
    lists = {a.id: a.price for a in contract.offer.alternatives}
    below = False
    for a in contract.alternatives:
        name, _, tier = a.id.rpartition("/tier-")
        listed = lists.get(a.id, lists.get(name))
        for p in range(len(contract.offer.products)):
            end = _threshold(float(a.high[p]), [float(x.low[p]) for x in contract.alternatives])
            below = below or end > a.high[p]
            shown = f"{name}, tier {tier}" if name and listed is not None and a.id not in lists else a.id
            rows.append((shown, *sample.of(p), float(a.low[p]), end, None if listed is None else float(listed[p]), float(a.price[p])))
    columns = (
        SheetColumn(label="Alternative"),
        *sample.product_column,
        SheetColumn(label="Committed per period, at least", kind="volume"),
        SheetColumn(label="at most", kind="volume"),
        SheetColumn(label="List price", kind="price"),
        SheetColumn(label="Base price per unit", kind="price"),
    )
    note = f"{sample.measure} The base price is the list price after tiers." + (
        " A volume that is the end of one tier and the start of the next is in the next." if below else ""
    )
    return SheetTable(title="Prices and volumes", columns=columns, rows=tuple(rows), note=note)


def _threshold(end: float, starts: list[float]) -> float:
    """The end of a range as the contract says it: the kernel ends a tier a few tolerances before the next one starts."""
    return next((start for start in starts if 0.0 < start - end <= 3.0 * slack(start)), end)


def _by_period(sample: Sample) -> SheetTable | None:
    """Committed volume by period, where a shape makes periods differ."""
    rows: list[tuple[Cell, ...]] = []
    window = len(sample.periods)
    for a in sample.contract.offer.alternatives:
        shape = shape_of(a.profile, window)
        for p in range(len(sample.contract.offer.products)) if isinstance(a.profile, ShapedProfile) else ():
            for period, share in zip(sample.periods, shape.tolist(), strict=True):
                rows.append((a.id, *sample.of(p), period, share, share * float(a.low[p]), share * float(a.high[p])))
    columns = (
        SheetColumn(label="Alternative"),
        *sample.product_column,
        SheetColumn(label="Period"),
        SheetColumn(label="Share", kind="share"),
        SheetColumn(label="at least", kind="volume"),
        SheetColumn(label="at most", kind="volume"),
    )
    unit = f"Volumes in {sample.units[0]}. " if len(sample.products) == 1 else ""
    note = f"{unit}The share is of the volume that is chosen within the limits of the price table."
    return SheetTable(title="Committed volume by period", columns=columns, rows=tuple(rows), note=note) if rows else None


def _sites(sample: Sample) -> SheetTable:
    """Where can be delivered to, at what cost."""
    offer = sample.contract.offer
    rows: list[tuple[Cell, ...]] = []
    for s in offer.sites:
        site = sample.scenario.sites[s]
        for p in range(len(offer.products)):
            rows.append((site.name or site.id, *sample.of(p), float(offer.delivery[p, s])))
    columns = (
        SheetColumn(label="Site"),
        *sample.product_column,
        SheetColumn(label="Delivery cost per unit", kind="price"),
    )
    note = f"{sample.measure} Paid by the Buyer for every unit brought to the site, on top of the contract price. The Buyer says how much goes to which site."
    return SheetTable(title="Delivery sites", columns=columns, rows=tuple(rows), note=note)


def _definitions(sample: Sample) -> tuple[str, ...]:
    """Words that the clauses use."""
    setting, site = sample.setting, sample.scenario.sites[sample.contract.offer.sites[0]]
    return (
        "Committed volume: what is committed at signing for a period, for each product by itself.",
        "Deliverable committed volume: the committed volume times the share of it that the Supplier can deliver in the period. What can't be delivered is "
        "neither owed nor paid, unless a clause says so.",
        "Base price: the list price after tiers, if the contract has any. Contract price: the base price as moved, in the period, by the clause on the price.",
        "Taken: called off by the Buyer in the period. It is charged in that period, whenever it arrives.",
        "Amounts are computed from volumes and prices that are not rounded; this sheet shows money to two decimals, volumes to at most four. Amounts with a "
        "minus sign are credited to the Buyer. Only what this sheet says is charged; nothing bears interest.",
        f"Examples are of alternative {sample.alternative.id.partition('/tier-')[0]} and commit {setting.units(setting.volume)} a period unless they say "
        "otherwise. They illustrate the clauses and do not add to them.",
        "Sample invoices assume that all of the committed volume can be delivered and is on time, that everything taken goes to "
        f"{site.name or site.id}, and that indices stand at their base levels.",
    )
