"""A basis as numbers, and back."""

from __future__ import annotations

from typing import Any

import highspy

AT_LOWER, BASIC = highspy.HighsBasisStatus.kLower, highspy.HighsBasisStatus.kBasic


def codes_of(basis: Any) -> list[int]:
    """A basis as numbers: status of every column, then of every row."""
    return [int(status) for status in (*basis.col_status, *basis.row_status)]


def basis_from(codes: Any, columns: int) -> Any:
    """The basis that some numbers stand for."""
    kinds = {int(kind): kind for kind in highspy.HighsBasisStatus.__members__.values()}
    statuses = [kinds[int(code)] for code in codes]
    return basis_of(statuses[:columns], statuses[columns:])


def basis_of(columns: list[Any], rows: list[Any]) -> Any:
    """The basis with these statuses of columns and rows, as many of which are basic as there are rows."""
    basis = highspy.HighsBasis()
    basis.valid, basis.col_status, basis.row_status = True, columns, rows
    basis.alien = False  # HiGHS would factorise it once more to see whether it is one, whenever it is handed over
    return basis
