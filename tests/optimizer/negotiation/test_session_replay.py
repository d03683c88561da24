"""Sessions done again, and sessions in files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.errors import InvalidScenario
from models.negotiation import Menu, PriceGrid
from models.scenario import Scenario
from models.session import Accept, Advice, DealElsewhere, LeaveTable, MarketNote, OurOffer, Pick, Record, Refusal, Session, SessionSettings, Talk
from models.suppliers import SupplierType, SupplierView
from optimizer.negotiation import seals
from optimizer.negotiation.replay import replay
from optimizer.negotiation.room import Room
from optimizer.negotiation.seals import record_seal
from optimizer.negotiation.session import accept, next_move, propose, receive, start
from optimizer.negotiation.session_files import dump_session, read_session, write_session
from scenarios import library
from tests.optimizer.negotiation.talks import MAKER, RIVAL, market, package, settings, talk, they_offer


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """The small market."""
    return market()


@pytest.fixture(scope="module")
def session(scenario: Scenario) -> Session:
    """A session in which everything happens that can."""
    room = Room(scenario)
    now = start(scenario, settings(talk(), talk(RIVAL, "rival")))
    now = they_offer(now, scenario, room, 35.0, fraction=0.25)
    now = next_move(now, scenario, MAKER, room)
    now = receive(now, scenario, Refusal(offer=MAKER), room)
    now = they_offer(now, scenario, room, 33.0, RIVAL, fraction=0.5)
    now = next_move(now, scenario, MAKER, room)
    now = receive(now, scenario, Pick(offer=MAKER, number=1), room)
    now = receive(now, scenario, MarketNote(note="spot is said to rise"), room)
    now = propose(now, scenario, [package(24.0, RIVAL, fraction=0.0)], room)
    now = receive(now, scenario, LeaveTable(offer=RIVAL, by="supplier"), room)
    now = they_offer(now, scenario, room, 31.0)
    now = next_move(now, scenario, MAKER, room)
    return accept(now, scenario, package(31.0), room)


def resealed(session: Session, change: Callable[[int, dict[str, Any]], None]) -> Session:
    """A session that somebody changed who knows how to compute the seals."""
    seal, events = session.seal, []
    for i, record in enumerate(session.events):
        data = record.model_dump(mode="json")
        change(i, data)
        made = Record.model_validate_json(json.dumps(data))
        seal = record_seal(seal, made.event, made.found)
        events.append(made.model_copy(update={"seal": seal}))
    return session.model_copy(update={"events": tuple(events)})


def test_replay_gives_the_same_bytes(scenario: Scenario, session: Session) -> None:
    """A stored round could not be explained, because computed again it would be another."""
    assert dump_session(replay(session, scenario)) == dump_session(session)


def test_a_session_goes_on_in_another_room(scenario: Scenario, session: Session) -> None:
    """What a session says would depend on what had been asked before: moves made after a break would not be the ones that are replayed."""
    now = start(scenario, session.settings)
    for record in session.events[:6]:
        event = record.event
        room = Room(scenario)  # a new one for every event
        if isinstance(event, OurOffer) and event.by_hand:
            now = propose(now, scenario, event.packages, room)
        elif isinstance(event, OurOffer | Advice):
            now = next_move(now, scenario, event.offer, room)
        elif isinstance(event, Accept):
            now = accept(now, scenario, event.package, room)
        else:
            now = receive(now, scenario, event, room)
    assert dump_session(now) == dump_session(shorter(session, 6))


def test_a_room_that_has_seen_other_talks_changes_nothing(scenario: Scenario, session: Session) -> None:
    """What was negotiated in the morning would move the figures of the afternoon."""
    room = Room(scenario)
    other = they_offer(start(scenario, settings(talk(), talk(RIVAL, "rival"), margin=10.0, rounds=3)), scenario, room, 34.3, fraction=0.5)
    for _ in range(2):
        other = receive(next_move(other, scenario, MAKER, room), scenario, Refusal(offer=MAKER), room)
    now = start(scenario, session.settings)
    now = next_move(they_offer(now, scenario, room, 35.0, fraction=0.25), scenario, MAKER, room)
    assert dump_session(now) == dump_session(shorter(session, 2))


def test_replay_of_a_bundled_scenario() -> None:
    """The same bytes would come out of a toy only, not of a problem with binaries, rules and risk."""
    quick = library.load("quickstart")
    levers = {"reservation.fee_per_unit": (1_400.0, 2_800.0), "volume.max": (4_000.0, 6_000.0)}
    menu = Menu(offer="importer-frame", prices=PriceGrid(low=20_000.0, high=32_000.0, step=1_000.0), levers=levers)
    kinds = tuple(SupplierType(id=f"at-{cost:g}", unit_cost=cost, capacity_cost=300.0) for cost in (17_000.0, 20_000.0))
    who = SupplierView(supplier="importer", types=kinds)
    room = Room(quick)
    now = start(quick, SessionSettings(talks=(Talk(menu=menu, view=who),), margin=1e6, rounds=3))
    now = next_move(they_offer(now, quick, room, 29_000.0, "importer-frame"), quick, None, room)
    now = receive(now, quick, DealElsewhere(offer="maker-long-term", package=package(27_500.0, "maker-long-term")), room)
    now = next_move(receive(now, quick, Refusal(offer="importer-frame"), room), quick, None, room)
    assert dump_session(replay(now, quick)) == dump_session(now)


def test_replay_against_a_changed_scenario_is_refused(session: Session) -> None:
    """Figures of one market would be compared with another's, and nobody told which part is another."""
    with pytest.raises(InvalidScenario, match=r"'Small market' is not the one this session was begun with: `spot` changed"):
        replay(session, market(spot=[{"id": "spot", "product": "cable", "price": [41], "available": [200]}]))
    offers = market().offers
    dearer = market().model_copy(update={"offers": (offers[0], offers[1].model_copy(update={"signing_cost": 5.0}))})
    with pytest.raises(InvalidScenario, match=r"`offers\.flexible` changed"):
        replay(session, dearer)


