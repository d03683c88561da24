"""`offtake negotiate session`: a negotiation held in a file, and what is refused on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from api import cli
from api.exit_codes import ExitCode
from models.session import Accept, OurOffer, Refusal, Session, TheirOffer
from tests.api.desk import LEVER, OFFER, SCENARIO, desk, desk_file

Step = Callable[..., ExitCode]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the session is kept."""
    return tmp_path / "session.json"


@pytest.fixture
def step(path: Path, monkeypatch: pytest.MonkeyPatch) -> Step:
    """One step of the session in the file."""
    monkeypatch.setenv("COLUMNS", "80")

    def run(what: str, *arguments: str) -> ExitCode:
        return ExitCode(cli.run(["negotiate", "session", what, SCENARIO, str(path), *arguments]))

    return run


@pytest.fixture
def begun(step: Step, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Step:
    """The same with the session begun."""
    assert step("start", "--desk", desk_file(tmp_path, desk()), "--rounds", "4") == ExitCode.OPTIMAL
    capsys.readouterr()
    return step


def stored(path: Path) -> Session:
    """The session in the file."""
    return Session.model_validate_json(path.read_bytes())


def test_a_negotiation_from_the_first_word_to_the_last(begun: Step, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a negotiation can't be held at the command line, or what was said is not in its file."""
    assert begun("receive", "--price", "29000") == ExitCode.OPTIMAL
    assert begun("next") == ExitCode.OPTIMAL
    shown = capsys.readouterr().out
    assert "What to put forward now" in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert begun("receive", "--refusal") == ExitCode.OPTIMAL
    assert begun("receive", "--price", "27000", "--set", f"{LEVER}=2000") == ExitCode.OPTIMAL
    capsys.readouterr()
    assert begun("accept", "--json") == ExitCode.OPTIMAL
    found = stored(path)
    assert Session.model_validate_json(capsys.readouterr().out) == found
    assert [type(x.event) for x in found.events] == [TheirOffer, OurOffer, Refusal, TheirOffer, Accept]
    assert found.settings.rounds == 4
    before = path.read_bytes()
    assert begun("replay") == ExitCode.OPTIMAL
    assert "Worked out again: 5 events, the same bytes." in capsys.readouterr().err
    assert path.read_bytes() == before
    assert begun("receive", "--price", "26000") == ExitCode.INVALID
    assert f"nothing can follow about offer '{OFFER}': it was accepted (events[4])" in " ".join(capsys.readouterr().err.split())


def test_before_signing_they_are_asked_what_they_like_better(begun: Step, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, what both sides could still gain after the handshake is left on the table, or can't be taken down."""
    assert begun("receive", "--price", "27000", "--set", f"{LEVER}=2000") == ExitCode.OPTIMAL
    assert begun("accept") == ExitCode.OPTIMAL
    assert begun("next") == ExitCode.OPTIMAL
    shown = capsys.readouterr().out
    assert "Before you sign: ask whether they like one of these better" in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert begun("receive", "--pick", "1") == ExitCode.OPTIMAL
    assert "it is the deal now" in " ".join(capsys.readouterr().out.split())
    before = path.read_bytes()
    assert begun("replay") == ExitCode.OPTIMAL
    assert path.read_bytes() == before


def test_a_session_begins_with_settings_of_its_own(step: Step, tmp_path: Path, path: Path) -> None:
    """If this fails, aspiration, reciprocity and acceptance can't be agreed before the first word."""
    settings = tmp_path / "settings.json"
    brought = desk()
    settings.write_text(json.dumps({"talks": [{"menu": brought["menus"][0], "view": brought["suppliers"][0]}], "rounds": 3, "choices": 1}))
    assert step("start", "--settings", str(settings)) == ExitCode.OPTIMAL
    assert (stored(path).settings.rounds, stored(path).settings.choices) == (3, 1)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["receive"], ExitCode.USAGE, "Say one thing that they did"),
        (["receive", "--refusal", "--pick", "1"], ExitCode.USAGE, "Say one thing that they did"),
        (["receive", "--pick", "99"], ExitCode.USAGE, "--pick: 99"),
        (["receive", "--event", "nowhere.json"], ExitCode.USAGE, "--event: 'nowhere.json' can't be read"),
        (["receive", "--price", "27000", "--set", f"{LEVER}=-3"], ExitCode.INVALID, "outside the lever's range"),
        (["receive", "--price", "27000", "--offer", "nobody"], ExitCode.INVALID, "there is no offer 'nobody'"),
        (["accept"], ExitCode.INVALID, "nothing of theirs is on the table"),
        (["start", "--desk", "x.json"], ExitCode.USAGE, "is there already"),
    ],
)
def test_refuses(begun: Step, path: Path, arguments: list[str], code: ExitCode, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, what can't follow is taken down, or a mistake costs the session."""
    before = path.read_bytes()
    assert begun(*arguments) == code
    assert words in " ".join(capsys.readouterr().err.split())
    assert path.read_bytes() == before
    assert [x.name for x in path.parent.iterdir() if x.suffix == ".part"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [([], "Give one of --settings and --desk"), (["--desk", "DESK", "--rounds", "0"], "--rounds"), (["--settings", "nowhere.json"], "can't be read")],
)
def test_a_beginning_that_can_t_be_meant(step: Step, tmp_path: Path, path: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a session begins with something else than was agreed."""
    brought = desk_file(tmp_path, desk())
    assert step("start", *[brought if x == "DESK" else x for x in arguments]) == ExitCode.USAGE
    assert words in capsys.readouterr().err
    assert not path.exists()


def test_what_is_wrong_with_an_event_is_not_blamed_on_the_scenario(begun: Step, tmp_path: Path, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a broken event file sends people looking through their scenario."""
    event = tmp_path / "event.json"
    event.write_text('{"kind": "refusal"')
    before = path.read_bytes()
    assert begun("receive", "--event", str(event)) == ExitCode.INVALID
    assert "This event can't be used" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_a_desk_file_without_anybody_to_talk_to(step: Step, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a session begins that nobody can go on with."""
    assert step("start", "--desk", desk_file(tmp_path, desk(suppliers=[]))) == ExitCode.USAGE
    assert "nothing to talk about" in capsys.readouterr().err


def test_a_session_that_was_changed_is_refused(begun: Step, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, somebody can change what was said, and nobody notices."""
    assert begun("receive", "--price", "29000") == ExitCode.OPTIMAL
    capsys.readouterr()
    path.write_text(path.read_text().replace("29000.0", "28000.0"))
    assert begun("next") == ExitCode.INVALID
    shown = capsys.readouterr()
    assert "events[0]" in shown.err
    assert not shown.out
