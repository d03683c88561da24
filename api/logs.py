"""Logs: one line per event on standard error, written for people or, as JSON, for programs.

A line says what happened and has the fields named in FIELDS: ids, states, numbers. It holds nothing of a scenario, of a body, or of an address beyond
its route. What a stranger's error says may quote the scenario, so of an error its type is written and the places in the source that it came through;
the scenario itself is in the store, and the error can be had again from it.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

FORMATS = ("text", "json")
LEVELS = ("debug", "info", "warning", "error")
FIELDS = (
    "request", "method", "route", "status", "seconds", "run", "attempt", "ask", "phase", "state", "reason", "losses", "version", "workers",
)  # fmt: skip
"""Everything that a line can hold besides its time, level, logger, event and error."""
OURS = "offtake"
"""The logger above all of ours. Other packages are heard from `warning` on."""
MOST_PLACES = 20

request_id: ContextVar[str] = ContextVar("offtake_request_id")
"""The request that is being answered; every line written meanwhile has it."""


def set_up(form: str, level: str, **always: Any) -> None:
    """Write the log of this process, and nothing else, to standard error; `always` are fields of every line. For programs, not for libraries: the
    settings of the whole process are replaced."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(always) if form == "json" else TextLines(always))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(level.upper())


class TextLines(logging.Formatter):
    """For people: time, level, logger, event, and fields as name=value."""

    def __init__(self, always: dict[str, Any] | None = None) -> None:
        super().__init__()
        self._always = always or {}

    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{name}={value}" for name, value in _fields(record, self._always).items())
        line = f"{_time(record)} {record.levelname:<7} {record.name}: {_one_line(record.getMessage())}{' ' if fields else ''}{fields}"
        return line + "".join(f"\n    {error['type']}\n" + "\n".join(f"        {place}" for place in error["at"]) for error in _errors(record))


class JsonLines(logging.Formatter):
    """For programs: one JSON object per line."""

    def __init__(self, always: dict[str, Any] | None = None) -> None:
        super().__init__()
        self._always = always or {}

    def format(self, record: logging.LogRecord) -> str:
        line = {"time": _time(record), "level": record.levelname.lower(), "logger": record.name, "event": record.getMessage()}
        line |= _fields(record, self._always)
        if errors := _errors(record):
            line["errors"] = errors
        return json.dumps(line, default=str)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields(record: logging.LogRecord, always: dict[str, Any]) -> dict[str, Any]:
    asking = {"request": found} if (found := request_id.get("")) else {}
    given = {name: record.__dict__[name] for name in FIELDS if record.__dict__.get(name) is not None}
    return always | asking | given


def _one_line(text: str) -> str:
    return " ".join(text.splitlines())


def _errors(record: logging.LogRecord) -> list[dict[str, Any]]:
    """The error that is told of and those that led to it, the last first, without what they say."""
    error = record.exc_info[1] if record.exc_info else None
    found: list[dict[str, Any]] = []
    while error is not None and len(found) < 5:
        places = traceback.extract_tb(error.__traceback__)[-MOST_PLACES:]
        kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
        found.append({"type": kind, "at": [f"{place.filename}:{place.lineno} {place.name}" for place in places]})
        led = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        error = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else led
    return found
