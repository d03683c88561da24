"""Logs of runs: pieces of text in the order in which they came, of which the last are kept."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, insert, select

from api.database.tables import logs
from api.store import KEPT_LOG, Log

L = logs.c
END = L.start + func.length(L.text)


def write_log(connection: Connection, run_id: str, text: str) -> None:
    """Add a piece, and drop those that are too far back."""
    text = text.replace("\0", "")  # PostgreSQL keeps none in a text
    start = int(connection.execute(select(func.coalesce(func.max(END), 0)).where(L.run == run_id)).scalar_one())
    left_out = max(0, len(text) - KEPT_LOG)
    if text:
        connection.execute(insert(logs).values(run=run_id, start=start + left_out, text=text[left_out:]))
        connection.execute(delete(logs).where(L.run == run_id, start + len(text) - KEPT_LOG >= END))


def read_log(connection: Connection, run_id: str, offset: int, limit: int) -> Log:
    """What there is from `offset` on; at its end, or beyond it, nothing."""
    found = select(L.start, L.text).where(L.run == run_id, offset < END, L.start < offset + limit).order_by(L.start)
    pieces = connection.execute(found).all()
    if not pieces:
        return _later(connection, run_id, offset, limit)
    start = max(offset, pieces[0].start)
    whole = "".join(piece.text for piece in pieces)[start - pieces[0].start :]
    return Log(start, whole[:limit])


def _later(connection: Connection, run_id: str, offset: int, limit: int) -> Log:
    """The first piece kept where it begins beyond what was asked for; else the end of the log."""
    first = connection.execute(select(L.start, L.text).where(L.run == run_id, L.start >= offset + limit).order_by(L.start).limit(1)).one_or_none()
    if first:
        return Log(first.start, first.text[:limit])
    end = int(connection.execute(select(func.coalesce(func.max(END), 0)).where(L.run == run_id)).scalar_one())
    return Log(min(offset, end), "")
