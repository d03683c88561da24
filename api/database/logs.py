"""Logs of runs: pieces of text in the order in which they came, of which the last are kept."""

from __future__ import annotations

from sqlalchemy import Connection, Integer, cast, delete, func, insert, select, update

from api.database.tables import logs
from api.store import KEPT_LOG, Log

L = logs.c
END = L.start + func.length(L.text)


def write_log(connection: Connection, run_id: str, text: str) -> None:
    """Add a piece, and drop what is too far back."""
    text = text.replace("\0", "")  # PostgreSQL keeps none in a text
    start = int(connection.execute(select(func.coalesce(func.max(END), 0)).where(L.run == run_id)).scalar_one())
    left_out = max(0, len(text) - KEPT_LOG)
    if text:
        connection.execute(insert(logs).values(run=run_id, start=start + left_out, text=text[left_out:]))
        first = start + len(text) - KEPT_LOG
        connection.execute(delete(logs).where(L.run == run_id, first >= END))
        rest = func.substr(L.text, cast(first - L.start + 1, Integer))
        connection.execute(update(logs).where(L.run == run_id, first > L.start).values(start=first, text=rest))


def read_log(connection: Connection, run_id: str, offset: int, limit: int) -> Log:
    """What there is from `offset` on; at its end, or beyond it, nothing."""
    first, end = connection.execute(select(func.min(L.start), func.max(END)).where(L.run == run_id)).one()
    if first is None or offset >= end:
        return Log(min(offset, int(end or 0)), "")
    start = max(offset, int(first))
    found = select(L.start, L.text).where(L.run == run_id, start < END, L.start < start + limit).order_by(L.start)
    pieces = connection.execute(found).all()
    if not pieces:  # dropped a moment ago
        return Log(start, "")
    start = max(start, pieces[0].start)
    whole = "".join(piece.text for piece in pieces)[start - pieces[0].start :]
    return Log(start, whole[:limit])
