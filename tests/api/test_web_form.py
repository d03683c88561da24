"""The form of a scenario in a real Chromium: tables filled from a spreadsheet, findings beside the fields, nothing lost, and no script needed for the text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from scenarios import library
from tests.api.service import Client, serving
from tests.api.test_web import browser, opened, scenario, solve, written

__all__ = ["browser"]
pytestmark = pytest.mark.browser
ROWS = "Site\tProduct\tVolume 2027\tVolume 2028\tVolume 2029\nohio\tcable\t1,000\t2000\t3 000\ntexas\tcable\t10\t20\t30,5\nutah\tcable\t1\t2\t3\n"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(grace_seconds=0.5) as client:
        yield client


def document(page: Page) -> Any:
    """The scenario that would be sent."""
    found = json.loads(written(page).input_value())
    page.get_by_role("tab", name="Form").click()
    return found


def cell(page: Page, table: str, column: str, row: int) -> Locator:
    """A cell of a table of the form."""
    return page.get_by_role("region", name=table, exact=True).get_by_label(f"{column}, row {row}", exact=True)


def paste(page: Page, text: str) -> None:
    """What Ctrl+V does after a copy in a spreadsheet."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("Control+V")


def test_a_table_is_pasted_corrected_and_solved(browser: Browser, client: Client) -> None:
    """If this fails, the main way through the form is broken: paste from a spreadsheet, see what is wrong beside the field, correct it, solve."""
    with opened(browser, client, "/new?example=quickstart") as page:
        before = document(page)
        cell(page, "Demand", "Site", 1).focus()
        paste(page, ROWS)
        expect(page.get_by_text("15 cells pasted, 1 row added.")).to_be_visible()
        expect(page.get_by_role("region", name="Demand").locator("tfoot td").last.locator("xpath=preceding-sibling::td[1]")).to_have_text("6,066.5")
        assert document(page) == {**before, "demand": demand({"ohio": [1000, 2000, 3000], "texas": [10, 20, 30.5], "utah": [1, 2, 3]})}
        wrong = cell(page, "Demand", "Site", 3)
        expect(wrong).to_have_attribute("aria-invalid", "true")
        expect(page.locator("tr.told")).to_contain_text("Site: there is no site 'utah'")
        page.get_by_role("button", name="demand[2].site").click()
        expect(wrong).to_be_focused()
        page.locator("[data-path=sites]").get_by_role("button", name="Add a row").click()
        page.keyboard.type("utah")
        page.keyboard.press("Tab")
        expect(page.locator("tr.told")).to_have_count(0)
        expect(page.locator("#answer")).to_contain_text("3 sites")
        cell(page, "Demand", "Volume 2029", 2).fill("1.250,75")
        page.keyboard.press("Tab")
        expect(cell(page, "Demand", "Volume 2029", 2)).to_have_value("1,250.75")
        page.get_by_role("button", name="Solve", exact=True).click()
        page.wait_for_url("**/runs/*")
        sent = client.get(f"/v1/runs/{page.url.rpartition('/')[2]}/scenario").json()
        assert sent["sites"][2] == {"id": "utah"}
        assert sent["demand"][1]["volume"] == [10, 20, 1250.75]


def test_prices_per_product_and_shapes_are_pasted(browser: Browser, client: Client) -> None:
    """If this fails, an offer with a price for each product, or with volumes that differ by period, can't be filled in from a spreadsheet."""
    alternatives, prices = "Offers: alternatives", "Offers: alternatives: price per product"
    with opened(browser, client, "/new?example=clause-escalator") as page:
        before = document(page)
        page.get_by_role("heading", name="Offers", exact=True).click()
        page.locator("[data-path='offers.*.alternatives.*.price']").get_by_role("button", name="Add a row").click()
        cell(page, prices, "Product", 1).focus()
        paste(page, "Product\tPrice\ncable\t27,500\n")
        price = cell(page, alternatives, "Price", 1)
        expect(price).to_have_attribute("readonly", "")
        expect(cell(page, alternatives, "Profile: shape (1)", 1)).to_have_count(0)
        cell(page, alternatives, "Profile: kind", 1).select_option("shaped")
        cell(page, alternatives, "Profile: shape (1)", 1).focus()
        paste(page, "1\t0,5\n")
        first = document(page)["offers"][0]["alternatives"][0]
        assert first["price"] == [{"product": "cable", "price": 27500}]
        assert first["profile"] == {"kind": "shaped", "shape": [1, 0.5]}
        page.get_by_role("region", name=prices).get_by_label("Remove row 1").click()
        expect(price).not_to_have_attribute("readonly", "")
        page.locator("[data-path='offers.*.alternatives.*.price']").get_by_role("button", name="Undo").click()
        assert document(page)["offers"][0]["alternatives"][0]["price"] == first["price"]
        for _ in range(3):  # back over the shape, the price, and the row that took the place of a single price
            page.locator("[data-path='offers.*.alternatives.*.price']").get_by_role("button", name="Undo").click()
        assert document(page)["offers"][0]["alternatives"][0]["price"] == before["offers"][0]["alternatives"][0]["price"]


