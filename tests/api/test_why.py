"""Why a plan is what it is, asked from the page of its run, and the run's log beside it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from scenarios import library
from tests.api.service import Client, serving

JSON = {"Content-Type": "application/json", "Prefer": "wait=60"}
OFFER = "importer-frame"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(grace_seconds=0.5) as client:
        yield client


@pytest.fixture(scope="module")
def run(client: Client) -> dict[str, Any]:
    """A finished run of a scenario with offers."""
    found: dict[str, Any] = client.post("/v1/runs", content=library.read("quickstart"), headers=JSON, params={"seed": 7}).json()
    return found


def test_a_plan_is_explained_from_its_page_and_only_once(client: Client, run: dict[str, Any]) -> None:
    """If this fails, a team reads what to sign and not why, or waits again for what was answered."""
    page = run["links"]["page"]
    assert "Answers so far" not in client.get(page).text
    asked = client.post(f"{page}/why", params={"offer": OFFER})
    assert asked.status_code == 303
    answer = asked.headers["Location"]
    done = client.run_until(answer.rpartition("/")[2], lambda now: now["state"] not in ("queued", "running"))
    assert (done["state"], done["ask"], done["settings"]["seed"]) == ("optimal", "why", 7)
    text = client.get(answer).text
    assert "Why each offer is signed or not" in text
    assert f'href="{page}#explain"' in text
    assert "/negotiate?run=" not in text
    listed = client.get(page).text
    assert f'<a href="{answer}">Offer {OFFER}</a>' in listed
    assert client.post(f"{page}/why", params={"offer": OFFER}).headers["Location"] == answer


def test_a_double_click_asks_once(client: Client, run: dict[str, Any]) -> None:
    """Two clicks in one moment would make two runs, and the second would wait for the first."""
    with ThreadPoolExecutor(4) as clicks:
        asked = list(clicks.map(lambda _: client.post(f"{run['links']['page']}/why", params={"part": "rules"}), range(4)))
    assert len({answer.headers["Location"] for answer in asked}) == 1


@pytest.mark.parametrize(("name", "kind"), [("infeasible", "no-plan"), ("late", "no-plan")])
def test_what_has_no_plan_is_not_explained(client: Client, name: str, kind: str) -> None:
    """If this fails, a run is started whose answer can be of nothing."""
    page = client.solve(name, wait=60).json()["links"]["page"]
    assert "Explain everything" not in client.get(page).text
    refused = client.post(f"{page}/why")
    assert (refused.status_code, refused.json()["type"]) == (409, f"/docs#{kind}")


def test_an_offer_that_is_not_there_is_a_finding(client: Client, run: dict[str, Any]) -> None:
    """If this fails, a mistyped address ends in an error of ours, or in a run about nothing."""
    refused = client.post(f"{run['links']['page']}/why", params={"offer": "no such offer"})
    assert refused.status_code == 422
    assert "offers[0]" in refused.text
    assert client.post(f"{run['links']['page']}/why", params={"part": "everything"}).status_code == 422


def test_the_page_of_a_run_has_its_log(client: Client) -> None:
    """If this fails, what a process printed before it failed is only to be had by HTTP, or acts as HTML."""
    page = client.solve("talkative", wait=60).json()["links"]["page"]
    text = client.get(page).text
    assert "complained" in text
    assert "<details id=" in text, "closed where there is a plan"
    failed = client.get(client.solve("broken", wait=60).json()["links"]["page"]).text
    assert "<details open id=" in failed
