"""Worked examples of a clause: its own cases, as statements, run through its own `bill()` and `breach()`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.sheet import Cell, SheetColumn, SheetTable
from optimizer.bill import priced
from optimizer.clauses.base import Clause, LimitsPrice, Restricts, SetsPrice, SplitsAlternatives, bill_purchase
from optimizer.clauses.ending import Ends, in_effect
from optimizer.clauses.event import interrupted
from optimizer.clauses.obligation import elections_by
from optimizer.clauses.rescheduling import rescheduled
from optimizer.clauses.statement import Statement
from optimizer.instance import slack
from optimizer.negotiation.sheet_sample import Sample
from optimizer.wording import Example
from scenarios.tree import Floats

SHOWN = (12, 2)  # periods at either end of a chain that are shown: of a single one, of one among several


def chain(sample: Sample, clause: Clause, example: Example) -> Statement:
    """An example as a statement: one product, signed now, one future. Node 0 is the signing; prices are moved by this clause and no other, what is owed is
    the contract's."""
    periods, setting = example.periods, sample.setting

    def series(values: tuple[float, ...], now: float = 0.0) -> Floats:
        return np.array([now, *(values if len(values) == periods else values * periods)], dtype=float)

    own = sample.contract.offer.start + np.arange(periods)
    years = sample.instance.years[np.minimum(own, len(sample.instance.years) - 1)]
    ending = clause.ending() if isinstance(clause, Ends) else None
    ended = {} if ending is None else {ending: series(example.ended)}
    force = series((1.0,)) * (in_effect(np.arange(-1, periods), ended, periods + 1) == 0)
    volume = series(example.volume)
    schedule = np.zeros((1, periods, periods + 1))
    schedule[0, :, 0] = volume[1:]
    base = np.full((1, periods + 1), _list_price(sample) if isinstance(clause, SplitsAlternatives) else setting.price)
    levels = series(example.levels, 1.0)
    elections = elections_by(clause)
    statement = Statement(
        parent=np.arange(-1, periods),
        period=np.array([-1, *range(periods)]),
        years=years,
        begin=np.concatenate([[0.0], np.cumsum(years)[:-1]]),
        start=0,
        end=periods,
        in_force=force,
        signing=1.0 - series((1.0,)),
        ended=ended,
        signing_node=np.zeros(periods + 1, dtype=np.int64),
        base_price=base,
        price=base,
        volume=volume[None] * force,
        schedule=schedule,
        take=series(example.take)[None],
        deliver=series(example.take)[None, None],
        deliverable=series(example.deliverable, 1.0),
        late_weeks=series(example.weeks),
        capacity=np.full((1, periods + 1), setting.capacity),
        need=series(example.need)[None],
        elsewhere=series(example.elsewhere)[None],
        index={x.id: levels for x in sample.scenario.indices},
        discount_rate=sample.scenario.discount_rate,
        rate=series(example.rates, 1.0),
        spot={x.id: series(example.market)[None] for x in sample.scenario.spot},
        owed_share=setting.owed_share,
        elected={e: series(example.chosen if i == 0 else (0.0,))[None] for i, e in enumerate(elections)},
        failed=series(example.failed),
    )
    return priced(rescheduled(interrupted(statement, (clause,))), (clause,))


@dataclass(frozen=True)
class Worked:
    """One example, what happened in it, and what its clause makes of that."""

    example: Example
    statement: Statement
    bill: dict[str, Floats]
    breach: Floats | None  # None: the clause forbids nothing

    @property
    def first(self) -> int:
        """The first node to show: the signing, where something is paid then."""
        return 0 if any(amount[0] for amount in self.bill.values()) else 1