def test_a_single_price_is_back_when_its_table_goes(browser: Browser, client: Client) -> None:
    """If this fails, a row of prices per product that is moved to another alternative, or removed, takes the single price with it that stood there before."""
    alternatives, prices = "Offers: alternatives", "Offers: alternatives: price per product"
    with opened(browser, client, "/new?example=quickstart") as page:
        before = document(page)
        page.get_by_role("heading", name="Offers", exact=True).click()
        part = page.locator("[data-path='offers.*.alternatives.*.price']")
        part.get_by_role("button", name="Add a row").click()
        assert document(page)["offers"][0]["alternatives"][0]["price"] == [{}]
        cell(page, prices, "Alternative", 1).select_option("maker-long-term / growing")
        expect(cell(page, alternatives, "Price", 1)).to_have_value("28,000")
        expect(cell(page, alternatives, "Price", 1)).not_to_have_attribute("readonly", "")
        expect(cell(page, alternatives, "Price", 2)).to_have_attribute("readonly", "")
        cell(page, prices, "Product", 1).focus()
        paste(page, "cable\t1\ncable\t2\n")
        part.get_by_role("button", name="Undo").click()  # the document is read anew; what the table took the place of is still known
        moved = document(page)["offers"][0]["alternatives"]
        assert [x["price"] for x in moved] == [28000, [{}]]
        page.get_by_role("region", name=prices).get_by_label("Remove row 1").click()
        expect(cell(page, alternatives, "Price", 2)).to_have_value("27,000")
        after = document(page)
        assert after == before
        assert list(after["offers"][0]["alternatives"][1]) == list(before["offers"][0]["alternatives"][1]), "fields stand where they stood"


def test_a_draft_is_back_after_the_page_was_left(browser: Browser, client: Client) -> None:
    """If this fails, an hour of filling in is gone with a closed tab, comes back in the wrong scenario, or can't be got rid of."""
    with opened(browser, client, "/new?example=quickstart") as page:
        line, before = page.locator("#draft"), document(page)
        page.get_by_label("Discount rate").fill("0.2")
        page.goto("/new?example=fibre")
        expect(page.get_by_label("Discount rate")).to_be_visible()
        expect(line).to_be_hidden()
        page.get_by_label("Start from a bundled scenario").select_option("quickstart")
        expect(line).to_contain_text("Your draft from today at")
        assert document(page) == {**before, "discount_rate": 0.2}
        page.get_by_role("button", name="Discard the draft").click()
        expect(line).to_be_hidden()
        assert document(page) == before
        written(page).fill("{")
        page.goto("/new?example=quickstart")
        expect(line).to_be_visible()
        expect(page.get_by_label("Scenario as JSON")).to_have_value("{")
        solve(page, "fine")
        page.goto("/new?example=quickstart")
        expect(page.get_by_label("Discount rate")).to_be_visible()
        expect(line).to_be_hidden()


def test_a_draft_belongs_to_the_file_as_it_was(browser: Browser, client: Client, tmp_path: Path) -> None:
    """If this fails, someone opens a file and is shown the draft of another one of that name, or the draft is lost to it."""
    one, other = tmp_path / "one" / "plan.json", tmp_path / "other" / "plan.json"
    for path, rate in ((one, 0.1), (other, 0.3)):
        path.parent.mkdir()
        path.write_text(json.dumps({**json.loads(scenario("fine")), "discount_rate": rate}))
    with opened(browser, client) as page:
        field, file = page.get_by_label("Discount rate"), page.get_by_label("or open a file")
        file.set_input_files(one)
        expect(field).to_have_value("0.1")
        field.fill("0.2")
        page.keyboard.press("Tab")
        file.set_input_files(other)
        expect(field).to_have_value("0.3")
        expect(page.locator("#draft")).to_be_hidden()
        field.fill("0.4")
        page.keyboard.press("Tab")
        file.set_input_files(one)
        expect(field).to_have_value("0.2")
        expect(page.locator("#draft")).to_contain_text("Your draft from today at")


