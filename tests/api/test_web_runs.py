"""Pages of runs and batches that follow what happens, in a real Chromium."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.api.service import Client, serving, tiny
from tests.api.test_batch_pages import sent
from tests.api.test_web import browser, opened

__all__ = ["browser"]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served() -> Iterator[Client]:
    with serving(grace_seconds=0.5) as client:
        yield client


@pytest.fixture
def client(served: Client) -> Iterator[Client]:
    """The server of this file. What a test leaves under way is ended, so that the next one begins at once."""
    yield served
    for run in served.get("/v1/runs", params={"limit": 20}).json()["runs"]:
        if not run["finished"]:
            served.post(f"/v1/runs/{run['id']}/cancel")
            served.run_until(run["id"], lambda run: run["finished"])


def test_the_log_of_a_run_grows_on_its_page(browser: Browser, client: Client) -> None:
    """If this fails, nobody sees what a run that takes hours is doing, or it must be loaded again and again."""
    first, second = (client.solve("patient").json()["id"] for _ in range(2))
    with opened(browser, client, f"/runs/{second}") as page:
        expect(page.locator("#log")).to_be_visible()
        expect(page.locator("#log")).not_to_contain_text("solve after")
        client.post(f"/v1/runs/{first}/cancel")
        expect(page.locator("#log")).to_contain_text("solve after")
        page.get_by_role("button", name="Stop and keep the best plan").click()
        expect(page.get_by_role("heading", name="The decision")).to_be_visible()
        expect(page.locator("#log")).to_be_hidden()
        page.get_by_text("Log", exact=True).click()
        expect(page.locator("#log")).to_contain_text("solve after")


def test_a_log_is_asked_for_once_at_a_time(browser: Browser, client: Client) -> None:
    """If this fails, whoever folds the log in and out while an answer is on its way reads its lines twice."""
    run = client.solve("patient").json()["id"]
    client.run_until(run, lambda run: run["state"] == "running")
    held: list[Route] = []
    asked: list[str] = []
    with opened(browser, client, "/runs") as page:
        page.route("**/log?offset=*", lambda route: route.continue_() if held else held.append(route))
        with page.expect_request("**/log?offset=*"):
            page.goto(f"/runs/{run}")
        page.on("request", lambda request: asked.append(request.url) if "/log?offset=" in request.url else None)
        page.locator("#log-part").dispatch_event("toggle")
        with page.expect_request("**/healthz"):
            page.evaluate("void fetch('/healthz')")  # anything that was asked for before has been seen once this is
        assert asked == []
        held[0].continue_()
        expect(page.locator("#log")).to_contain_text("solve after")
        assert page.locator("#log").inner_text().count("solve after") == 1


def test_a_batch_is_followed_on_its_page(browser: Browser, client: Client) -> None:
    """If this fails, the page of a batch shows what was, forgets what was ticked when it changes, or can't be read on a telephone."""
    batch = sent(client, [json.loads(tiny(name)) for name in ("fine", "patient")], tag="two")
    done, lasting = client.get(f"/v1/batches/{batch}").json()["runs"]
    client.run_until(lasting["id"], lambda run: run["state"] == "running")
    with opened(browser, client, f"/batches/{batch}", 320, "dark") as page:
        expect(page.locator("#news")).to_contain_text(re.compile(r"2 runs:.*1 optimal.*1 running"))
        page.locator(f"input[value='{done['id']}']").check()
        page.get_by_role("button", name="Cancel what has not ended").focus()
        client.post(f"/v1/runs/{lasting['id']}/stop")
        expect(page.locator("#news")).to_contain_text("1 feasible")
        expect(page.get_by_role("button", name="Cancel what has not ended")).to_be_hidden()
        expect(page.locator("#runs .state.feasible")).to_be_visible()
        expect(page.locator(f"input[value='{done['id']}']")).to_be_checked()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.set_viewport_size({"width": 1200, "height": 900})
        page.emulate_media(color_scheme="light")
        assert page.evaluate("document.documentElement.scrollWidth") <= 1200


def test_a_batch_leaves_a_table_in_peace_that_somebody_is_in(browser: Browser, client: Client) -> None:
    """If this fails, the page is loaded again and again and its sentence read out each time, for as long as the focus is in its table."""
    batch = sent(client, [json.loads(tiny(name)) for name in ("fine", "patient")], tag="held")
    _, lasting = client.get(f"/v1/batches/{batch}").json()["runs"]
    client.run_until(lasting["id"], lambda run: run["state"] == "running")
    asked: list[str] = []
    with opened(browser, client, f"/batches/{batch}") as page:
        page.clock.install()
        with page.expect_response(lambda answer: answer.request.resource_type == "fetch" and answer.url.endswith(f"/batches/{batch}")):
            page.reload()
        page.locator("#runs").get_by_role("checkbox").first.focus()
        page.evaluate("window.told = 0; new MutationObserver(() => { window.told += 1; }).observe(document.getElementById('news'), { childList: true })")
        page.on("request", lambda request: asked.append(request.url) if request.url.endswith(f"{client.base_url.port}/batches/{batch}") else None)
        client.post(f"/v1/runs/{lasting['id']}/stop")
        client.run_until(lasting["id"], lambda run: run["finished"])
        page.clock.fast_forward(2000)
        expect(page.locator("#news")).to_contain_text("1 feasible")
        for _ in range(3):
            with page.expect_response(f"**/v1/batches/{batch}"):
                page.clock.fast_forward(2000)
        assert len(asked) == 1
        assert page.evaluate("window.told") == 1
        expect(page.locator("#runs .state.running")).to_be_visible()
        page.get_by_role("button", name="Cancel what has not ended").focus()
        page.clock.fast_forward(2000)
        expect(page.locator("#runs .state.feasible")).to_be_visible()
