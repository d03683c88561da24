"""Errors as RFC 9457 problem details: one shape for every error of the service, unknown routes and our own faults included.

A problem never echoes what was sent. `findings` (at most 50, `findings_left_out` counts the rest) say where and what; `conflicts` name the rules
that can't hold together.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from api.checker import Busy, Refused
from models.errors import MAX_FINDINGS, Finding, StoreUnusable

MEDIA_TYPE = "application/problem+json"
_PLAIN = re.compile(r"[A-Za-z_.\-]{1,80}")

KINDS: dict[str, tuple[int, str, str]] = {
    "invalid-scenario": (422, "The scenario can't be used", "The body is not JSON, or not a sound scenario; `findings` say where and why."),
    "invalid-question": (422, "The question can't be used", "The body is not JSON, or the scenario does not fit what is asked; `findings` say where and why."),
    "invalid-batch": (422, "The batch can't be used", "The body is not JSON, or one of its scenarios is not sound; `findings` say which, where and why."),
    "invalid-request": (422, "The request can't be used", "A query option or header is out of range or unknown; `findings` say which."),
    "too-large": (413, "The body is too large", "Bodies are read up to a limit; send fewer futures or rows."),
    "too-slow": (408, "The body did not arrive in time", "Send it again over a faster connection."),
    "unsupported-type": (
        415,
        "The body has the wrong type",
        "Send JSON, uncompressed, as `Content-Type: application/json`; a scenario may also be an Excel workbook (.xlsx) under its own type.",
    ),
    "no-key": (401, "A key is needed", "Send it as `Authorization: Bearer KEY`, or sign in on the pages; `offtake keys add` makes one."),
    "not-allowed": (403, "The key may not do this", "A `read` key looks at own runs, a `solve` key starts and stops them too, an `admin` key does everything."),
    "not-from-here": (
        403,
        "The page that sent this is too old",
        "It is not known to be a page of this service, or belongs to a session that is over: load it again, and send it once more.",
    ),
    "too-many-requests": (429, "Too many requests", "Ask less often; `Retry-After` says when there is room again."),
    "too-many-runs": (429, "Too many unfinished runs", "One owner may have so many at once; wait until some have ended."),
    "no-share": (404, "There is no such share link", "It never existed, has expired or was revoked, or its run was forgotten. Ask who sent it for a new one."),
    "too-many-shares": (409, "The run has too many share links", "Revoke some that are not needed any more; they also end by themselves."),
    "key-reused": (422, "The idempotency key was used before", "The key belongs to a run with another body or other options; use a new key."),
    "full": (503, "No room for another run", "Too many runs wait; try again after the seconds in `Retry-After`."),
    "store-unusable": (503, "The store of runs can't be used", "It is full, locked, read-only or gone; what is stored is not harmed. Try again later."),
    "closing": (503, "The server can't take work", "It starts, shuts down, or has no connection to its cluster. Try again when it is back."),
    "no-run": (404, "There is no such run", "It never existed, or was forgotten: the oldest finished runs make room for new ones."),
    "no-batch": (404, "There is no such batch", "It never existed, or all its runs were forgotten."),
    "no-example": (404, "There is no such bundled scenario", "`/v1/examples` lists them."),
    "no-table": (404, "There is no such table", "The detail lists the tables of the plan."),
    "no-frontier": (404, "The run has no frontier", "Its scenario has no `frontier` table, or there was no time for it (see the plan's warnings)."),
    "no-answer": (404, "The run has no answer", "It solves a scenario and answers no question; its plan is at `/solution`."),
    "no-contract": (404, "There is no contract to keep", "The plan signs nothing now."),
    "not-comparable": (422, "These runs can't be compared", "Name two to four runs that solve scenarios."),
    "no-model": (422, "The model can't be written", "It is larger than this server hands out; `offtake model` has no such limit."),
    "not-finished": (409, "The run is not finished", "Its state says where it stands; ask again later or follow its events."),
    "no-plan": (409, "The run has no plan", "It was cancelled, failed, or no plan keeps all hard rules; `stop_reason`, `detail` and `conflicts` say why."),
    "finished": (409, "The run is already finished", "A finished run can't be cancelled."),
    "not-local": (
        403,
        "Only this machine may use the service",
        "No keys are asked for, so requests from elsewhere are refused; those made by other sites' pages always are.",
    ),
    "internal": (500, "An error inside Offtake", "Our fault; the server's log has the details."),
}
"""Every kind of problem: status, title, and what it means."""


class Problem(Exception):
    """A problem to answer with: one of KINDS, a sentence for this case, and extra members and headers."""

    def __init__(self, kind: str, detail: str = "", *, headers: dict[str, str] | None = None, **members: Any) -> None:
        self.kind, self.members = kind, members
        self.status, self.title, meaning = KINDS[kind]
        self.detail = detail or meaning
        self.headers = headers or {}
        super().__init__(self.detail)

    def response(self) -> Response:
        return _response(self.status, f"/docs#{self.kind}", self.title, self.detail, self.members, self.headers)


def _response(status: int, kind: str, title: str, detail: str, members: dict[str, Any], headers: dict[str, str]) -> Response:
    body = {"type": kind, "title": title, "status": status, "detail": detail, **members}
    return Response(json.dumps(body), status, headers, MEDIA_TYPE)


def store_unusable(error: StoreUnusable) -> Problem:
    """The problem of a store that does not answer."""
    return Problem("store-unusable", str(error), headers={"Retry-After": "10"})


def invalid_scenario(error: Refused) -> Problem:
    """The problem of a document that can't be used."""
    findings = [_finding(f) for f in error.findings[:MAX_FINDINGS]]
    noun = "finding" if error.count == 1 else "findings"
    detail = f"This {error.what} can't be used: {error.count:,} {noun}."
    return Problem(f"invalid-{error.what}", detail, findings=findings, findings_left_out=error.count - len(findings))


