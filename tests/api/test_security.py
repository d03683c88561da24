"""Attacks by HTTP on what the service shows and gives out: markup in names, formulas in tables, paths that lead elsewhere."""

from __future__ import annotations

import csv
import io
import json
import re
import socket
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import openpyxl
import pytest

from scenarios.files import dump_scenario
from tests.api.service import Client, serving, tiny
from tests.optimizer.report_plan import FORMULA, SCRIPT, report_scenario

JSON = {"Content-Type": "application/json"}
MARKUP = "<img src=x onerror=alert(1)>'\"`{{7*7}}</script></textarea></title><svg/onload=alert(2)>"
FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|'/c calc'!A1")


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(grace_seconds=0.5) as client:
        yield client


@pytest.fixture(scope="module")
def runs(client: Client) -> list[dict[str, Any]]:
    """Two runs of a scenario whose name is markup, with a plan whose units, texts and names are markup and formulas too; and one that failed with it."""
    found = []
    for rate in (0.01, 0.02):
        body = dump_scenario(report_scenario().model_copy(update={"name": MARKUP, "discount_rate": rate}))
        found.append(client.post("/v1/runs", content=body, headers=JSON | {"Prefer": "wait=60"}).json())
    assert [run["state"] for run in found] == ["optimal", "optimal"]
    return found


