"""The pages in a real Chromium: a sourcing team must be able to solve, watch, stop and read without touching the HTTP interface."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from scenarios.files import dump_scenario
from tests.api.service import Client, serving
from tests.optimizer.report_plan import report_scenario

pytestmark = pytest.mark.browser
CHROMIUM = "/usr/bin/chromium"
PLAIN = "offtake.test"
"""A name of this machine that browsers do not take for a local one: pages under it come over plain HTTP."""
RESOLVED = f"--host-resolver-rules=MAP {PLAIN} 127.0.0.1"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", RESOLVED]
EXPECTED = ("status of 422", "Clear-Site-Data header", "origin was untrustworthy")  # a refusal, drafts that go with whoever signs out, plain HTTP
"""Chromium reports every refused request as an error of the page, and every header that it does not heed over plain HTTP."""


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(grace_seconds=0.5) as client:
        yield client


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=30_000)  # a busy machine is not a fault
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, client: Client, address: str = "/new", width: int = 1200, scheme: str = "light") -> Iterator[Page]:
    """A page of the service that must not complain, nor ask anyone else for anything."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, base_url=str(client.base_url))
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: request.url.startswith(str(client.base_url)) or complaints.append(f"asked {request.url}"))
    page.goto(address)
    yield page
    context.close()
    assert [text for text in complaints if not any(x in text for x in EXPECTED)] == []


def scenario(name: str) -> str:
    """A scenario that fits the stand-in's plan, with names that would do harm if they were not escaped."""
    return dump_scenario(report_scenario().model_copy(update={"name": name})).decode()


def written(page: Page) -> Locator:
    """The scenario as text, in the view that shows it."""
    page.get_by_role("tab", name="JSON").click()
    return page.get_by_label("Scenario as JSON")


def solve(page: Page, name: str) -> None:
    """Paste a scenario and solve it."""
    written(page).fill(scenario(name))
    page.get_by_role("button", name="Solve").click()
    page.wait_for_url("**/runs/*")


def test_an_example_is_chosen_solved_and_read(browser: Browser) -> None:
    """The main way through the pages would be broken: choose an example, solve it, read the plan."""
    with serving(solve="optimizer.engine:solve") as client, opened(browser, client) as page:
        page.get_by_label("Start from a bundled scenario").select_option("quickstart")
        expect(written(page)).to_have_value(re.compile('"offtake/1"'))
        page.get_by_role("button", name="Solve").click()
        page.wait_for_url("**/runs/*")
        expect(page.get_by_role("heading", name="The decision")).to_be_visible()
        expect(page.locator(".state")).to_have_text("optimal")
        expect(page.locator(".decision p").first).not_to_be_empty()
        expect(page.locator(".chart .main-svg").first).to_be_visible()
        assert page.locator(".chart .main-svg").count() >= 3
        for name in ("Plan (JSON)", "Tables (CSV)", "Report (HTML)", "Scenario (JSON)"):
            address = page.get_by_role("link", name=name).get_attribute("href")
            assert client.get(address).status_code == 200, name


def test_a_plan_is_shown_with_charts(browser: Browser, client: Client) -> None:
    """A plan would come without its figures, tables or charts, or a name in it would act as HTML."""
    with opened(browser, client) as page:
        solve(page, "fine")
        expect(page.get_by_role("heading", name="The decision")).to_be_visible()
        for heading in ("The plan in charts", "Contracts", "Rules", "Cost", "Proof and provenance"):
            expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        charts = page.locator("figure")
        for i in range(charts.count()):
            expect(charts.nth(i).locator(".main-svg").first).to_be_visible()
            assert len(charts.nth(i).locator("h3").inner_text()) > 20, "a title states the finding"
        assert charts.count() >= 4
        expect(page.locator("main script, main b b, main em")).to_have_count(0)
        assert page.locator("#main").inner_text().count("<b>cable</b>") > 0, "markup in names is text"


def test_a_run_is_watched_and_stopped(browser: Browser, client: Client) -> None:
    """Progress would stand still, or stopping would not lead to the plan."""
    with opened(browser, client) as page:
        solve(page, "patient")
        expect(page.locator("#incumbent")).to_have_text(re.compile(r"\d USD$"))
        expect(page.locator("#bound")).to_have_text("90.0 USD")
        expect(page.locator("#left")).to_have_text(re.compile(r"\d USD$"))
        expect(page.locator("#gap")).to_have_text(re.compile(r"\d %$"))
        expect(page.locator("#phases [aria-current]")).to_have_text("Search")
        before = page.locator("#incumbent").inner_text()
        expect(page.locator("#incumbent")).not_to_have_text(before)
        expect(page.locator("#course")).to_be_visible()
        page.get_by_role("button", name="Stop and keep the best plan").click()
        expect(page.get_by_role("heading", name="The decision")).to_be_visible()
        expect(page.locator(".state")).to_have_text("feasible")


