"""Every page under axe-core in a real Chromium, light and dark: no violation of WCAG 2.2 level A or AA, no console error, nothing that the policy forbids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.desk import OFFER, desk
from tests.api.service import Client, serving
from tests.api.test_web import browser, opened, scenario

__all__ = ["browser"]
pytestmark = pytest.mark.browser
ALL = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""The rules that look at colours, which are all that a dark page has of its own."""
RUN = "async (only) => (await axe.run(document, {runOnly: only})).violations"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(grace_seconds=0.5, workers=2) as client:
        yield client


@pytest.fixture(scope="module")
def axe() -> str:
    """The script of axe-core, from the package that ships it."""
    spec = find_spec("axe_playwright_python")
    assert spec
    assert spec.submodule_search_locations
    (path,) = Path(spec.submodule_search_locations[0]).rglob("axe.min.js")
    return path.read_text("utf-8")


@pytest.fixture(scope="module")
def pages(client: Client) -> dict[str, str]:
    """The address of every page, by what it shows."""
    body = {"scenario": "quickstart", "package": {"offer": OFFER}, "desk": desk()}
    headers = {"Content-Type": "application/json", "Prefer": "wait=60"}
    brief = client.post("/v1/negotiate/brief", content=json.dumps(body), headers=headers).json()
    fine, other = (client.post("/v1/runs", content=scenario(name), headers=headers).json() for name in ("fine", "better"))
    infeasible = client.solve("infeasible", wait=60).json()
    why = client.post("/v1/negotiate/why", content=json.dumps({"scenario": "quickstart", "offers": [OFFER]}), headers=headers).json()
    batch = client.post("/v1/batches", content=json.dumps({"scenarios": ["quickstart", "quickstart"]}), headers=headers).json()
    patient = client.solve("patient").json()
    return {
        "start": "/",
        "form": "/new?example=quickstart",
        "edited": f"/new?run={fine['id']}",
        "runs": "/runs",
        "nothing found": "/runs?name=no+such+run",
        "plan": f"/runs/{fine['id']}",
        "under way": f"/runs/{patient['id']}",
        "no plan": f"/runs/{infeasible['id']}",
        "comparison": f"/compare?runs={fine['id']},{other['id']},{infeasible['id']}",
        "negotiate": "/negotiate?example=fibre",
        "answer": brief["links"]["page"],
        "explanation": why["links"]["page"],
        "batches": "/batches",
        "batch": f"/batches/{batch['id']}",
        "routes": "/docs",
    }


def violations(page: Page, axe: str, only: dict[str, Any] = ALL) -> list[str]:
    """What axe-core finds, each with the first element it is about."""
    page.evaluate(axe)
    found: list[dict[str, Any]] = page.evaluate(RUN, only)
    return [f"{x['id']} ({x['impact']}), {len(x['nodes'])} times: {x['nodes'][0]['html'][:200]} {x['nodes'][0]['failureSummary'][:300]}" for x in found]


def test_pages_keep_the_guidelines_light_and_dark(browser: Browser, client: Client, pages: dict[str, str], axe: str) -> None:
    """If this fails, someone who sees little, hears the page or uses no mouse is shut out of it."""
    found = {}
    for what, address in pages.items():
        with opened(browser, client, address) as page:
            if what in ("form", "edited"):
                expect(page.locator("details.block").first).to_be_visible()
                page.evaluate("for (const block of document.querySelectorAll('details.block')) block.open = true")
                expect(page.locator("details.block").last.locator(".part").first).to_be_visible()
            if what == "edited":
                page.get_by_label("Discount rate").fill("7")
                page.keyboard.press("Tab")
                expect(page.locator(".told").first).to_be_visible()
            for scheme, only in (("light", ALL), ("dark", COLOURS)):
                page.emulate_media(color_scheme=scheme)
                found |= {f"{what}, {scheme}": said} if (said := violations(page, axe, only)) else {}
    assert found == {}


def test_the_text_of_a_scenario_keeps_the_guidelines(browser: Browser, client: Client, axe: str) -> None:
    """If this fails, the view that works for everyone without a script is the one that shuts people out."""
    with opened(browser, client, "/new", width=320) as page:
        page.get_by_role("tab", name="JSON").click()
        assert violations(page, axe) == []