class Elements(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.data: list[str] = []
        self._in_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._in_data = tag == "script" and given.get("type") == "application/json"
        if tag == "script" and not self._in_data and not (given.get("src") or "").startswith("/static/"):
            self.faults.append(f"a script: {given}")
        if tag in ("img", "iframe", "object", "embed", "base") or any(name.startswith("on") or name == "style" for name in given):
            self.faults.append(f"<{tag} {given}>")
        for name in ("href", "src", "action", "formaction"):
            if (given.get(name) or "").lower().strip().startswith(("javascript:", "data:", "//", "http")):
                self.faults.append(f"<{tag} {name}={given[name]}>")

    def handle_data(self, data: str) -> None:
        if self._in_data:
            self.data.append(data)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 (the parser's signature)
        self._in_data = False


def looked_through(text: str) -> Elements:
    """A page, as a browser reads it."""
    found = Elements()
    found.feed(text)
    found.close()
    return found


def test_the_net_would_catch_it() -> None:
    """The tests below would find nothing in any page."""
    for bad in (MARKUP, "<p style='x'>", "<a href=' JavaScript:alert(1)'>", "<script>1</script>", "<script src='//evil/x.js'></script>", SCRIPT):
        assert looked_through(bad).faults, bad


def test_names_and_units_stay_text_on_every_page(client: Client, runs: list[dict[str, Any]]) -> None:
    """A supplier's name or unit could run a script in the browser of everybody who reads the plan."""
    a, b = (run["id"] for run in runs)
    pages = ("/", "/runs", f"/runs?name={MARKUP}", f"/runs/{a}", f"/new?run={a}", f"/negotiate?run={a}", f"/compare?runs={a},{b}", f"/runs/{a}/share", "/docs")
    for address in pages:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert "script-src" in answer.headers["Content-Security-Policy"] or "default-src 'self'" in answer.headers["Content-Security-Policy"]
        found = looked_through(answer.text)
        assert found.faults == [], address
        for each in found.data:
            json.loads(each)  # data inside a script element ends where it should
    assert "onerror=alert" in client.get(f"/runs/{a}").text, "the name is there, as text"


def test_what_is_sent_back_by_pages_stays_text(client: Client) -> None:
    """A link to a page could carry a script in its query, or a form send one back with its findings."""
    for address in (f"/runs?name={MARKUP}&state={MARKUP}", f"/new?example={MARKUP}", f"/new?run={MARKUP}", f"/negotiate?offer={MARKUP}&example={MARKUP}",
                    f"/compare?runs={MARKUP}",
                    f"/runs/{MARKUP.replace('/', '')}", f"/shared/{MARKUP.replace('/', '')}", f"/sign-in?next={MARKUP}"):  # fmt: skip
        assert looked_through(client.get(address).text).faults == [], address
    for text in (MARKUP, tiny(MARKUP, demand=[1]).decode(), tiny(MARKUP).decode()):
        answer = client.post("/new", data={"text": text, "do": "check", "gap": MARKUP, "seed": MARKUP})
        assert looked_through(answer.text).faults == []


def test_errors_of_the_interface_are_never_pages(client: Client) -> None:
    """An error that repeats what was sent would be read as a page by a browser."""
    for address in (f"/v1/runs/{MARKUP.replace('/', '')}", f"/v1/examples/{MARKUP.replace('/', '')}", f"/{MARKUP}", f"/v1/runs?state={MARKUP}"):
        answer = client.get(address)
        assert answer.status_code >= 400
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "<img" not in answer.text


def test_a_report_runs_in_a_box(client: Client, runs: list[dict[str, Any]]) -> None:
    """A report, which brings its own scripts, could act for its reader if a name got into one of them."""
    answer = client.get(runs[0]["links"]["report"])
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert "<img src=x" not in answer.text
    assert SCRIPT not in answer.text


def test_formulas_stay_text_in_csv(client: Client, runs: list[dict[str, Any]]) -> None:
    """A spreadsheet would run what a supplier wrote into a name when somebody opens the tables."""
    with zipfile.ZipFile(io.BytesIO(client.get(runs[0]["links"]["tables"]).content)) as archive:
        cells = [cell for name in archive.namelist() for row in csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig"))) for cell in row]
    risky = [cell for cell in cells if cell[:1] in tuple("=+-@\t\r") and not re.fullmatch(r"-?[\d.]+(e[+-]?\d+)?|-inf", cell)]
    assert risky == []
    assert any(FORMULA in cell for cell in cells), "the plan under test has no formula in it"


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_stay_text_in_workbooks(client: Client, formula: str) -> None:
    """Excel would run what somebody wrote into a name, in the workbook of a plan or of a scenario."""
    document = report_scenario().model_copy(update={"name": formula})
    body = dump_scenario(document)
    run = client.post("/v1/runs", content=body, headers=JSON | {"Prefer": "wait=60"}).json()
    plan = client.get(run["links"]["workbook"]).content
    scenario = client.post("/v1/convert?to=xlsx", content=body, headers=JSON).content
    for content, wanted in ((plan, FORMULA), (scenario, formula)):
        cells = [
            cell for sheet in openpyxl.load_workbook(io.BytesIO(content)).worksheets for row in sheet.iter_rows() for cell in row if cell.value is not None
        ]
        assert [cell.value for cell in cells if cell.data_type == "f"] == []
        assert any(wanted in str(cell.value) for cell in cells)
    assert json.loads(client.post("/v1/convert?to=json", content=body, headers=JSON).content)["name"] == formula


ELSEWHERE = (
    "/static/../../settings.py", "/static/..%2f..%2fsettings.py", "/static/%2e%2e/%2e%2e/settings.py", "/static/%2e%2e%2f__init__.py", "/static//etc/passwd",
    "/static/..%5c..%5csettings.py", "/static/report/../../engine.py", "/static/report/..%2f..%2fengine.py", "/static/report/report.css%00.py",
    "/v1/examples/..%2f__init__.py", "/v1/examples/../../../etc/passwd", "/v1/examples/expected%2ffibre", "/v1/examples/fibre.json",
    "/v1/examples/%2fetc%2fpasswd", "/v1/template.xlsx?example=../quickstart", "/v1/template.xlsx?example=/etc/passwd",
    "/v1/runs/..%2f..%2fopenapi.json", "/v1/runs/%00", "/v1/runs/%ff%fe",
    "/v1/runs/../../etc/passwd/solution.csv", "/runs/..%2f..%2f..%2fetc%2fpasswd", "/shared/..%2f..%2fetc%2fpasswd", "/new?example=../../../etc/passwd",
    "/negotiate?example=..%2fexpected%2ffibre", "//etc/passwd", "/..%2f..%2f..%2fetc/passwd", "/static/%252e%252e/settings.py", "/static/", "/static/.",
)  # fmt: skip


@pytest.mark.parametrize("address", ELSEWHERE)
def test_no_address_leads_out_of_the_service(client: Client, address: str) -> None:
    """An address could name a file of the machine: the source, a password, the store."""
    with socket.create_connection((client.base_url.host, client.base_url.port), timeout=60) as link:  # a client library would tidy the address up
        link.sendall(f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        said = b""
        while chunk := link.recv(65_536):
            said += chunk
    status = int(said.split(b" ", 2)[1])
    assert status in (200, 303, 400, 404, 422)
    assert not [secret for secret in (b"root:", b"from __future__", b"UnusableSettings", b'"objective"', b"SQLite format") if secret in said]
    if status == 200:
        assert address.startswith(("/new?", "/negotiate?")), "pages that show something else instead"


@pytest.mark.parametrize("table", ["../awards", "awards.csv", "/etc/passwd", "..%2f..%2fsummary", "awards\x00"])
def test_no_table_leads_out_of_the_plan(client: Client, runs: list[dict[str, Any]], table: str) -> None:
    """The name of a table could name a file."""
    assert client.get(runs[0]["links"]["tables"], params={"table": table}).status_code == 404


def test_names_cannot_write_headers(client: Client) -> None:
    """A name or an address could add a header or a second answer."""
    for address in ("/?run=a%0d%0aSet-Cookie:%20x=1", "/?example=%0d%0aX-Evil:1", "/sign-in?next=/%0d%0aX-Evil:1"):
        answer = client.get(address)
        assert "set-cookie" not in answer.headers
        assert "x-evil" not in answer.headers
