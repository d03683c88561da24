"""The same scenario by HTTP, by the form, at the command line and as a workbook."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from api import cli
from api.body import WORKBOOK
from api.settings import Settings
from scenarios import library
from scenarios.workbook import write_workbook
from tests.api.service import Client, serving
from tests.api.test_web import browser, opened

__all__ = ["browser"]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def engine() -> Iterator[Client]:
    """A server with the real solver."""
    with serving(Settings(port=0)) as client:
        yield client


def solution(client: Client, run_id: str) -> bytes:
    """The plan of a run when it is there."""
    run = client.run_until(run_id, lambda run: run["finished"], 300)
    assert run["state"] == "optimal", run
    return client.get(run["links"]["solution"]).content


def by_http(client: Client, content: bytes, media: str) -> str:
    """The id of a run of a scenario that is sent by itself."""
    return str(client.post("/v1/runs", content=content, headers={"Content-Type": media}).json()["id"])


def by_form(browser: Browser, client: Client, name: str) -> str:
    """The id of a run that somebody starts in the form, after a change and its undoing, so that what is sent is what the form has made of it."""
    with opened(browser, client, f"/new?example={name}") as page:
        field = page.get_by_label("Discount rate")
        before = field.input_value()
        for value in ("1 %", before):
            field.fill(value)
            page.keyboard.press("Tab")
        page.get_by_role("button", name="Solve", exact=True).click()
        page.wait_for_url("**/runs/*")
        return page.url.rpartition("/")[2]


def by_command_line(name: str, folder: Path) -> bytes:
    """The plan that the command writes."""
    assert cli.run(["solve", name, "-o", str(folder / "plan.json")]) == 0
    return (folder / "plan.json").read_bytes()


def without_times(plan: bytes) -> str:
    """A plan as text in one spelling, without when it was made and how long that took."""
    found = json.loads(plan)
    del found["provenance"]["created"], found["provenance"]["phases"]
    return json.dumps(found)


@pytest.mark.parametrize("name", ["clause-take_or_pay", "fibre"])
def test_four_ways_lead_to_the_same_plan(browser: Browser, engine: Client, name: str, tmp_path: Path) -> None:
    """If this fails, what a team should sign depends on whether they work in Excel, in a browser, or in a script."""
    runs = {
        "HTTP": by_http(engine, library.read(name), "application/json"),
        "workbook": by_http(engine, write_workbook(library.load(name)), WORKBOOK),
        "form": by_form(browser, engine, name),
    }
    plans = {"command line": by_command_line(name, tmp_path), **{way: solution(engine, run_id) for way, run_id in runs.items()}}
    texts = {way: without_times(plan) for way, plan in plans.items()}
    assert [way for way, text in texts.items() if text != texts["HTTP"]] == []
