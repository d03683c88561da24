"""Keys on the pages, in a real Chromium: signing in, working, sharing, signing out."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.keyed import Keyed, keyed
from tests.api.test_web import PLAIN, browser, opened, scenario, solve, written
from tests.api.test_web_axe import axe, violations

__all__ = ["axe", "browser"]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served() -> Iterator[Keyed]:
    with keyed() as served:
        yield served


def signed_in(page: Page, served: Keyed, who: str) -> None:
    """Sign in on the page that is shown."""
    page.get_by_label("Key").fill(served.secrets[who])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"^(?!.*sign-in)"))


def test_a_day_with_a_key(browser: Browser, served: Keyed, axe: str) -> None:
    """A team could not sign in, solve, stop, share or sign out with a browser, or a script or style of ours would be refused by our own policy."""
    with opened(browser, served.client(None), "/new") as page:
        assert "/sign-in?next=/new" in page.url
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert violations(page, axe) == []
        signed_in(page, served, "ana")
        assert page.url.endswith("/new")
        solve(page, "patient")
        expect(page.locator("#incumbent")).to_have_text(re.compile(r"\d USD$"))
        page.get_by_role("button", name="Stop and keep the best plan").click()
        expect(page.get_by_role("heading", name="The decision")).to_be_visible()
        run = page.url
        page.get_by_role("link", name="Share").click()
        page.get_by_role("button", name="Make a link").click()
        link = page.get_by_label("Copy it now").input_value()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert violations(page, axe) == []
        page.set_viewport_size({"width": 320, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.goto("/new")
        written(page).fill(scenario("fine"))
        page.get_by_role("button", name="Check only").click()
        expect(page.locator("#answer")).to_contain_text("can be solved")
        page.get_by_role("button", name="Sign out").click()
        page.goto(run)
        assert "/sign-in" in page.url
    with opened(browser, served.client(None), link) as page:
        assert page.url == run
        expect(page.get_by_role("heading", name="The decision")).to_be_visible()
        expect(page.locator(".chart .main-svg").first).to_be_visible()
        expect(page.get_by_role("button", name="Solve once more")).to_have_count(0)
        assert violations(page, axe) == []
        with page.expect_download() as download:
            page.get_by_role("link", name="Plan (JSON)").click()
        assert download.value.suggested_filename.endswith(".json")


def test_a_guest_watches_a_run(browser: Browser, served: Keyed) -> None:
    """Somebody with a link would see a run stand still, or could stop it."""
    ana = served.client("ana")
    run = ana.solve("patient").json()["id"]
    link = ana.post(f"/v1/runs/{run}/shares").json()["address"]
    with opened(browser, served.client(None), link) as page:
        expect(page.locator("#incumbent")).to_have_text(re.compile(r"\d USD$"))
        expect(page.get_by_role("button", name="Stop and keep the best plan")).to_be_hidden()
        ana.post(f"/v1/runs/{run}/stop")
        expect(page.locator(".state")).to_have_text("feasible")


def test_drafts_go_with_whoever_signs_out(browser: Browser, served: Keyed) -> None:
    """The next one at this browser could read what was edited before, or a session that runs out would take an hour of work with it."""
    kept = "Object.keys(localStorage).filter((key) => key.startsWith('offtake')).length"
    hidden = "document.dispatchEvent(new Event('visibilitychange'))"  # what a page is told before it is forgotten: it keeps its draft at once
    plain = served.client(None)
    plain.base_url = plain.base_url.copy_with(host=PLAIN)
    with opened(browser, plain, "/new") as page:
        signed_in(page, served, "ana")
        assert not page.evaluate("isSecureContext"), "Clear-Site-Data would be heeded"
        other = page.context.new_page()
        other.goto("/new?example=fibre")
        for each in (page, other):
            each.get_by_label("Discount rate").fill("0.2")
            each.keyboard.press("Tab")
            each.evaluate(hidden)
        assert page.evaluate(kept) == 3, "two drafts and whose they are"
        cookies = page.context.cookies()
        page.context.clear_cookies()
        page.goto("/new")
        assert "/sign-in" in page.url
        assert page.evaluate(kept) == 3
        page.context.add_cookies(cookies)  # type: ignore[arg-type]
        page.goto("/new")
        expect(page.locator("#draft")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/sign-in*")
        page.wait_for_function(f"{kept} === 0")
        other.get_by_label("Discount rate").fill("0.3")
        other.keyboard.press("Tab")
        other.evaluate(hidden)
        assert other.evaluate(kept) == 0, "a page that was still open"
        signed_in(page, served, "ben")
        page.goto("/new")
        other.evaluate(hidden)
        assert page.evaluate(kept) == 1, "only whose drafts are kept from now on"