def _finding(finding: Finding) -> dict[str, str]:
    """A finding; one about a workbook also says sheet and cell one by one."""
    sheet, at, cell = finding.path.partition("!")
    return {"path": finding.path, "message": finding.message} | ({"sheet": sheet, "cell": cell} if at else {})


def _invalid_request(error: RequestValidationError) -> Problem:
    findings = []
    for item in error.errors()[:MAX_FINDINGS]:
        path = ".".join(str(part) for part in item["loc"])
        unknown = item["type"] == "extra_forbidden"
        message = "there is no such option; check the spelling, or remove it" if unknown else item["msg"]
        findings.append({"path": path if _PLAIN.fullmatch(path) else str(item["loc"][0]), "message": message})
    return Problem("invalid-request", findings=findings, findings_left_out=max(0, len(error.errors()) - MAX_FINDINGS))


def _allowed(request: Request) -> str:
    """Every method that the address takes; the framework names those of one route only."""
    paths: dict[str, dict[str, Any]] = request.app.openapi()["paths"]
    methods = {method for path, by in paths.items() if re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), request.url.path) for method in by}
    return ", ".join(sorted(method.upper() for method in methods))


def install(app: FastAPI) -> None:
    """Answer every error of `app` with a problem."""

    @app.exception_handler(Problem)
    async def _(_: Request, error: Problem) -> Response:
        return error.response()

    @app.exception_handler(Refused)
    async def _(_: Request, error: Refused) -> Response:
        return invalid_scenario(error).response()

    @app.exception_handler(StoreUnusable)
    async def _(_: Request, error: StoreUnusable) -> Response:
        return store_unusable(error).response()

    @app.exception_handler(Busy)
    async def _(*_: object) -> Response:
        return Problem("full", "Other documents are being checked; try again.", headers={"Retry-After": "5"}).response()

    @app.exception_handler(RequestValidationError)
    async def _(_: Request, error: RequestValidationError) -> Response:
        return _invalid_request(error).response()

    @app.exception_handler(HTTPException)
    async def _(request: Request, error: HTTPException) -> Response:
        if error.status_code in (204, 304):
            return Response(status_code=error.status_code, headers=error.headers)
        title = HTTPStatus(error.status_code).phrase
        headers = dict(error.headers or {}) | ({"Allow": _allowed(request) or "GET"} if error.status_code == 405 else {})
        detail = {404: "There is nothing at this address; `/docs` lists what there is.", 405: "This address does not take this method; `Allow` says which."}
        return _response(error.status_code, "about:blank", title, detail.get(error.status_code, title), {}, headers)

    @app.exception_handler(Exception)
    async def _(request: Request, _: Exception) -> Response:  # the server logs the error and closes the connection
        headers = {"Connection": "close", "X-Request-ID": getattr(request.state, "request_id", "")}
        return Problem("internal", headers=headers).response()
