"""The soak of kills works, and would see a run that is lost or ends twice."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from benchmarks import kills


def test_two_kills_lose_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The long soak would not run, or kills of server and solving process would lose runs."""
    monkeypatch.setattr(kills, "QUEUED", 4)
    assert kills.main(["--kills", "2", "--pause", "0.5"], tmp_path) == 0
    page = (tmp_path / "kills.md").read_text()
    assert page.strip() == capsys.readouterr().out.strip()
    assert "kills of a server" in page
    assert "kills of a solving process" in page


class Liar:
    """A server that tells one run in two ways."""

    def __init__(self, states: list[str]) -> None:
        self.client = httpx.Client(transport=httpx.MockTransport(self._answer), base_url="http://liar")
        self._states = states

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/events"):
            return httpx.Response(200, text="".join(f'data: {{"state": "{state}"}}\n\n' for state in self._states))
        if request.url.path.endswith("/solution"):
            return httpx.Response(200, json={"audit": {"passed": True}})
        if not self._states:
            return httpx.Response(404)
        links = {"events": "/v1/runs/x/events", "solution": "/v1/runs/x/solution"}
        return httpx.Response(200, json={"state": self._states[-1], "stop_reason": "gap", "attempt": 1, "problem": None, "links": links})


FAULTS = [([], "lost"), (["queued", "optimal", "running", "optimal"], "2 times"), (["queued", "failed"], "does not say why")]


@pytest.mark.parametrize(("states", "said"), FAULTS)
def test_a_fault_is_seen(states: list[str], said: str) -> None:
    """A soak that lost a run would say that all is well."""
    found = kills.Found()
    kills.judge(Liar(states), "x", found)  # type: ignore[arg-type]
    assert [said in fault for fault in found.faults] == [True]


def test_a_good_end_is_no_fault() -> None:
    """A soak in which nothing went wrong would be called a failure."""
    found = kills.Found()
    kills.judge(Liar(["queued", "running", "queued", "running", "optimal"]), "x", found)  # type: ignore[arg-type]
    assert (found.faults, found.ends) == ([], {"optimal (gap)": 1})
