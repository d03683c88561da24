"""The page of the negotiation desk in a real Chromium: ask before a meeting, read the answer, change a number and ask again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.desk import LEVER, OFFER, desk
from tests.api.service import Client, serving
from tests.api.test_web import browser, contrast, opened

__all__ = ["browser"]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(grace_seconds=0.5) as client:
        yield client


@pytest.fixture(scope="module")
def brief(client: Client) -> str:
    """The page of an answered brief."""
    body = {"scenario": "quickstart", "package": {"offer": OFFER}, "desk": desk()}
    answer = client.post("/v1/negotiate/brief", content=json.dumps(body), headers={"Content-Type": "application/json", "Prefer": "wait=60"})
    return str(answer.json()["links"]["page"])


def answered(page: Page) -> None:
    """Until the answer is there."""
    page.wait_for_url("**/runs/*")
    expect(page.locator(".state")).to_have_text("answered")


def test_a_meeting_is_prepared(browser: Browser, client: Client) -> None:
    """If this fails, the main way is broken: choose a scenario and an offer, say what is believed, read ledger, walk-away price, zone and packages."""
    with opened(browser, client, "/negotiate?example=fibre") as page:
        page.get_by_label("Scenario", exact=True).select_option("quickstart")
        expect(page.locator("#offer option")).to_have_count(4)
        page.get_by_label("Offer", exact=True).select_option("importer-frame, Overseas maker")
        page.get_by_label("Price per unit").fill("27000")
        page.get_by_label("Other terms").fill(f"{LEVER} = 2500")
        for label, cost in (("Lowest", "20000"), ("Likely", "23000"), ("Highest", "26500")):
            page.get_by_label(label).fill(cost)
        page.get_by_label("A deal must gain at least").fill("100000")
        page.get_by_role("button", name="Prepare the meeting").click()
        answered(page)
        for heading in ("When to walk away", "What terms are worth", "How the price moves the volume", "Where a deal is possible", "Take your pick"):
            expect(page.get_by_role("heading", name=re.compile(heading)).first).to_be_visible()
        expect(page.locator("main")).to_contain_text(f"Walk away from '{OFFER}' above USD")
        charts = page.locator("figure")
        expect(charts).to_have_count(3)
        for i in range(3):
            expect(charts.nth(i).locator(".main-svg").first).to_be_visible()
        for name in ("Answer (JSON)", "Report (HTML)", "Scenario (JSON)"):
            assert client.get(page.get_by_role("link", name=name).get_attribute("href")).status_code == 200
        page.get_by_role("link", name="Change something and ask again").click()
        expect(page.get_by_label("Price per unit")).to_have_value("27000")
        expect(page.get_by_label("Other terms")).to_have_value(f"{LEVER} = 2500")
        expect(page.get_by_label("Desk file")).to_have_value(re.compile('"unit_cost": 26500'))
        page.get_by_role("button", name="Contract sheet").click()
        answered(page)
        expect(page.get_by_role("heading", name="Words used")).to_be_visible()


def test_the_offers_of_a_solved_scenario_are_negotiated(browser: Browser, client: Client) -> None:
    """If this fails, a scenario of one's own can be solved and not negotiated."""
    with opened(browser, client) as page:
        page.get_by_role("button", name="Solve").click()
        page.wait_for_url("**/runs/*")
        page.locator(".downloads").get_by_role("link", name="Negotiate").click()
        expect(page.get_by_label("Scenario", exact=True)).to_contain_text("Two campuses, three years (of run")
        page.get_by_label("Offer", exact=True).select_option("importer-frame, Overseas maker")
        page.get_by_role("button", name="Ledger only").click()
        answered(page)
        expect(page.locator("main")).to_contain_text("a step toward the supplier")


def test_findings_stand_beside_the_form(browser: Browser, client: Client) -> None:
    """If this fails, a mistake ends in silence, or in a run that fails for a reason that was known."""
    with opened(browser, client, "/negotiate") as page:
        answer = page.locator("#answer")
        page.get_by_label("Other terms").fill("take_or_pay.fraction: 0.7")
        page.get_by_role("button", name="Prepare the meeting").click()
        expect(answer).to_contain_text("must be a term and a number")
        page.get_by_label("Other terms").fill("take_or_pay.fraction = 7")
        page.get_by_role("button", name="Prepare the meeting").click()
        expect(answer.locator(".findings li")).to_contain_text("package.terms.take_or_pay.fraction 7 is outside the lever's range")
        page.get_by_text("Or everything as JSON").click()
        page.get_by_label("Desk file").fill("{")
        page.get_by_label("Other terms").fill("")
        page.get_by_role("button", name="Prepare the meeting").click()
        expect(answer).to_contain_text("The desk file is not JSON")
        page.get_by_label("Desk file").fill('{"suppliers": [{"supplier": "<b>x</b>", "types": []}]}')
        page.get_by_role("button", name="Prepare the meeting").click()
        expect(answer.locator(".findings li").first).to_contain_text("desk.suppliers[0]")
        assert page.url.endswith("/negotiate")


def test_a_long_question_is_watched_and_cancelled(browser: Browser, client: Client) -> None:
    """If this fails, nobody sees how far a question is, or gets rid of it."""
    with opened(browser, client, "/negotiate?example=fibre") as page:
        page.get_by_role("button", name="Prepare the meeting").click()
        page.wait_for_url("**/runs/*")
        expect(page.locator("#news")).to_have_text(re.compile(r"^(Reading|Solving).* s$"))
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()
        page.get_by_role("link", name="Change the question").click()
        expect(page.get_by_label("Scenario", exact=True)).to_contain_text("(of run")


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (768, "light"), (1920, "dark")])
def test_pages_fit_every_width_and_scheme(browser: Browser, client: Client, brief: str, width: int, scheme: str) -> None:
    """If this fails, a page must be scrolled sideways on a telephone, or can't be read in the dark."""
    for address in ("/negotiate", brief):
        with opened(browser, client, address, width, scheme) as page:
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
            ink, paper = (page.evaluate(f"getComputedStyle(document.documentElement).{name}") for name in ("color", "backgroundColor"))
            assert contrast(ink, paper) > 7
            unnamed = page.evaluate(
                "[...document.querySelectorAll('input, select, textarea')].filter((field) => !field.labels.length && !field.ariaLabel).map((field) => field.id)"
            )
            assert unnamed == []
            assert page.locator("h1").count() == 1


def test_a_scenario_without_offers_says_so(client: Client) -> None:
    """If this fails, the form offers nothing to choose, without a word."""
    run = client.solve("fine", wait=60).json()
    assert "nothing to negotiate" in client.get("/negotiate", params={"run": run["id"]}).text