def test_replay_with_another_version_is_refused(scenario: Scenario, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A difference between versions would look like a session that somebody changed."""
    monkeypatch.setattr(seals, "version", lambda _: "9.9")
    with pytest.raises(InvalidScenario, match=rf"written by Offtake {session.version}, this is 9\.9"):
        replay(session, scenario)
    with pytest.raises(InvalidScenario, match=r"this is 9\.9"):
        receive(session, scenario, MarketNote(note="quiet"))  # half a session of each version could never be replayed


def test_an_edited_event_is_found(scenario: Scenario, session: Session) -> None:
    """Somebody could change afterwards what was said."""
    data = json.loads(dump_session(session))
    data["events"][0]["event"]["package"]["price"] = 34.0
    edited = Session.model_validate_json(json.dumps(data))
    with pytest.raises(InvalidScenario, match=r"events\[0\]: this event \(their_offer\)") as refusal:
        replay(edited, scenario)
    assert refusal.value.findings[0].path == "events[0]"
    without = session.model_copy(update={"events": (*session.events[:2], *session.events[3:])})
    with pytest.raises(InvalidScenario, match=r"events\[2\]"):
        replay(without, scenario)


def test_an_edited_market_note_is_found(scenario: Scenario, session: Session) -> None:
    """What moves no figure could be changed unseen."""
    data = json.loads(dump_session(session))
    place = next(i for i, record in enumerate(data["events"]) if record["event"]["kind"] == "market")
    data["events"][place]["event"]["note"] = "spot is said to fall"
    with pytest.raises(InvalidScenario, match=rf"events\[{place}\]"):
        replay(Session.model_validate_json(json.dumps(data)), scenario)


def test_an_edit_with_new_seals_is_found_by_its_figures(scenario: Scenario, session: Session) -> None:
    """Whoever can compute a hash could rewrite what was negotiated."""

    def price(i: int, data: dict[str, Any]) -> None:
        if i == 0:
            data["event"]["package"]["price"] = 34.0

    def target(i: int, data: dict[str, Any]) -> None:
        if i == 4:
            data["found"]["target"] += 1.0

    for change, where in ((price, r"events\[0\]\.found"), (target, r"events\[4\]\.found\.target: the session says .*, computed anew it is")):
        with pytest.raises(InvalidScenario, match=where):
            replay(resealed(session, change), scenario)


def test_changed_settings_are_found(scenario: Scenario, session: Session) -> None:
    """Moves would be explained by settings that they were not made with."""
    other = session.model_copy(update={"settings": session.settings.model_copy(update={"margin": 1.0})})
    with pytest.raises(InvalidScenario, match="the settings"):
        replay(other, scenario)


# --- Files ----------------------------------------------------------------------------------------------------------------------------------------


def shorter(session: Session, count: int) -> Session:
    """The session as it was after some events."""
    return session.model_copy(update={"events": session.events[:count]})


def test_files_hold_the_same_session(session: Session, tmp_path: Path) -> None:
    """Something would be lost between two days of talks."""
    write_session(shorter(session, 3), tmp_path / "talks.json")
    write_session(session, tmp_path / "talks.json")
    assert read_session(tmp_path / "talks.json") == session
    assert read_session(dump_session(session)) == session


def test_a_writer_that_dies_half_way_leaves_the_old_file(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk or a power cut would take the record of the negotiation with it."""
    target = tmp_path / "talks.json"
    write_session(shorter(session, 3), target)

    def fails(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    for what in ("os.fsync", "pathlib.Path.replace"):
        with monkeypatch.context() as patch:
            patch.setattr(what, fails)
            with pytest.raises(OSError, match="No space left"):
                write_session(session, target)
        assert read_session(target) == shorter(session, 3)
        assert [path.name for path in tmp_path.iterdir()] == ["talks.json"]


def test_another_negotiation_is_not_overwritten(scenario: Scenario, session: Session, tmp_path: Path) -> None:
    """A name used twice, or two people writing, would lose what was said."""
    target = tmp_path / "talks.json"
    write_session(session, target)
    before = target.read_bytes()
    with pytest.raises(InvalidScenario, match=r"another negotiation \(about scenario 'Small market', 12 events\)"):
        write_session(start(scenario, settings(margin=1.0)), target)
    with pytest.raises(InvalidScenario, match="12 events of this negotiation that are not in"):
        write_session(shorter(session, 3), target)
    target.write_text("{}")
    with pytest.raises(InvalidScenario, match="holds no session"):
        write_session(session, target)
    target.write_bytes(before)
    assert read_session(target) == session


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (lambda data: data.update(colour="red"), "colour: there is no such field"),
        (lambda data: data["events"][0]["event"].pop("package"), r"events\[0\]\.event\.package: this field is required"),
        (lambda data: data["events"][0]["event"].update(kind="offer"), r"events\[0\]\.event: has an unknown `kind`"),
        (lambda data: data["settings"].update(rounds=0), r"settings\.rounds: must be at least 1"),
        (lambda data: data.update(format="offtake/1"), "format: must be 'offtake-session/1'"),
        (lambda data: data["events"].pop(0), r"events\[0\]: this event"),
    ],
)
def test_findings_have_their_place(session: Session, change: Callable[[dict[str, Any]], Any], finding: str) -> None:
    """A file that can't be used would be refused without saying where and why."""
    data = json.loads(dump_session(session))
    change(data)
    with pytest.raises(InvalidScenario, match=finding) as refusal:
        read_session(json.dumps(data).encode())
    assert str(refusal.value).startswith("This session can't be used")


def test_what_is_no_json_is_said_to_be_none(tmp_path: Path) -> None:
    """A reader would end in a traceback."""
    for raw in (b"", b"PK\x03\x04", b"{", b'{"format": 1, "format": 2}', b"[]"):
        with pytest.raises(InvalidScenario, match="This session"):
            read_session(raw)
    with pytest.raises(FileNotFoundError):
        read_session(tmp_path / "nothing.json")