def test_a_table_goes_to_a_spreadsheet_and_back(browser: Browser, client: Client) -> None:
    """If this fails, a table that is copied out, left as it is and pasted back has changed, or a name in it runs as a formula."""
    with opened(browser, client, "/new?example=fibre") as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        cell(page, "Sites", "Name", 1).fill("=1+1")
        page.keyboard.press("Tab")
        before = document(page)
        page.get_by_role("heading", name="Offers", exact=True).click()
        for path, table, column in (("sites", "Sites", "ID"), ("demand", "Demand", "Site"), ("offers.*.alternatives", "Offers: alternatives", "Offer")):
            page.locator(f"[data-path='{path}']").get_by_role("button", name="Copy the table").click()
            expect(page.locator(f"[data-path='{path}'] [role=status]")).to_contain_text("copied")
            text = page.evaluate("navigator.clipboard.readText()")
            assert text.count("\n") == {"sites": 8, "demand": 16}.get(path, 9)
            assert "\t=" not in text
            cell(page, table, column, 1).focus()
            page.keyboard.press("Control+V")
            expect(page.locator(f"[data-path='{path}'] [role=status]")).to_contain_text("pasted")
        assert document(page) == before
        assert before["sites"][0]["name"] == "=1+1"


def test_pasted_rows_go_to_the_parents_they_name(browser: Browser, client: Client) -> None:
    """If this fails, alternatives pasted in another order are read as those of the wrong offers."""
    rows = "importer-frame\tsmall\t26000\t0\t100\nmaker-long-term\tlarge\t27000\t5\t50\nimporter-frame\tbig\t25000\t0\t900\nnobody\tx\t1\t2\t3\n"
    with opened(browser, client, "/new?example=quickstart") as page:
        page.get_by_role("heading", name="Offers", exact=True).click()
        cell(page, "Offers: alternatives", "Offer", 1).focus()
        paste(page, rows)
        expect(page.locator("[data-path='offers.*.alternatives'] > [role=status]")).to_contain_text("Not known: nobody")
        maker, importer = document(page)["offers"]
        assert [(x["id"], x["price"], x["volume_per_period"]["max"]) for x in maker["alternatives"]] == [("large", 27000, 50)]
        assert [(x["id"], x["price"]) for x in importer["alternatives"]] == [("big", 25000), ("x", 1), ("small", 26000)]


def demand(volumes: dict[str, list[float]]) -> list[dict[str, Any]]:
    return [{"site": site, "product": "cable", "volume": volume} for site, volume in volumes.items()]


@pytest.mark.parametrize("name", ["fibre", "fibre-generated", "rule-requires"])
def test_a_form_that_is_looked_at_loses_nothing(browser: Browser, client: Client, name: str) -> None:
    """If this fails, opening a scenario in the form, or changing one field of it, changes something else."""
    with opened(browser, client, f"/new?example={name}") as page:
        page.evaluate("for (const block of document.querySelectorAll('details.block')) block.open = true")
        expect(page.locator("details.block[open] .part").last).to_be_visible()
        page.get_by_label("Discount rate").fill("9 %")
        page.keyboard.press("Tab")
        assert document(page) == {**json.loads(library.read(name)), "discount_rate": 0.09}


HOSTILE = {
    "format": 1, "name": ["<img src=x onerror=alert(1)>"], "periods": [{"id": 1}, None, "<b>x</b>"], "sites": "x", "products": [None, 5, {"unit": "<b>u</b>"}],
    "suppliers": [{"id": {}, "capacity": [{"volume": 3}], "capacity_steps": 7}], "demand": [None, 5, [], {"volume": 3}, {"volume": {"0": 1}}],
    "offers": [{"id": "<b>o</b>", "window": 4, "alternatives": {}, "clauses": [None, {"kind": "toString"}, {"kind": "<b>k</b>"}]}, None],
    "rules": [{}, {"kind": 4}], "risk": [], "uncertainty": {"kind": "<b>k</b>", "futures": 1}, "solve": 3, "frontier": "x", "unknown": {"kept": [1]},
}  # fmt: skip


