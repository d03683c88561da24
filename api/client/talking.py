"""Requests and answers: what was refused becomes an error that says why, and a service that is not there becomes one that says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

from api.views import ConflictView, FindingView
from models.errors import ExtraMissing, OfftakeError

try:
    import httpx
except ModuleNotFoundError as missing:
    raise ExtraMissing("The client needs the package httpx: pip install 'offtake[client]'.") from missing

PROBLEM = "application/problem+json"


class Unreachable(OfftakeError):
    """Nobody answers at the service's address, or the connection broke before the answer was complete."""


class Refusal(OfftakeError):
    """The service can't do what was asked: a problem as RFC 9457 has it."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.kind: str = str(problem.get("type", "")).rpartition("#")[2]
        """`invalid-scenario`, `no-run`, ...: what the page `/docs` of the service explains."""
        self.title, self.detail = str(problem.get("title", "")), str(problem.get("detail", ""))
        self.findings = [FindingView(**finding) for finding in problem.get("findings") or ()]
        self.conflicts = [ConflictView(**conflict) for conflict in problem.get("conflicts") or ()]
        listed = "".join(f"\n  - {finding.path}: {finding.message}" for finding in self.findings)
        super().__init__(f"{self.title} ({status}): {self.detail}{listed}")


class Talk:
    """A connection to one service."""

    def __init__(self, address: str, *, key: str | None, timeout: float, transport: httpx.BaseTransport | None) -> None:
        headers = {"Accept": "application/json, */*", **({"Authorization": f"Bearer {key}"} if key else {})}
        self.timeout = timeout
        self.http = httpx.Client(base_url=address, headers=headers, timeout=timeout, transport=transport, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self.http.close()

    def asked(self, method: str, path: str, *, patience: float = 0.0, **options: Any) -> httpx.Response:
        """The answer; the service may think for `patience` seconds longer than usual. Raises Refusal, Unreachable."""
        limits = httpx.Timeout(self.timeout, read=self.timeout + patience)
        with reaching(self.http):
            answer = self.http.request(method, path, timeout=limits, **options)
        return accepted(answer)


@contextmanager
def reaching(http: httpx.Client) -> Iterator[None]:
    """Say what a broken connection means."""
    try:
        yield
    except httpx.TransportError as error:
        raise Unreachable(f"The service at {http.base_url} does not answer: {error or type(error).__name__}.") from error


def accepted(answer: httpx.Response) -> httpx.Response:
    """The answer, unless it is a refusal. Raises Refusal."""
    if answer.is_success:
        return answer
    told = answer.json() if answer.headers.get("Content-Type", "").startswith(PROBLEM) else {"title": "No usable answer", "detail": answer.text[:200]}
    raise Refusal(answer.status_code, told)


def given(**options: Any) -> dict[str, Any]:
    """Query options, those that are None left out."""
    return {name: value for name, value in options.items() if value is not None}
