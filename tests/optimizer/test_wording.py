"""Numbers in contract language."""

from __future__ import annotations

import pytest

from optimizer.wording import number, percent, price


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


def test_shares_and_prices() -> None:
    """A contract would say 15.000000000000002 %, or a price would lose its cents or its fourth decimal."""
    assert [percent(x).replace("\u00a0", " ") for x in (0.15, 1 - 0.9, 1.15, 0.0025)] == ["15 %", "10 %", "115 %", "0.25 %"]
    assert [price(x) for x in (28.0, 29.7052, 28000.5, 0.0)] == ["28.00", "29.7052", "28,000.50", "0.00"]
