"""Answers of the negotiation desk as sentences, tables, charts, pages and CSV."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest

from models.bargain import Estimate, MovedLever, TypeLine, Zone, ZoneLine, ZoneOpener
from models.negotiation import CurvePoint, Interval, LedgerLine, OfferLedger, Package, PriceVolumeCurve, TermLedger, WalkAway
from optimizer.report import csv_negotiation, html_negotiation, html_negotiation_parts, told_negotiation
from optimizer.report_ledger_charts import curve_title, span, terms_text, tornado, value_text, zone_chart

EVIL = "<b>fee</b>"


def exactly(value: float) -> Interval:
    """A value that is known."""
    return Interval(lower=value, upper=value)


def line(lever: str, worth: float, toward: Any = "buyer", possible: bool = True, unit: str = "share of price") -> LedgerLine:
    """One step of 80 % to 75 %."""
    return LedgerLine(
        offer="a", lever=lever, title=lever, unit=unit, value=0.8, moved_to=0.75, toward=toward, worth=exactly(worth), price_equivalent=exactly(worth / 1000),
        price_unit="USD per km", possible=possible, sentence=f"Moving {lever} is worth {worth}.",
    )  # fmt: skip


def ledger(*lines: LedgerLine, signed: bool = True) -> OfferLedger:
    """The ledger of offer a."""
    return OfferLedger(offer="a", supplier=EVIL, headline_price=28_000.0, price_unit="USD per km", signed=exactly(5e6) if signed else None, lines=lines)


def term_ledger(*offers: OfferLedger) -> TermLedger:
    """A whole ledger."""
    return TermLedger(format="offtake-ledger/1", scenario=EVIL, currency="USD", offers=offers, solves=7)


def zone(*ends: tuple[float | None, float | None]) -> Zone:
    """A zone with these floors and walk-away prices."""
    lines = tuple(
        ZoneLine(
            terms={"fee.per_unit": float(i)}, floor=floor, walk_away=high, chance=0.5, room=None if floor is None or high is None else (high - floor) * 1000,
            price=None, missing=None,
        )
        for i, (floor, high) in enumerate(ends)
    )  # fmt: skip
    return Zone(
        offer="a", currency="USD", price_unit="USD per km", margin=0.0, estimate=Estimate(supplier="s", types=("t",), weights=(1.0,), share=0.5), chance=0.5,
        span=None, base=0, floor_chances=(), closest=None, lines=lines, types=(TypeLine(type="t", weight=1.0, largest_sum=None),),
        opener=ZoneOpener(move=MovedLever(lever="fee.per_unit", before=0.0, after=1.0), line=1, room=1.0, missing=0.0), sentences=("There is room.",),
    )  # fmt: skip


def curve(*points: tuple[float, float]) -> PriceVolumeCurve:
    """Committed volume at prices."""
    found = tuple(CurvePoint(price=p, cost=exactly(1e6 + p), signed=True, committed=v, expected_taken=v / 2) for p, v in points)
    return PriceVolumeCurve(package=Package(offer="a"), currency="EUR", unit="km", points=found, exact=True)


def test_a_tornado_has_the_largest_on_top_and_says_so() -> None:
    """If this fails, the term that matters most is lost among the others, or the title says something else than the bars."""
    chart = tornado(ledger(line("price", 9e6), line("late.cap", 1e6), line("take_or_pay.fraction", 2e6), line("late.cap", -3e6, "supplier")), "USD")
    assert chart is not None
    assert chart.layout["yaxis"]["categoryarray"] == ["take or pay: fraction", "late: cap", "price"], "drawn from the bottom up"
    assert chart.title == "Price apart, late: cap matters most: from 80\u00a0% to 75\u00a0% costs us $3\u00a0M"
    toward_us, toward_them = chart.traces
    assert (toward_us["x"], toward_them["x"]) == ([9.0, 2.0, 1.0], [-3.0])


def test_a_ledger_of_nothing_has_no_picture() -> None:
    """If this fails, an empty chart is drawn, or impossible steps look like worthless ones."""
    assert tornado(ledger(line("late.cap", 0.0)), "USD") is None
    (part,) = told_negotiation(term_ledger(ledger(line("late.cap", 0.0, possible=False))))
    assert part.tables[0].cells[0][-2:] == ("–", "–")
    (unsigned,) = told_negotiation(term_ledger(ledger(signed=False)))
    assert "can't be valued" in unsigned.sentences[0]
    assert not unsigned.tables


@pytest.mark.parametrize(
    ("ends", "title"),
    [
        ([(20.0, 25.0), (22.0, 23.0)], "All of 2 sets of terms leave room for a deal; both can gain $5,000 at once"),
        ([(20.0, 25.0), (30.0, 23.0), (None, 23.0)], "1 of 3 sets of terms leave room for a deal; both can gain $5,000 at once"),
        ([(30.0, 23.0)], "No set of terms leaves room for a deal: the floor is above our walk-away price at all 1"),
    ],
)
def test_the_picture_of_a_zone_says_where_there_is_room(ends: list[tuple[float | None, float | None]], title: str) -> None:
    """If this fails, a gap looks like a zone, or the title counts wrongly."""
    chart = zone_chart(zone(*ends))
    assert chart is not None
    assert chart.title == title
    names = [trace["name"] for trace in chart.traces]
    assert ("room for a deal" in names) == any(a is not None and b is not None and a <= b for a, b in ends)
    assert ("what is missing" in names) == any(a is not None and b is not None and a > b for a, b in ends)


def test_a_zone_of_nothing_has_no_picture() -> None:
    """If this fails, an empty chart is drawn where no price suits anybody."""
    assert zone_chart(zone((None, None))) is None


@pytest.mark.parametrize(
    ("points", "title"),
    [
        ([(10.0, 500.0), (20.0, 500.0)], "No price from 10 to EUR\u00a020 per km changes what we commit: 500 km"),
        ([(10.0, 500.0), (20.0, 300.0)], "We commit 500 km at EUR\u00a010 per km and 300 at 20"),
        ([], "At none of these prices does a plan that signs the package keep the hard rules"),
    ],
)
def test_a_curve_says_what_it_shows(points: list[tuple[float, float]], title: str) -> None:
    """If this fails, the title of a curve contradicts it."""
    assert curve_title(curve(*points)) == title


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [(122.37, 122.44, (122.4, 122.4)), (0.7001, 0.7002, (0.7, 0.7)), (3.2, 3.4, (3.2, 3.4)), (99.6, 100.2, (100.0, 100.0)), (1e6, 1.1e6, (1e6, 1.1e6))],
)
def test_intervals_are_rounded_only_where_both_ends_agree(low: float, high: float, shown: tuple[float, float]) -> None:
    """If this fails, an interval is shown as a point that it does not justify, or rounding looks like doubt."""
    assert span(Interval(lower=low, upper=high)) == shown


def test_values_are_shown_as_people_say_them() -> None:
    """If this fails, shares are shown as fractions, or a limit that is none as a trillion."""
    assert value_text(0.075, "share of price") == "7.5\u00a0%"
    assert value_text(1e12, "USD per km") == "any"
    assert value_text(1234567.0, "km per period") == "1,234,570"
    assert terms_text({}) == "as offered"


def test_pages_stand_alone_and_escape_names() -> None:
    """If this fails, a name acts as HTML, or the page asks somebody else for something."""
    walk = WalkAway(
        package=Package(offer="a"), currency="USD", unit="km", price=1.0, walk_away=None, no_deal=exactly(1.0), signed=exactly(2.0), gain=exactly(-1.0),
        margin=0.0, method="bracket", solves=3, sentence=f"{EVIL} is not worth signing.",
    )  # fmt: skip
    for found in (
        term_ledger(ledger(line("late.cap", 2e6), line("price", 1e6))),
        zone((20.0, 25.0)),
        curve((1.0, 2.0), (2.0, 1.0)),
        walk,
    ):
        html = html_negotiation(found)
        assert "default-src 'none'" in html
        assert not re.findall(r"(?:src|href)=[\"'](?!#)", html.partition("<body>")[2].partition("<footer>")[0])
        assert EVIL not in html
    assert "&lt;b&gt;fee&lt;/b&gt; is not worth signing." in html_negotiation(walk)
    parts = html_negotiation_parts(zone((20.0, 25.0)))
    assert set(parts) == {"verdict", "heading", "body", "charts"}
    assert set(parts["charts"]) == {"zone-a"}
    assert "style=" not in parts["body"], "the service's pages forbid inline styles"


def test_csv_holds_every_line_and_no_formula() -> None:
    """If this fails, a spreadsheet lacks lines or runs a name as a formula."""
    rows = list(csv.DictReader(io.StringIO(csv_negotiation(term_ledger(ledger(line("late.cap", 2e6), line("price", 1e6)))))))
    assert [(row["lever"], row["worth_lower"], row["price_equivalent_upper"], row["currency"]) for row in rows] == [
        ("late.cap", "2000000.0", "2000.0", "USD"),
        ("price", "1000000.0", "1000.0", "USD"),
    ]
    rows = list(csv.DictReader(io.StringIO(csv_negotiation(zone((20.0, 25.0), (None, 23.0))))))
    assert [(row["terms_fee.per_unit"], row["floor"], row["walk_away"]) for row in rows] == [("0.0", "20.0", "25.0"), ("1.0", "", "23.0")]
    risky = curve((1.0, 2.0)).model_copy(update={"unit": "=km"})
    assert "'=km" in csv_negotiation(risky)