def test_a_scenario_full_of_mistakes_is_shown_and_kept(browser: Browser, client: Client) -> None:
    """If this fails, a document that needs correcting is the one that can't be opened, or markup in it acts."""
    with opened(browser, client) as page:
        written(page).fill(json.dumps(HOSTILE))
        page.get_by_role("tab", name="Form").click()
        page.evaluate("for (const block of document.querySelectorAll('details.block')) block.open = true")
        expect(page.locator("details.block").last.locator(".part").first).to_be_visible()
        page.get_by_role("button", name="Check only").click()
        expect(page.locator(".badge:not(:empty)").first).to_be_visible()
        expect(page.locator("main img, main summary b, main td b b, main legend b")).to_have_count(0)
        assert document(page) == HOSTILE
        cell(page, "Demand", "Site", 4).fill("ohio")
        page.keyboard.press("Tab")
        assert document(page)["demand"][3] == {"volume": 3, "site": "ohio"}


def test_cells_are_reached_by_keyboard(browser: Browser, client: Client) -> None:
    """If this fails, someone without a mouse must press Tab through whole tables, or Enter sends the form."""
    with opened(browser, client, "/new?example=quickstart") as page:
        cell(page, "Demand", "Volume 2027", 1).focus()
        page.keyboard.type("7")
        page.keyboard.press("Enter")
        expect(cell(page, "Demand", "Volume 2027", 2)).to_be_focused()
        page.keyboard.press("ArrowRight")
        expect(cell(page, "Demand", "Volume 2028", 2)).to_be_focused()
        page.keyboard.press("ArrowUp")
        expect(cell(page, "Demand", "Volume 2028", 1)).to_be_focused()
        assert page.url.endswith("/new?example=quickstart")
        assert document(page)["demand"][0]["volume"] == [7, 5000, 4200]
        page.locator("[data-path=demand]").get_by_role("button", name="Remove row 1").click()
        assert len(document(page)["demand"]) == 1
        page.locator("[data-path=demand]").get_by_role("button", name="Undo").click()
        assert len(document(page)["demand"]) == 2


def test_rules_and_clauses_are_added_as_cards(browser: Browser, client: Client) -> None:
    """If this fails, nobody adds a rule or a clause without knowing its JSON."""
    with opened(browser, client, "/new?example=quickstart") as page:
        page.get_by_role("heading", name="Business rules").click()
        rules = page.locator("[data-path=rules]")
        rules.get_by_label("Kind").select_option("spot_share")
        rules.get_by_role("button", name="Add a rule").click()
        rules.get_by_label("Max").last.fill("40 %")
        page.keyboard.press("Tab")
        assert document(page)["rules"][-1] == {"kind": "spot_share", "max": 0.4}
        page.get_by_role("heading", name="Offers", exact=True).first.click()
        clauses = page.locator("[data-path='offers.*.clauses']")
        clauses.get_by_label("Kind").select_option("minimum_order")
        clauses.get_by_label("of", exact=True).select_option(label="importer-frame")
        clauses.get_by_role("button", name="Add a clause").click()
        assert document(page)["offers"][1]["clauses"][-1] == {"kind": "minimum_order"}


def test_a_result_is_marked_once_its_scenario_was_edited(browser: Browser, client: Client) -> None:
    """If this fails, figures of an earlier version are read as if they were those of the scenario on the screen."""
    with opened(browser, client) as page:
        solve(page, "fine")
        expect(page.get_by_role("heading", name="The decision")).to_be_visible()
        first = page.url
        page.get_by_role("link", name="Change the scenario").click()
        expect(page.locator(".origin")).to_contain_text("expected cost")
        expect(page.locator("#edited")).to_be_hidden()
        page.get_by_label("Discount rate").fill("0.2")
        page.keyboard.press("Tab")
        expect(page.locator("#edited")).to_contain_text("belongs to the earlier version")
        page.get_by_role("button", name="Solve", exact=True).click()
        page.wait_for_url("**/runs/*")
        newer = page.url.rpartition("/")[2]
        expect(page.locator(".stale")).to_have_count(0)
        page.goto(first)
        expect(page.locator(".stale")).to_contain_text(f"run {newer}")
        page.get_by_role("link", name="Compare the two").click()
        expect(page.get_by_role("row", name="Discount rate")).to_contain_text("0.2")


