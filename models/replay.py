"""What a contract file comes to: what is owed and what was invoiced, which rights lapse when, what is to be decided by when, and what to do next.

Money is in each contract's own currency, nominal; of what is still to come it is in the scenario's currency, present value at signing, penalties included.
"""

from __future__ import annotations

from typing import Literal

from models.base import Document

Verdict = Literal["matches", "differs", "not invoiced", "not in the contract"]


class OwedLine(Document):
    """What the contract says is to be paid in one period, beside what was invoiced."""

    period: str
    """`now`: at signing."""
    clause: str
    """The clause's kind, `signing` or `delivery`; several where several charge one category; empty for a whole invoice or an unknown category."""
    category: str
    """`total`: of all categories, where invoices give no lines."""
    owed: float
    invoiced: float | None
    """None: no invoice for the period."""
    difference: float | None
    """Invoiced minus owed."""
    verdict: Verdict
    invoices: tuple[str, ...]


class Mismatch(Document):
    """An invoice that does not match the contract."""

    invoices: tuple[str, ...]
    """For one period and category, together."""
    period: str
    category: str
    owed: float
    invoiced: float
    difference: float
    formula: str
    """The clause in a sentence, and the numbers that go into it."""
    cause: str
    """What would explain the amount; empty where nothing was found."""
    sentence: str


class Holding(Document):
    """What stands to the buyer's credit under a clause at the end of `today`."""

    clause: str
    what: str
    product: str
    """Empty: money, or all products together."""
    since: str
    """Period in which it came in; empty where that does not matter."""
    until: str
    """Last period in which it can be used."""
    amount: float
    unit: str
    worth: float | None
    """In money at today's price; none = it depends on what the buyer does."""
    sentence: str


class Option(Document):
    """A decision that is the buyer's: whether the contract ends, or goes on."""

    clause: str
    first: str
    """First period in which it can be taken."""
    last: str
    """The last; by its end it must have been said."""
    over: str
    """First period without the contract, if it is taken in `first`; empty where that lies beyond the window."""
    cost: float
    """To be paid if it is taken in `first`, by the volumes committed."""
    probability: float | None
    """That the best plan takes it, from today; none = not looked at."""
    worth: float | None
    """By how much all that is to come would be dearer without this decision, in the scenario's currency; none = not looked at."""
    sentence: str


class Minimum(Document):
    """Least volume of the next period that the contract asks for."""

    product: str
    period: str
    owed: float
    """Below it, volume is paid for without being taken."""
    least: float
    """Below it, the contract is broken."""
    unit: str
    sentence: str


class ContractReplay(Document):
    """One contract."""

    offer: str
    supplier: str
    alternative: str
    currency: str
    owed: float
    """So far, signing included."""
    invoiced: float
    lines: tuple[OwedLine, ...]
    mismatches: tuple[Mismatch, ...]
    holdings: tuple[Holding, ...]
    options: tuple[Option, ...]
    minima: tuple[Minimum, ...]
    breaches: tuple[str, ...]
    """What happened that a clause forbids."""


class Step(Document):
    """What to do in the next period, over the futures that are possible then."""

    what: Literal["take", "choose", "sign", "give notice"]
    offer: str
    clause: str
    """Empty for takes and signings."""
    product: str
    """Empty for notices and signings."""
    period: str
    unit: str
    """Empty: a probability."""
    best: float
    """Mean."""
    lowest: float
    highest: float
    planned: float | None
    """Mean as planned at signing; none = not planned."""


class Onward(Document):
    """What is still to come, planned anew from where things stand."""

    best: float
    """Mean cost of what is to come under the best plan from today."""
    objective: float
    """The risk-adjusted cost of all of it, the past included."""
    planned: float | None
    """The same if takes and decisions go on as they were planned at signing; none = that is no longer possible, or there was no time."""
    gain: float | None
    """Of the objective: as planned minus best, never negative."""
    gap: float
    """Largest relative gap of the searches."""
    steps: tuple[Step, ...]
    sentences: tuple[str, ...]


class Replay(Document):
    """What a contract file comes to."""

    format: Literal["offtake-replay/1"] = "offtake-replay/1"
    scenario: str
    currency: str
    today: str | None
    next: str | None
    """The period that is decided on now; none = the horizon is over."""
    sentences: tuple[str, ...]
    """What matters most."""
    contracts: tuple[ContractReplay, ...]
    onward: Onward | None
    """None: not asked for, or there is nothing to come, or no time (`notes` say so)."""
    notes: tuple[str, ...]
    solves: int
    seconds: float
