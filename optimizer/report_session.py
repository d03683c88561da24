"""A session of negotiation as sentences and tables: who did what, what it was worth to us, and why we did what we did."""

from __future__ import annotations

from typing import Any

from models.negotiation import Package
from models.session import Accept, Advice, DealElsewhere, Event, LeaveTable, MarketNote, OurOffer, Pick, Record, Refusal, Round, Session, TheirOffer
from optimizer.report_ledger_charts import span, terms_text
from optimizer.report_tables import Column, Table

Parts = tuple[str, tuple[str, ...], tuple[Table, ...]]


def session_parts(session: Session) -> Parts:
    """Heading, sentences and tables of a session."""
    offers = ", ".join(talk.menu.offer for talk in session.settings.talks)
    heading = f"Negotiation of {offers}"
    if not session.events:
        return heading, ("Nothing was said yet: ask for our next move, or take down theirs.",), ()
    last = session.events[-1]
    said = tuple(x.sentence for x in (last.found.reasons if isinstance(last.found, Round) else last.found.said))
    columns = (Column(""), Column("Who"), Column("What"), Column(f"We gain, {session.currency}", "range"))
    rows = [(f"{i}.", _who(x.event), _what(x.event), _gain(x)) for i, x in enumerate(session.events, 1)]
    course = Table("What was said", columns, rows, "Prices are headline prices, in the offer's currency; gains are over no deal as it was then.")
    if not isinstance(last.found, Round) or not last.found.puts:
        return heading, (f"{_who(last.event)}: {_what(last.event)}.", *said), (course,)
    puts = [(terms_text(x.package.terms), x.package.price, span(x.gain), x.walk_away, x.chance) for x in last.found.puts]
    heads = (
        Column("Terms"), Column("Price", "money"), Column(f"We gain, {session.currency}", "range"), Column("Walk away above", "money"),
        Column("Taken with chance", "share"),
    )  # fmt: skip
    title = "What to put forward now" if len(puts) == 1 else "What to put forward now: let them choose"
    if isinstance(last.event, OurOffer) and last.event.beside is not None:
        title = "Before you sign: ask whether they like one of these better"
    return heading, said, (Table(title, heads, puts), course)


def _who(event: Event) -> str:
    if isinstance(event, OurOffer | Advice):
        return "We"
    if isinstance(event, Accept | LeaveTable):
        return "We" if event.by == "us" else "They"
    return "Elsewhere" if isinstance(event, DealElsewhere | MarketNote) else "They"


def _what(event: Event) -> str:
    match event:
        case TheirOffer():
            return f"offer {_package(event.package)}"
        case OurOffer():
            beside = "" if event.beside is None else f"beside the deal ({_package(event.beside)}) "
            return f"put forward {beside}" + ", or ".join(_package(x) for x in event.packages) + (" (by hand)" if event.by_hand else "")
        case Advice():
            return f"should {event.action}"
        case Refusal():
            return "refuse"
        case Pick():
            return f"like package {event.number} best"
        case Accept():
            return f"accept {_package(event.package)}"
        case LeaveTable():
            return f"leave the table for {event.offer}"
        case DealElsewhere():
            return f"{event.offer} is " + ("gone" if event.package is None else f"signed as {_package(event.package)}")
    return event.note


def _package(package: Package) -> str:
    price = "as offered" if package.price is None else f"{package.price:,.10g}"
    return f"{package.offer} at {price}" + (f" with {terms_text(package.terms)}" if package.terms else "")


def _gain(record: Record) -> Any:
    if isinstance(record.found, Round):
        return span(record.found.puts[0].gain) if record.found.puts else None
    return None if record.found.gain is None else span(record.found.gain)