def test_a_run_is_cancelled(browser: Browser, client: Client) -> None:
    """Cancelling would leave the page waiting for a plan that never comes."""
    with opened(browser, client) as page:
        solve(page, "stubborn")
        page.get_by_role("button", name="Cancel and discard").click()
        expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()
        page.get_by_role("link", name="Change the scenario").click()
        expect(written(page)).to_have_value(re.compile('"name": ?"stubborn"'))


def test_a_contradiction_names_its_rules(browser: Browser, client: Client) -> None:
    """An infeasible scenario would end in silence."""
    with opened(browser, client) as page:
        solve(page, "infeasible")
        expect(page.get_by_role("heading", name="Infeasible", exact=True)).to_be_visible()
        expect(page.locator(".findings li")).to_have_count(2)
        expect(page.locator(".findings li").first).to_contain_text("12.5 points")


def test_findings_stand_beside_the_form_and_lead_to_their_place(browser: Browser, client: Client) -> None:
    """Someone who pastes a wrong scenario would not learn what is wrong, or where."""
    with opened(browser, client) as page:
        text = written(page)
        text.fill("this is not JSON")
        page.get_by_role("button", name="Solve").click()
        expect(page.locator(".findings li")).to_contain_text("not JSON")
        document = json.loads(scenario("fine"))
        document["demand"][1]["site"] = "<b>nowhere</b>"
        document["shortage"][0]["kind"] = "forgotten"
        text.fill(json.dumps(document, indent=1))
        page.get_by_role("button", name="Check only").click()
        expect(page.locator(".findings li")).to_have_count(2)
        page.get_by_role("button", name="demand[1].site").click()
        chosen = page.evaluate("document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)")
        assert chosen == '"site": "<b>nowhere</b>"'
        assert page.url.endswith("/new")
        text.fill(scenario("fine"))
        page.get_by_role("button", name="Check only").click()
        expect(page.locator("#answer")).to_contain_text("can be solved")


def test_a_file_is_uploaded(browser: Browser, client: Client, tmp_path: Path) -> None:
    """A scenario on disk could not be solved from the page, or a large one would freeze it."""
    small, large, huge = tmp_path / "small.json", tmp_path / "large.json", tmp_path / "huge.json"
    small.write_text(scenario("fine"))
    large.write_text(scenario("fine") + " " * 5_000_000)
    huge.write_bytes(b" " * 34_000_000)
    with opened(browser, client) as page:
        page.get_by_label("or open a file").set_input_files(small)
        expect(page.get_by_label("Scenario as JSON")).to_have_value(re.compile("fine"))
        page.get_by_label("or open a file").set_input_files(huge)
        expect(page.locator("#answer")).to_contain_text("too large")
        page.get_by_label("or open a file").set_input_files(large)
        expect(page.get_by_label("Scenario as JSON")).to_be_disabled()
        page.get_by_role("button", name="Solve").click()
        expect(page.get_by_role("heading", name="The decision")).to_be_visible()


def test_the_form_works_by_keyboard_and_has_labels(browser: Browser, client: Client) -> None:
    """Someone without a mouse, or with a screen reader, could not use the form."""
    with opened(browser, client) as page:
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        written(page).fill(scenario("fine"))
        page.get_by_label("Gap, %").focus()
        page.keyboard.type("5")
        page.keyboard.press("Enter")
        page.wait_for_url("**/runs/*")
        run = client.get(f"/v1/runs/{page.url.rpartition('/')[2]}").json()
        assert run["settings"]["gap"] == 0.05
    with opened(browser, client) as page:
        unnamed = page.evaluate(
            "[...document.querySelectorAll('input, select, textarea')].filter((field) => !field.labels.length && !field.ariaLabel).map((field) => field.id)"
        )
        assert unnamed == []
        assert page.evaluate("document.documentElement.lang") == "en"
        assert page.locator("h1").count() == 1


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (768, "light"), (1920, "dark")])
def test_pages_fit_every_width_and_scheme(browser: Browser, client: Client, width: int, scheme: str) -> None:
    """A page would have to be scrolled sideways on a telephone, or be unreadable in the dark."""
    run = client.solve("fine", wait=60).json()
    for address in ("/", "/new", "/runs", "/docs", f"/runs/{run['id']}"):
        with opened(browser, client, address, width, scheme) as page:
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
            ink, paper = (page.evaluate(f"getComputedStyle(document.documentElement).{name}") for name in ("color", "backgroundColor"))
            assert contrast(ink, paper) > 7


def test_a_forgotten_run_is_a_page_too(client: Client) -> None:
    """An old link would end in bare JSON."""
    answer = client.get("/runs/nowhere")
    assert answer.status_code == 404
    assert "There is no such run" in answer.text


def contrast(one: str, other: str) -> float:
    """Contrast of two CSS colours by the formula of the accessibility guidelines (7 is its strictest demand)."""
    low, high = sorted(luminance(colour) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    return sum(weight * (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4) for weight, p in zip((0.2126, 0.7152, 0.0722), parts, strict=True))
