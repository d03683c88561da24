"""What must be true of a contract file beside its scenario. Every check adds findings; none stops the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from models.checker import Checker, listed
from models.contract import AT_SIGNING, ContractFile, SignedContract
from models.errors import Finding

if TYPE_CHECKING:
    from models.offer import Offer
    from models.scenario import Scenario

SAME = 1e-6  # of an invoice's total: what rounding its lines may make


def contract_findings(scenario: Scenario, file: ContractFile) -> list[Finding]:
    """Everything wrong with `file` beside `scenario`."""
    check = Checker(scenario)
    for what, ids in (
        ("period", scenario.period_ids), ("site", [x.id for x in scenario.sites]), ("product", [x.id for x in scenario.products]),
        ("supplier", [x.id for x in scenario.suppliers]), ("spot market", [x.id for x in scenario.spot]), ("index", [x.id for x in scenario.indices]),
        ("currency", [x.id for x in scenario.currencies]), ("offer", [x.id for x in scenario.offers]),
    ):  # fmt: skip
        check.ids[what] = set(ids)
    if not check.refer("today", "period", file.today):
        return check.found
    past = _Past(check, file)
    offers = {x.id: x for x in scenario.offers}
    seen: set[object] = set()
    for i, contract in enumerate(file.contracts):
        path = f"contracts[{i}]"
        check.unique(f"{path}.offer", contract.offer, seen, f"offer '{contract.offer}'")
        if check.refer(f"{path}.offer", "offer", contract.offer):
            _contract(check, past, path, contract, offers[contract.offer])
    _observed(check, past, file)
    _sites(check, past, file)
    return check.found


class _Past:
    """The periods that are over."""

    def __init__(self, check: Checker, file: ContractFile) -> None:
        self.check, self.order = check, {name: t for t, name in enumerate(check.periods)}
        self.today, self.length = file.today, 0 if file.today is None else self.order[file.today] + 1
        self.until = f"`today` is {file.today}" if file.today else "`today` is not given, so that nothing has happened yet"

    def holds(self, path: str, period: str) -> bool:
        """Whether a period is known and over; reports it where not."""
        if not self.check.refer(path, "period", period):
            return False
        if self.order[period] < self.length:
            return True
        self.check.say(path, f"{period} is not over ({self.until}); move `today`, or leave the row out")
        return False

    def series(self, path: str, values: Iterable[float]) -> None:
        """One value for each period that is over."""
        count = len(tuple(values))
        if count != self.length:
            self.check.say(path, f"has {count} values, but {self.length} periods are over ({self.until}); give one value for each")


def _contract(check: Checker, past: _Past, path: str, contract: SignedContract, offer: Offer) -> None:
    start = past.order[offer.window.start]
    window = check.periods[start : start + offer.window.periods]
    if offer.sign != AT_SIGNING and past.order[offer.sign] >= past.length:
        check.say(f"{path}.offer", f"'{offer.id}' can be signed in {offer.sign}, which is not over ({past.until}); leave the contract out")
    own = {x.id for x in offer.alternatives}
    if contract.alternative.rsplit("/tier-", 1)[0] not in own:
        check.say(f"{path}.alternative", f"offer '{offer.id}' has no alternative '{contract.alternative}'; it has {listed(sorted(own))}")
    _committed(check, path, contract, offer, window)
    _takes(check, past, path, contract, offer, window)
    kinds = {x.kind for x in offer.clauses}
    for name, rows in (("chosen", contract.chosen), ("notices", contract.notices)):
        for k, row in enumerate(rows):
            if not any(row.clause == kind or (name == "chosen" and row.clause.startswith(f"{kind}_")) for kind in kinds):  # type: ignore[attr-defined]
                told = f"offer '{offer.id}' has no clause '{row.clause}'; it has {listed(sorted(kinds)) or 'none'}"  # type: ignore[attr-defined]
                check.say(f"{path}.{name}[{k}].clause", told)
            past.holds(f"{path}.{name}[{k}].period", row.period)  # type: ignore[attr-defined]
    seen: set[object] = set()
    for k, chosen in enumerate(contract.chosen):
        _product(check, f"{path}.chosen[{k}].product", chosen.product, offer)
        check.unique(
            f"{path}.chosen[{k}]", (chosen.clause, chosen.product, chosen.period), seen, f"'{chosen.product}' under {chosen.clause} in {chosen.period}"
        )
    for k, notice in enumerate(contract.notices):
        check.unique(f"{path}.notices[{k}]", (notice.clause, notice.period), seen, f"{notice.clause} in {notice.period}")
    _invoices(check, past, path, contract)


def _product(check: Checker, path: str, product: str, offer: Offer) -> bool:
    if check.refer(path, "product", product) and product not in offer.products:
        check.say(path, f"offer '{offer.id}' does not deliver '{product}'; it delivers {listed(offer.products)}")
        return False
    return product in offer.products


def _committed(check: Checker, path: str, contract: SignedContract, offer: Offer, window: tuple[str, ...]) -> None:
    """Every product has one committed volume for every period of the window."""
    given: dict[tuple[str, str], int] = {}
    for k, row in enumerate(contract.volumes):
        where = f"{path}.volumes[{k}]"
        if not _product(check, f"{where}.product", row.product, offer):
            continue
        if row.period is not None and (not check.refer(f"{where}.period", "period", row.period) or row.period not in window):
            if row.period in check.periods:
                check.say(f"{where}.period", f"{row.period} lies outside the window of offer '{offer.id}' ({window[0]} to {window[-1]})")
            continue
        for period in window if row.period is None else (row.period,):
            if (row.product, period) in given:
                check.say(where, f"a second committed volume of '{row.product}' for {period}, after volumes[{given[row.product, period]}]; keep one")
                break
            given[row.product, period] = k
    missing = [f"{product} in {period}" for product in offer.products for period in window if (product, period) not in given]
    if missing:
        check.say(f"{path}.volumes", f"says nothing of {listed(missing)}; give what was committed, 0 if nothing")


def _takes(check: Checker, past: _Past, path: str, contract: SignedContract, offer: Offer, window: tuple[str, ...]) -> None:
    """Every product has a take in every period of the window that is over, unless the contract had been ended by then."""
    sites = offer.sites if offer.sites is not None else tuple(x.id for x in check.scenario.sites)
    seen: set[object] = set()
    there: set[tuple[str, str]] = set()
    for k, row in enumerate(contract.takes):
        where = f"{path}.takes[{k}]"
        _product(check, f"{where}.product", row.product, offer)
        if past.holds(f"{where}.period", row.period) and row.period not in window:
            check.say(f"{where}.period", f"{row.period} lies outside the window of offer '{offer.id}' ({window[0]} to {window[-1]})")
        if row.site is None and len(sites) > 1:
            check.say(f"{where}.site", f"offer '{offer.id}' delivers to {listed(sites)}; say to which of them")
        elif row.site is not None and check.refer(f"{where}.site", "site", row.site) and row.site not in sites:
            check.say(f"{where}.site", f"offer '{offer.id}' does not deliver to '{row.site}'; it delivers to {listed(sites)}")
        check.unique(where, (row.product, row.period, row.site), seen, f"'{row.product}' in {row.period}")
        there.add((row.product, row.period))
    ends = any(x.ends for x in contract.notices)
    missing = [f"{product} in {t}" for product in offer.products for t in window if past.order[t] < past.length and (product, t) not in there]
    if missing and not ends:
        check.say(f"{path}.takes", f"says nothing of {listed(missing)}, which is over ({past.until}); give what was taken, 0 if nothing")


def _invoices(check: Checker, past: _Past, path: str, contract: SignedContract) -> None:
    first: dict[str, int] = {}
    for k, invoice in enumerate(contract.invoices):
        where = f"{path}.invoices[{k}]"
        if invoice.id in first:
            check.say(f"{where}.id", f"invoice '{invoice.id}' is there already, as invoices[{first[invoice.id]}]; keep one, or give it an id of its own")
        first.setdefault(invoice.id, k)
        if invoice.period != AT_SIGNING:
            past.holds(f"{where}.period", invoice.period)
        lines = sum(x.amount for x in invoice.lines)
        if invoice.lines and invoice.total is not None and abs(lines - invoice.total) > max(0.01 * len(invoice.lines), SAME * abs(lines)):
            check.say(f"{where}.total", f"is {invoice.total:,.2f}, but the lines add up to {lines:,.2f}; correct either, or leave out `total`")


def _observed(check: Checker, past: _Past, file: ContractFile) -> None:
    seen = file.observed
    for what, table in (("index", seen.index), ("currency", seen.fx)):
        field = "index" if what == "index" else "fx"
        for name, values in table.items():
            check.refer(f"observed.{field}.{name}", what, name)
            past.series(f"observed.{field}.{name}", values)
    for field, column in (("deliverability", "share"), ("lateness", "weeks")):
        for k, row in enumerate(getattr(seen, field)):
            where = f"observed.{field}[{k}]"
            if (row.offer is None) == (row.supplier is None):
                check.say(where, "give `offer` or `supplier`")
            check.refer(f"{where}.offer", "offer", row.offer)
            check.refer(f"{where}.supplier", "supplier", row.supplier)
            past.series(f"{where}.{column}", getattr(row, column))
    for k, demand in enumerate(seen.demand):
        check.refer(f"observed.demand[{k}].site", "site", demand.site)
        check.refer(f"observed.demand[{k}].product", "product", demand.product)
        past.series(f"observed.demand[{k}].volume", demand.volume)
    for field, column in (("spot_price", "price"), ("spot_available", "available"), ("spot_lead", "lead_periods")):
        for k, row in enumerate(getattr(seen, field)):
            check.refer(f"observed.{field}[{k}].spot", "spot market", row.spot)
            past.series(f"observed.{field}[{k}].{column}", getattr(row, column))


def _sites(check: Checker, past: _Past, file: ContractFile) -> None:
    seen: set[object] = set()
    stores = {(x.site, x.product) for x in check.scenario.storage}
    for k, row in enumerate(file.sites):
        check.refer(f"sites[{k}].site", "site", row.site)
        check.refer(f"sites[{k}].product", "product", row.product)
        check.unique(f"sites[{k}]", (row.site, row.product), seen, f"'{row.product}' at '{row.site}'")
        if row.stock and (row.site, row.product) not in stores:
            check.say(f"sites[{k}].stock", f"the scenario has no storage for '{row.product}' at '{row.site}'; add it to `storage`, or leave out `stock`")
        if not past.length:
            check.say(f"sites[{k}]", "nothing has happened yet; what there is in the beginning is the scenario's `storage.initial`")
    for k, order in enumerate(file.orders):
        check.refer(f"orders[{k}].spot", "spot market", order.spot)
        past.holds(f"orders[{k}].period", order.period)
        check.unique(f"orders[{k}]", (order.spot, order.period), seen, f"'{order.spot}' in {order.period}")
    steps = {(x.id, step.id) for x in check.scenario.suppliers for step in x.capacity_steps}
    for k, opened in enumerate(file.opened):
        if check.refer(f"opened[{k}].supplier", "supplier", opened.supplier) and (opened.supplier, opened.step) not in steps:
            check.say(f"opened[{k}].step", f"supplier '{opened.supplier}' has no capacity step '{opened.step}'")
        if opened.period is not None:
            past.holds(f"opened[{k}].period", opened.period)