def test_scenarios_and_plans_are_taken_away(browser: Browser, client: Client) -> None:
    """If this fails, work in the form can't be kept without solving, or a plan can't be taken into a spreadsheet."""
    with opened(browser, client, "/new?example=quickstart") as page:
        page.get_by_label("Discount rate").fill("0.5")
        page.keyboard.press("Tab")
        with page.expect_download() as saved:
            page.get_by_role("button", name="Save as a file").click()
        assert saved.value.suggested_filename == "two-campuses-three-years.json"
        assert json.loads(saved.value.path().read_text("utf-8"))["discount_rate"] == 0.5
        page.get_by_role("button", name="Solve", exact=True).click()
        page.wait_for_url("**/runs/*")
        for link, start in (("Plan (JSON)", b"{"), ("Tables (CSV)", b"PK"), ("Contracts to sign", b"offer,")):
            with page.expect_download() as taken:
                page.get_by_role("link", name=link).click()
            assert taken.value.path().read_bytes().startswith(start), link


def test_a_workbook_is_saved_changed_and_opened(browser: Browser, client: Client, tmp_path: Path) -> None:
    """If this fails, a scenario does not go from the form into Excel and back, or a wrong workbook is opened without a word."""
    with opened(browser, client, "/new?example=quickstart") as page:
        before = document(page)
        page.get_by_label("Discount rate").fill("0.5")
        page.keyboard.press("Tab")
        with page.expect_download() as taken:
            page.get_by_role("button", name="Save as a workbook").click()
        assert taken.value.suggested_filename == "two-campuses-three-years.xlsx"
        path = tmp_path / "mine.xlsx"
        taken.value.save_as(path)
        page.get_by_label("Start from a bundled scenario").select_option("rule-requires")
        expect(page.get_by_label("Name", exact=True)).to_have_value("Requires")
        page.get_by_label("or open a file").set_input_files(path)
        expect(page.locator("#answer")).to_contain_text("mine.xlsx is ready")
        after = document(page)
        assert after["discount_rate"] == 0.5
        assert [offer["id"] for offer in after["offers"]] == [offer["id"] for offer in before["offers"]]
        assert {x["site"]: x["volume"] for x in after["demand"]} == {x["site"]: x["volume"] for x in before["demand"]}
        broken = tmp_path / "broken.xlsx"
        broken.write_bytes(b"PK not a workbook")
        page.get_by_label("or open a file").set_input_files(broken)
        expect(page.locator(".findings li")).to_have_count(1)


def test_the_text_needs_no_script(browser: Browser, client: Client) -> None:
    """If this fails, a browser without JavaScript can neither check nor solve."""
    context = browser.new_context(java_script_enabled=False, base_url=str(client.base_url))
    page = context.new_page()
    page.goto("/new?example=quickstart")
    text = page.get_by_label("Scenario as JSON")
    text.fill(scenario("fine").replace('"site": "ohio"', '"site": "nowhere"', 1))
    page.get_by_role("button", name="Check only").click()
    expect(page.locator(".findings li").first).to_contain_text("there is no site 'nowhere'")
    page.get_by_label("Scenario as JSON").fill(scenario("fine"))
    page.get_by_role("button", name="Check only").click()
    expect(page.locator("#answer")).to_contain_text("can be solved")
    page.get_by_label("Gap, %").fill("5")
    page.get_by_role("button", name="Solve", exact=True).click()
    page.wait_for_url("**/runs/*")
    assert client.get(f"/v1/runs/{page.url.rpartition('/')[2]}").json()["settings"]["gap"] == 0.05
    context.close()


def test_a_plain_form_is_read_within_limits(client: Client) -> None:
    """If this fails, the form without scripts takes what the service refuses elsewhere, or answers with an error of ours."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/new", content=b"{}", headers={"Content-Type": "application/json"}).status_code == 415
    assert client.post("/new", content="text=ä".encode(), headers=form).status_code == 415
    assert client.post("/new", content=b"&".join(b"a=1" for _ in range(50)), headers=form).status_code == 415
    assert client.post("/new", content=b"text=%7B&do=solve", headers=form).status_code == 422
    assert client.post("/new", content=b"text=%7B%7D&gap=much", headers=form).status_code == 422
    assert client.post("/new", content=b"x" * 40_000_000, headers=form).status_code == 413
    assert client.post("/new", content=b"text=", headers={**form, "Origin": "http://elsewhere.example"}).status_code == 403
