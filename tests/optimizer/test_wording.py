"""Numbers in contract language."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.clauses import clause_of
from optimizer.wording import Setting, every_periods, number, percent, price
from tests.optimizer.tiny import document


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (700.0, "700"),
        (1234567.0, "1,234,567"),
        (1e12, "1,000,000,000,000"),
        (0.00025, "0.00025"),
        (27159.999999999996, "27,160"),
        (-1.5, "-1.5"),
    ],
)
def test_numbers_are_written_in_full(value: float, text: str) -> None:
    """A contract would say 1.23457e+06, or the noise of floating point."""
    assert number(value) == text


def test_every_period_is_no_number_of_periods() -> None:
    """A contract would be reviewed every 1 period."""
    assert [every_periods(x) for x in (1, 2, 12)] == ["period", "2 periods", "12 periods"]


def test_shares_and_prices() -> None:
    """A contract would say 15.000000000000002 %, or a price would lose its cents or its fourth decimal."""
    assert [percent(x).replace("\u00a0", " ") for x in (0.15, 1 - 0.9, 1.15, 0.0025)] == ["15 %", "10 %", "115 %", "0.25 %"]
    assert [price(x) for x in (28.0, 29.7052, 28000.5, 0.0)] == ["28.00", "29.7052", "28,000.50", "0.00"]


@pytest.mark.parametrize(
    "clause",
    [
        {"kind": "minimum_order", "volume": 1234567.0},
        {"kind": "prepayment", "amount": 1e9, "credit_per_unit": 1234567.0},
        {"kind": "reservation", "fee_per_unit": 1234567.0},
        {"kind": "all_units_tiers", "tiers": [{"from_volume": 0, "to_volume": 1234567.0}, {"from_volume": 1234567.0, "discount": 0.1}]},
        {"kind": "incremental_tiers", "tiers": [{"from_volume": 0, "to_volume": 1234567.0}, {"from_volume": 1234567.0, "discount": 0.1}]},
    ],
    ids=lambda clause: clause["kind"],
)
def test_clauses_write_large_numbers_in_full(clause: dict[str, Any]) -> None:
    """A clause of a million units would be explained, or signed, with 1.23457e+06 units."""
    setting = Setting(currency="USD", unit="km", price=28.0, schedule=(2e6,), low=0.0, high=2e6, first_period="2027")
    meaning = clause_of(document(clause))
    assert all("1,234,567" in text and "e+" not in text for text in (meaning.explain(), meaning.wording(setting)))
