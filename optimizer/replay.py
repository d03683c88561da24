"""A contract file read back: what is owed, what was invoiced, what lapses when, what to decide by when, and what to do next.

file       `models.contract`      what was signed and what has happened
past       `replay_past`          the same in the arrays that bills read
bills      `replay_bills`         owed beside invoiced, by the clauses' own bills
rights     `replay_rights`        banks, options and their deadlines, minima
onward     `replay_onward`        the rest of the horizon, the past held
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from models.contract import ContractFile
from models.options import SolveSettings
from models.replay import ContractReplay, Onward, Option, Replay
from models.scenario import Scenario
from optimizer.explain import money
from optimizer.instance import build_instance
from optimizer.replay_bills import Account, account_of, compared, currency_of
from optimizer.replay_onward import Ahead, NoWayOn, OutOfTime, Searches, look_ahead
from optimizer.replay_past import length_of, resolve, seen_tree
from optimizer.replay_rights import breaches_of, holdings_of, minima_of, options_of
from optimizer.wording import percent, price
from scenarios.tree import average, build_tree

Tell = Callable[[str], None]


def replay_contracts(
    scenario: Scenario,
    file: ContractFile,
    settings: SolveSettings | None = None,
    *,
    onward: bool = True,
    tell: Tell = lambda _: None,
    stop: threading.Event | None = None,
) -> Replay:
    """Replay `file`, which was checked beside its scenario (`models.contract_checks`); `onward`: also plan what is to come.

    What is to come is left out, with a note, where there is no time for it or no plan keeps all hard rules.
    Raises InvalidScenario, Cancelled, AuditMismatch.
    """
    began = time.monotonic()
    settings = settings or scenario.solve
    tell("bills")
    tree = build_tree(scenario)
    seen = seen_tree(scenario, file, tree)
    past = resolve(file, build_instance(scenario, average(seen.tree)))
    accounts = [account_of(past, one) for one in past.signed]
    options = [options_of(account) for account in accounts]
    contracts = [_contract(account, [x for _, x in found]) for account, found in zip(accounts, options, strict=True)]
    searches = Searches(settings, lambda: settings.time_limit_seconds - (time.monotonic() - began), stop)
    notes: list[str] = []
    ahead: Ahead | None = None
    if onward and past.past < len(scenario.period_ids):
        places = [(account.one.contract.offer.index, w) for account, found in zip(accounts, options, strict=True) for w, _ in found]
        broken = any(x.breaches for x in contracts)
        try:
            ahead = look_ahead(scenario, file, tree, seen, searches, places, broken, tell)
        except OutOfTime:
            notes.append("What is to come is left out, because there was no time for it.")
        except NoWayOn:
            notes.append(_no_way_on(broken))
    if ahead is not None:
        for k, (account, found) in enumerate(zip(accounts, options, strict=True)):
            told = tuple(_valued(option, ahead, (account.one.contract.offer.index, w), scenario.currency) for w, option in found)
            contracts[k] = contracts[k].model_copy(update={"options": told})
    length = length_of(scenario, file)
    return Replay(
        scenario=scenario.name,
        currency=scenario.currency,
        today=file.today,
        next=scenario.period_ids[length] if length < len(scenario.period_ids) else None,
        sentences=tuple(_sentences(contracts, ahead.onward if ahead else None)),
        contracts=tuple(contracts),
        onward=ahead.onward if ahead else None,
        notes=tuple(notes),
        solves=searches.solves,
        seconds=round(time.monotonic() - began, 6),
    )


def _contract(account: Account, options: list[Option]) -> ContractReplay:
    lines, mismatches = compared(account)
    one, scenario = account.one, account.past.instance.scenario
    return ContractReplay(
        offer=one.contract.offer.id,
        supplier=scenario.suppliers[one.contract.offer.supplier].id,
        alternative=one.contract.alternatives[one.j].id,
        currency=currency_of(account),
        owed=sum(x.owed for x in lines),
        invoiced=sum(x.amount for x in one.document.invoices),
        lines=tuple(lines),
        mismatches=tuple(mismatches),
        holdings=tuple(holdings_of(account)),
        options=tuple(options),
        minima=tuple(minima_of(account)),
        breaches=tuple(breaches_of(account)),
    )


def _valued(option: Option, ahead: Ahead, place: tuple[int, int], currency: str) -> Option:
    """An open decision with how often the best plan takes it, and what it is worth."""
    chance, worth = ahead.options[place]
    what = "lets it end" if option.clause == "extension" else "ends it"
    odds = "" if chance > 1 - 1e-9 else f" with probability {percent(round(chance, 6))}"
    said = f"{option.sentence} The best plan {f'never {what}' if chance < 1e-9 else f'{what}{odds}'}"
    said += (
        "."
        if worth is None
        else f"; without that decision the rest would cost {money(worth, currency)} more."
        if worth
        else ", and would lose nothing without the decision."
    )
    return option.model_copy(update={"probability": chance, "worth": worth, "sentence": said})


def _no_way_on(broken: bool) -> str:
    why = "what happened breaks a contract (see its breaches), and the model can't go on from there" if broken else (
        "from where things stand no plan keeps all hard rules; loosen one, or give it a `violation_price`"
    )  # fmt: skip
    return f"What is to come is left out: {why}."


def _sentences(contracts: list[ContractReplay], onward: Onward | None) -> list[str]:
    """What matters most, over all contracts."""
    found: list[str] = []
    for x in contracts:
        wrong = [m for m in x.mismatches if m.difference > 0]
        if x.mismatches:
            much, little = sum(m.difference for m in wrong), -sum(m.difference for m in x.mismatches if m.difference < 0)
            parts = [f"{x.currency} {price(round(much, 2))} too much"] * bool(much) + [f"{x.currency} {price(round(little, 2))} too little"] * bool(little)
            invoices = len({name for m in x.mismatches for name in m.invoices})
            found.append(f"'{x.offer}': {invoices} invoice{'s do' if invoices > 1 else ' does'} not match the contract ({' and '.join(parts)}).")
        found += [f"'{x.offer}': {y.sentence}" for y in x.holdings if y.worth and y.since][:1]
        found += [f"'{x.offer}': {y.sentence}" for y in x.options][:1]
        found += [f"'{x.offer}': {y}" for y in x.breaches][:1]
    return found + list(onward.sentences[-1:] if onward else ())