def examples_of(sample: Sample, clause: Clause) -> SheetTable:
    """The clause's examples as one table; what is the same in all of them and does nothing has no column."""
    worked = [_work(sample, clause, example) for example in clause.examples(sample.setting)]
    ends, periods = SHOWN[len(worked) > 1], max(x.example.periods for x in worked)
    categories = list(dict.fromkeys(category for x in worked for category in x.bill))
    columns = [
        (periods > 1 or any(x.first == 0 for x in worked), SheetColumn(label="Period")),
        (True, SheetColumn(label="Committed", kind="volume")),
        (any(x.example.deliverable != (1.0,) for x in worked), SheetColumn(label="Deliverable", kind="share")),
        (any(x.example.weeks != (0.0,) for x in worked), SheetColumn(label="Weeks late", kind="number")),
        (any(x.example.levels != (1.0,) for x in worked), SheetColumn(label="Index level", kind="number")),
        (any(x.example.rates != (1.0,) for x in worked), SheetColumn(label="Exchange rate", kind="number")),
        (any(x.example.market != (0.0,) for x in worked), SheetColumn(label="Market price", kind="price")),
        (True, SheetColumn(label="Taken", kind="volume")),
        (any(x.example.need != (0.0,) for x in worked), SheetColumn(label="Needed", kind="volume")),
        (any(x.example.elsewhere != (0.0,) for x in worked), SheetColumn(label="Bought elsewhere", kind="volume")),
        (any(x.statement.elected for x in worked), SheetColumn(label="Chosen", kind="volume")),
        (True, SheetColumn(label="Price", kind="price")),
        *((True, SheetColumn(label=label(category), kind="money")) for category in categories),
        (isinstance(clause, Restricts), SheetColumn(label="Allowed")),
        (isinstance(clause, Restricts), SheetColumn(label="Off by", kind="volume")),
    ]
    rows = [(row[0], *(cell for cell, (kept, _) in zip(row[1:], columns, strict=True) if kept)) for x in worked for row in _rows(x, ends)]
    shown = (SheetColumn(label="Case"), *(column for kept, column in columns if kept))
    return SheetTable(title="Examples", columns=shown, rows=tuple(rows), note=_note(sample, clause, periods, ends))


def label(category: str) -> str:
    """A category of the ledger as a label: `volume_discount` becomes "Volume discount"."""
    text = category.replace("_", " ")
    return text[:1].upper() + text[1:]


def _work(sample: Sample, clause: Clause, example: Example) -> Worked:
    """Run an example. A clause that acts through the price alone shows what the purchase comes to."""
    statement = chain(sample, clause, example)
    bill = clause.bill(statement)
    if not bill and isinstance(clause, SetsPrice | LimitsPrice):
        bill = bill_purchase(statement)
    return Worked(example, statement, bill, clause.breach(statement) if isinstance(clause, Restricts) else None)


def _rows(worked: Worked, ends: int) -> Iterator[tuple[Cell, ...]]:
    """One row per period, with every column there may be; the sums where something is paid at signing."""
    example, statement, breach = worked.example, worked.statement, worked.breach
    for n in range(worked.first, example.periods + 1):
        if ends < n <= example.periods - ends:
            continue
        alone = example.shows[0] if n == worked.first else ""
        case = example.shows[n - 1] if len(example.shows) > 1 and n else alone
        volumes: tuple[Cell, ...] = (None,) * 11
        if n:
            level = next((float(levels[n]) for levels in statement.index.values()), None)
            rate = None if statement.rate is None else float(statement.rate[n])
            data = float(statement.deliverable[n]), float(statement.late_weeks[n]), level, rate, next((float(x[0, n]) for x in statement.spot.values()), None)
            chosen = next((float(x[0, n]) for x in statement.elected.values()), None)
            volumes = (
                float(statement.volume[0, n]),
                *data,
                float(statement.take[0, n]),
                float(statement.need[0, n]),
                float(statement.elsewhere[0, n]),
                chosen,
                float(statement.price[0, n]),
            )
        off = 0.0 if breach is None or breach[n] <= slack(float(statement.volume[0, n])) else float(breach[n])
        yield (case, str(n) if n else "at signing", *volumes, *(float(x[n]) + 0.0 for x in worked.bill.values()), "no" if off else "yes", off)
    if worked.first == 0:
        yield ("Sum", "", *(None,) * 11, *(float(x.sum()) + 0.0 for x in worked.bill.values()), None, None)


def _list_price(sample: Sample) -> float:
    """Price of the first product before tiers."""
    own = sample.alternative.id.rsplit("/tier-", 1)[0]
    return float(next(a.price[0] for a in sample.contract.offer.alternatives if a.id in (sample.alternative.id, own)))


def _note(sample: Sample, clause: Clause, periods: int, ends: int) -> str:
    """What the cases have in common."""
    product = f" for {sample.products[0]}" if len(sample.products) > 1 else ""
    price = "list" if isinstance(clause, SplitsAlternatives) else "base"
    note = f"Volumes in {sample.setting.unit}, money in {sample.currency}. Each case applies this clause alone{product}, at the {price} price."
    note += " Period 1 is the first of the example." if periods > 1 else ""
    return note + (" Periods in the middle are left out, but are in the sums." if periods > 2 * ends else "")
