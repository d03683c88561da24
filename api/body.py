"""Reading a request's body: its type first, then at most as much as is allowed, in bounded time. A scenario may also be an Excel workbook.

Nothing here trusts `Content-Length`: a body is refused early if the header already says too much, and else as soon as too much has arrived.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

import anyio
from anyio.to_thread import run_sync
from fastapi import Request
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from api.problems import Problem
from api.settings import Settings

FORM = "application/x-www-form-urlencoded"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CLOSE = {"Connection": "close"}
"""The rest of a refused body is not worth reading."""
MOST_FIELDS = 20
NO_FORM = "This address takes what its form sends."


async def read_body(request: Request, settings: Settings, *, workbooks: bool = False) -> bytes:
    """The raw JSON body, or where `workbooks` may be sent, the raw workbook. Raises Problem: unsupported-type, too-large, too-slow."""
    _check_type(request, workbooks)
    return await read_bytes(request, settings)


async def read_bytes(request: Request, settings: Settings, limit: int | None = None) -> bytes:
    """A body of whatever type. Raises Problem: too-large, too-slow."""
    limit = limit or (settings.max_workbook_bytes if is_workbook(request) else settings.max_body_bytes)
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and (len(declared) > 18 or int(declared) > limit):
        raise _too_large(limit)
    body = bytearray()
    try:
        with anyio.fail_after(settings.body_seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise _too_large(limit)
    except TimeoutError:
        raise Problem("too-slow", f"The body did not arrive within {settings.body_seconds:,.0f} s.", headers=CLOSE) from None
    except ClientDisconnect:
        raise Problem("too-slow", "The connection closed before the body was complete.", headers=CLOSE) from None
    return bytes(body)


async def read_form(request: Request, settings: Settings, limit: int | None = None) -> dict[str, str]:
    """The fields of a plain form, read within the limits of every body. Raises Problem: unsupported-type, too-large, too-slow."""
    if media_type(request.headers) != FORM:
        raise Problem("unsupported-type", NO_FORM)
    return await run_sync(_unquoted, await read_bytes(request, settings, limit))


def _unquoted(raw: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(raw.decode("ascii"), max_num_fields=MOST_FIELDS, errors="strict"))
    except ValueError:
        raise Problem("unsupported-type", NO_FORM) from None


def is_workbook(request: Request) -> bool:
    """Whether the body is said to be an Excel workbook."""
    return media_type(request.headers) == WORKBOOK


def media_type(headers: Headers) -> str:
    """What a body is said to be, without parameters."""
    return headers.get("content-type", "").lower().partition(";")[0].strip()


def _check_type(request: Request, workbooks: bool) -> None:
    media, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    media, charset = media.strip(), parameters.partition("charset=")[2].strip(' "')
    json = media == "application/json" or (media.startswith("application/") and media.endswith("+json"))
    if not json and not (workbooks and media == WORKBOOK):
        raise Problem("unsupported-type", headers=CLOSE)
    if charset not in ("", "utf-8", "utf8"):
        raise Problem("unsupported-type", "JSON is UTF-8; send it without another charset.", headers=CLOSE)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem("unsupported-type", "The body is compressed; send it uncompressed.", headers=CLOSE)


def _too_large(limit: int) -> Problem:
    return Problem("too-large", f"The body is larger than {limit / 1e6:,.1f} MB, the most that is read.", headers=CLOSE)
