"""`offtake negotiate`: what it prints and writes, what it refuses, and how it ends."""

from __future__ import annotations

import csv
import errno
import json
from pathlib import Path
from typing import Any

import pytest

from api import cli, negotiate, negotiate_session
from api.exit_codes import ExitCode
from api.question import ALL, ANSWERS
from models.bargain import CounterOffer, EquivalentPackages, Zone
from models.negotiation import Negotiation, Package, TermLedger, WalkAway
from models.questions import Brief, OfferLevers
from models.sheet import ContractSheet
from optimizer.negotiation.desk import Desk
from optimizer.negotiation.levers import levers_of
from optimizer.report_ledger import told
from scenarios import files, library
from tests.api.desk import LEVER, OFFER, SCENARIO, desk, desk_file, hopeless


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")


def run(*arguments: str) -> ExitCode:
    """The exit code of a question."""
    return ExitCode(cli.run(["negotiate", *arguments]))


@pytest.fixture
def brought(tmp_path: Path) -> str:
    """A desk file."""
    return desk_file(tmp_path, desk())


def test_levers_are_listed_without_a_solver(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, nobody learns which names `--set` takes, or where the terms stand."""
    assert run("levers", SCENARIO, OFFER, "--json") == ExitCode.OPTIMAL
    found = OfferLevers.model_validate_json(capsys.readouterr().out)
    (offer,) = found.offers
    assert {x.lever: x.value for x in offer.levers}[LEVER] == 2800
    assert run("levers", SCENARIO) == ExitCode.OPTIMAL
    shown = capsys.readouterr().out
    assert all(x.id in shown for x in library.load(SCENARIO).offers)


def test_a_ledger_steps_from_the_package_at_hand(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, steps are priced from terms that have long been given up."""
    assert run("ledger", SCENARIO, OFFER, "--price", "27000", "--set", f"{LEVER}=2000", "--json") == ExitCode.OPTIMAL
    (found,) = TermLedger.model_validate_json(capsys.readouterr().out).offers
    assert found.headline_price == 27_000
    assert {x.lever: x.value for x in found.lines}[LEVER] == 2_000
    whole = Desk(library.load(SCENARIO))
    step = next(x for x in found.lines if x.lever == LEVER)
    here, there = (whole.signed(Package(offer=OFFER, price=27_000.0, terms={LEVER: value})) for value in (2_000.0, step.moved_to))
    assert step.worth.upper == pytest.approx(here.upper - there.upper, rel=1e-6)
    assert run("ledger", SCENARIO, "--price", "27000") == ExitCode.USAGE
    assert "Name the one offer" in capsys.readouterr().err


def test_a_ledger_is_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a ledger is found and then lost, or its files disagree with each other."""
    paths = [tmp_path / f"ledger.{ending}" for ending in ("json", "csv", "html")]
    for path in paths:
        assert run("ledger", SCENARIO, OFFER, "--both-ways", "--pairs", "-o", str(path)) == ExitCode.OPTIMAL
    shown = capsys.readouterr()
    assert shown.err.splitlines() == [f"Wrote the answer {path}" for path in paths]
    assert max(map(len, shown.out.splitlines())) <= 80
    found = TermLedger.model_validate_json(paths[0].read_bytes())
    (offer,) = found.offers
    assert {"buyer", "supplier"} == {line.toward for line in offer.lines}
    assert offer.pairs
    rows = list(csv.DictReader(paths[1].read_text("utf-8").splitlines()))
    assert [(row["lever"], float(row["worth_lower"])) for row in rows] == [(x.lever, x.worth.lower) for x in offer.lines]
    html = paths[2].read_text("utf-8")
    assert f'data-chart="ledger-{OFFER}"' in html
    assert all(line.sentence in html for line in offer.lines[:5])
    assert "1,610,711" in shown.out, "amounts have thousands separators"


def test_a_walk_away_price_of_a_package(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """If this fails, what is typed is not what is asked, or the margin of the command line does not go before the desk file's."""
    terms = ["--price", "27000", "--set", f"{LEVER}=2500", "--set", "volume.max=5000", "--alternative", "base"]
    assert run("walkaway", SCENARIO, OFFER, *terms, "--margin", "250000", "--desk", desk_file(tmp_path, desk()), "--json") == ExitCode.OPTIMAL
    found = WalkAway.model_validate_json(capsys.readouterr().out)
    assert (found.package.price, found.package.alternative, found.margin) == (27000, "base", 250000)
    assert found.package.terms == {LEVER: 2500, "volume.max": 5000}
    assert found.walk_away is not None
    assert found.walk_away.lower > 27000


def test_a_curve_between_two_prices(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a curve shows other prices than were asked for."""
    assert run("curve", SCENARIO, OFFER, "--low", "24000", "--high", "32000", "--points", "3", "--json") == ExitCode.OPTIMAL
    points = json.loads(capsys.readouterr().out)["points"]
    assert [x["price"] for x in points] == [24000, 28000, 32000]


def test_a_brief_answers_everything(brought: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, somebody goes to a meeting with half of the answers, or with figures that the single questions contradict."""
    path = tmp_path / "brief.html"
    assert run("brief", SCENARIO, OFFER, "--desk", brought, "-o", str(path), "--json") == ExitCode.OPTIMAL
    found = Brief.model_validate_json(capsys.readouterr().out)
    assert found.zone is not None
    assert found.packages is not None
    html = path.read_text("utf-8")
    for name in ("ledger", "curve", "zone"):
        assert f'data-chart="{name}-{OFFER}"' in html
    assert found.walk_away.sentence.replace("'", "&#39;") in html
    assert run("zone", SCENARIO, OFFER, "--desk", brought, "--json") == ExitCode.OPTIMAL
    assert Zone.model_validate_json(capsys.readouterr().out) == found.zone


def test_a_brief_without_a_view_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, the zone is left out in silence."""
    assert run("brief", SCENARIO, OFFER) == ExitCode.OPTIMAL
    assert "Nothing is believed about supplier 'importer'" in " ".join(capsys.readouterr().out.split())


def test_a_counter_offer_to_terms_that_are_on_no_menu(brought: str, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a package of theirs can be answered only if we thought of it before."""
    theirs = ["--price", "31000", "--set", f"{LEVER}=3000"]
    assert run("counter", SCENARIO, OFFER, "--desk", brought, *theirs, "--target", "90%", "--json") == ExitCode.OPTIMAL
    found = CounterOffer.model_validate_json(capsys.readouterr().out)
    assert (found.theirs.price, found.theirs.terms[LEVER]) == (31000, 3000)
    assert found.most_to_gain is not None
    assert found.target == pytest.approx(0.9 * found.most_to_gain)
    assert found.gain is not None
    assert found.gain >= found.target - 1e-6 * abs(found.target)


def test_packages_that_cost_the_same(brought: str, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, the packages put on the table are not the same to us, or not as good as the one they are to match."""
    assert run("packages", SCENARIO, OFFER, "--desk", brought, "--price", "27000", "--json") == ExitCode.OPTIMAL
    found = EquivalentPackages.model_validate_json(capsys.readouterr().out)
    assert any(x.package.price == pytest.approx(27000, rel=2e-3) and x.package.terms == {LEVER: 2800} for x in found.choices)
    assert all(abs(x.cost - found.cost) <= found.tolerance for x in found.choices)
    assert run("packages", SCENARIO, OFFER, "--desk", brought, "--cost", str(found.cost + 1e6), "--json") == ExitCode.OPTIMAL
    assert EquivalentPackages.model_validate_json(capsys.readouterr().out).cost == found.cost + 1e6


def test_what_leaves_the_house_is_solved_exactly(brought: str, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a package or a counter-offer goes out at what a table between its prices makes of it."""
    exact = Desk(library.load(SCENARIO))
    assert run("packages", SCENARIO, OFFER, "--desk", brought, "--price", "27000", "--json") == ExitCode.OPTIMAL
    found = EquivalentPackages.model_validate_json(capsys.readouterr().out)
    assert found.choices
    for choice in found.choices:
        assert exact.signed(choice.package).upper == pytest.approx(choice.cost, rel=1e-9)
        assert abs(choice.cost - found.cost) <= found.tolerance
    assert run("counter", SCENARIO, OFFER, "--desk", brought, "--price", "30000", "--target", "90%", "--json") == ExitCode.OPTIMAL
    counter = CounterOffer.model_validate_json(capsys.readouterr().out)
    assert counter.package is not None
    assert counter.gain == pytest.approx(exact.gain(counter.package).lower, rel=1e-9)


@pytest.mark.parametrize("verb", ["zone", "bargain", "packages"])
def test_answers_fit_a_terminal(verb: str, brought: str, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, lines break in two on a terminal of 80 columns."""
    assert run(verb, SCENARIO, OFFER, "--desk", brought) == ExitCode.OPTIMAL
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [x for x in lines if x.startswith("•")], "sentences come before tables"


@pytest.mark.parametrize("ending", ["html", "docx", "md", "json"])
def test_a_sheet_is_written_in_the_form_that_is_named(ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a package that was agreed can't be handed to the lawyers."""
    path = tmp_path / f"sheet.{ending}"
    assert run("sheet", SCENARIO, OFFER, "--price", "26000", "--set", f"{LEVER}=2500", "-o", str(path)) == ExitCode.OPTIMAL
    assert path.stat().st_size > 2000
    assert f"Wrote the answer {path}" in capsys.readouterr().err
    if ending == "json":
        assert ContractSheet.model_validate_json(path.read_bytes()).package.price == 26000


def test_a_sheet_on_standard_output_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a sheet can't be read without a file."""
    assert run("sheet", SCENARIO, OFFER) == ExitCode.OPTIMAL
    assert capsys.readouterr().out.startswith("# Contract sheet: ")


def test_a_sheet_is_never_half_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, a full disk leaves half a contract where the old one was."""
    path = tmp_path / "sheet.html"
    path.write_text("the old one")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    assert run("sheet", SCENARIO, OFFER, "-o", str(path)) == ExitCode.NOT_WRITTEN
    assert "No space left" in capsys.readouterr().err
    assert [x.name for x in tmp_path.iterdir()] == ["sheet.html"]
    assert path.read_text() == "the old one"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["walkaway", SCENARIO, "nobody"], ExitCode.INVALID, "there is no offer 'nobody'"),
        (["ledger", SCENARIO, OFFER, "nobody"], ExitCode.INVALID, "offers[1]: there is no offer 'nobody'"),
        (["walkaway", SCENARIO, OFFER, "--alternative", "gold"], ExitCode.INVALID, "package.alternative: offer 'importer-frame' has no alternative 'gold'"),
        (["walkaway", SCENARIO, OFFER, "--set", "take_or_pay.fraction=1.5"], ExitCode.INVALID, "package.terms.take_or_pay.fraction: 1.5 is outside"),
        (["walkaway", SCENARIO, OFFER, "--set", "luck=1"], ExitCode.INVALID, "there is no such lever"),
        (["walkaway", SCENARIO, OFFER, "--set", "volume.max"], ExitCode.USAGE, "--set: 'volume.max' must be a lever and a number"),
        (["walkaway", SCENARIO, OFFER, "--set", f"{LEVER}=1", "--set", f"{LEVER}=2"], ExitCode.USAGE, f"--set: '{LEVER}' is set twice"),
        (["walkaway", SCENARIO, OFFER, "--set", "price=3"], ExitCode.USAGE, "--price"),
        (["walkaway", SCENARIO, OFFER, "--price", "-3"], ExitCode.USAGE, "--price"),
        (["walkaway", SCENARIO, OFFER, "--margin", "-3"], ExitCode.USAGE, "--margin"),
        (["curve", SCENARIO, OFFER, "--low", "9", "--high", "8"], ExitCode.USAGE, "`low` (9) must be below `high` (8)"),
        (["curve", SCENARIO, OFFER, "--points", "1"], ExitCode.USAGE, "--points"),
        (["zone", SCENARIO, OFFER], ExitCode.INVALID, "desk.suppliers: nothing says what is believed about supplier 'importer'"),
        (["zone", SCENARIO, OFFER, "--share", "2"], ExitCode.USAGE, "--share"),
        (["counter", SCENARIO, OFFER, "--target", "lots"], ExitCode.USAGE, "--target: 'lots' must be money"),
        (["counter", SCENARIO, OFFER], ExitCode.USAGE, "--target"),
        (["zone", SCENARIO, OFFER, "--desk", "nowhere.json"], ExitCode.USAGE, "--desk: 'nowhere.json' can't be read"),
        (["ledger", SCENARIO, "-o", "ledger.pdf"], ExitCode.USAGE, "must end with .json, .html, .xlsx or .csv"),
        (["sheet", SCENARIO, OFFER, "-o", "sheet.pdf"], ExitCode.USAGE, "must end with .html, .docx, .json, .md or .txt"),
        (["sheet", SCENARIO, OFFER, "-o", "no/such/folder.html"], ExitCode.USAGE, "--output"),
        (["levers", "nowhere"], ExitCode.USAGE, "no file 'nowhere'"),
    ],
)
def test_refuses(arguments: list[str], code: ExitCode, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """If this fails, a mistake is noticed after the work, or its message doesn't say what to do."""
    monkeypatch.chdir(tmp_path)
    assert run(*arguments) == code
    shown = capsys.readouterr()
    assert words in " ".join(shown.err.split()).replace("│ ", "").replace(" │", "")
    assert not shown.out
    assert not list(tmp_path.iterdir())


def test_terms_that_contradict_each_other_are_one_finding(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, one mistake is reported three times, in the words of a library."""
    assert run("walkaway", SCENARIO, OFFER, "--set", "volume.min=7000") == ExitCode.INVALID
    shown = " ".join(capsys.readouterr().err.split())
    assert "1 finding. - package.terms: `min` (7000) is above `max` (6000) (with volume.min = 7000)" in shown
    assert "Value error" not in shown


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("this is not JSON", "This desk file can't be used"),
        ({"format": "offtake-negotiation/2"}, "format: must be 'offtake-negotiation/1'"),
        (desk(menus=[{"offer": "nobody"}]), "desk.menus[0].offer: there is no offer 'nobody'"),
        (desk(suppliers=[{"supplier": "nobody", "types": [{"id": "a", "unit_cost": 1.0}]}]), "desk.suppliers[0].supplier: there is no supplier 'nobody'"),
        (desk(suppliers=[{"supplier": "importer", "types": []}]), "suppliers[0].types: has too few entries"),
        (desk(menus=[{"offer": OFFER}, {"offer": OFFER}]), f"there is more than one menu of offer {OFFER}"),
        (desk(menus=[{"offer": OFFER, "levers": {LEVER: [-5.0]}}]), "-5 is outside the lever's range"),
        (desk(menus=[{"offer": OFFER, "levers": {"volume.min": [7000.0]}}]), "1 finding. - desk.menus[0].levers: `min` (7000) is above `max` (6000)"),
        (hopeless(), "desk.suppliers[0].types: no type of supplier 'importer' gains from any package"),
    ],
)
def test_a_desk_file_that_can_t_be_meant(content: object, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a mistyped desk file is passed over, or a negotiation with somebody who can't agree goes on."""
    assert run("zone", SCENARIO, OFFER, "--desk", desk_file(tmp_path, content)) == ExitCode.INVALID
    assert words in " ".join(capsys.readouterr().err.split())


def test_fees_are_in_the_currency_of_the_offer() -> None:
    """If this fails, a fee in euros is read as one in dollars."""
    scenario = library.load(SCENARIO)
    foreign = tuple(x.model_copy(update={"currency": "EUR"}) if x.id == OFFER else x for x in scenario.offers)
    found = levers_of(scenario.model_copy(update={"offers": foreign}), OFFER)
    (part,) = told(OfferLevers(scenario=scenario.name, currency=scenario.currency, offers=(found,)))
    assert "reservation fee (EUR per committed unit and period)" in [row[0] for row in part.tables[0].rows]


@pytest.mark.parametrize("verb", ["levers", "ledger"])
def test_without_offers_it_says_so(verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a scenario without offers breaks the page of its answer, or is answered with nothing at all."""
    data: dict[str, Any] = json.loads(library.read(SCENARIO))
    del data["uncertainty"]
    scenario, page = tmp_path / "scenario.json", tmp_path / "answer.html"
    scenario.write_text(json.dumps({**data, "offers": [], "rules": []}))
    assert run(verb, str(scenario), "-o", str(page)) == ExitCode.OPTIMAL
    assert "The scenario has no offers" in capsys.readouterr().out
    assert "The scenario has no offers" in page.read_text()


def without_alternative() -> dict[str, Any]:
    """A scenario that forces the offer to be signed: there is no deal to do without."""
    data: dict[str, Any] = json.loads(library.read(SCENARIO))
    data["rules"] = [*data["rules"], {"kind": "force", "offer": OFFER, "signed": True}]
    return data


def test_where_there_is_no_doing_without_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a walk-away price is made up where nothing can be compared, or an internal error takes its place."""
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(without_alternative()))
    assert run("walkaway", str(path), OFFER, "--json") == ExitCode.INFEASIBLE
    said = json.loads(capsys.readouterr().out)["error"]
    assert said["conflicts"][0]["path"] == "offers[1]"
    assert "no deal to do without" in said["conflicts"][0]["text"]


def test_a_time_limit_ends_without_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a question without enough time ends as an internal error."""
    assert run("ledger", SCENARIO, "--time-limit", "0.001") == ExitCode.LIMIT_WITHOUT_PLAN
    assert "time_limit_seconds" in capsys.readouterr().err


def test_the_schema_of_a_desk_file_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, an editor can't help to write a desk file."""
    assert cli.run(["schema", "negotiation"]) == ExitCode.OPTIMAL
    found = json.loads(capsys.readouterr().out)
    assert set(Negotiation.model_fields) == set(found["properties"])


def test_every_question_has_a_verb_and_a_kind_of_answer() -> None:
    """If this fails, a question can be asked over HTTP and not at the command line, or its answer can't be read again."""
    verbs = {command.callback.__name__ for command in negotiate.app.registered_commands if command.callback}
    steps = {f"session-{command.callback.__name__.strip('_')}" for command in negotiate_session.app.registered_commands if command.callback}
    assert (verbs | steps | {"why", "replay"}) - {"session-form"} == set(ANSWERS) == set(ALL)  # two are verbs of their own; a form is written, and asks nothing
