"""Guard-rails that no tactic and no counterpart moves the desk across."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.errors import InvalidScenario
from models.negotiation import Package
from models.scenario import Scenario
from models.session import Advice, Heard, OurOffer, Pick, Refusal, Round, Session, SessionSettings, Talk, TheirOffer
from optimizer.negotiation import rounds
from optimizer.negotiation.moves import Decision, Reason
from optimizer.negotiation.room import Room
from optimizer.negotiation.session import next_move, receive, start
from optimizer.negotiation.strategy import LAST
from tests.optimizer.negotiation.talks import MAKER, RIVAL, heard, last, market, round_, settings, talk

COUNTERPARTS = 200
TOLERANCE = 1e-3  # of the cost without the deal


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """The small market."""
    return market()


@pytest.fixture(scope="module")
def room(scenario: Scenario) -> Room:
    """What was solved once is solved."""
    return Room(scenario)


def small() -> Talk:
    """Four sets of terms at a few prices."""
    whole = talk()
    levers = {"take_or_pay.fraction": (0.0, 1.0), "volume.max": (60.0, 100.0)}
    return whole.model_copy(update={"menu": whole.menu.model_copy(update={"levers": levers})})


def drawn(rng: np.random.Generator) -> SessionSettings:
    """Settings of a session, also foolish ones."""
    return SessionSettings.model_validate(
        settings(small()).model_dump()
        | {
            "margin": float(rng.choice([0.0, 50.0, 200.0])),
            "rounds": int(rng.integers(2, 6)),
            "choices": int(rng.choice([1, 1, 2])),
            "aspiration": {
                "form": str(rng.choice(["polynomial", "exponential"])),
                "beta": float(rng.choice([0.2, 1.0, 8.0])),
                "first": float(rng.choice([0.0, 0.3])),
            },
            "reciprocity": {"least": float(rng.choice([0.0, 1.0])), "unanswered": int(rng.integers(0, 3))},
            "acceptance": {"patient": bool(rng.integers(2)), "last_word": bool(rng.integers(2)), "late": float(rng.choice([0.5, 0.9]))},
        }
    )


def answer(rng: np.random.Generator, session: Session, stubborn: bool) -> Any:
    """What a counterpart says next: anything at all, or always the same."""
    ours = last(session) if session.events else None
    theirs = [record.event for record in session.events if isinstance(record.event, TheirOffer)]
    kind = rng.integers(4)
    if isinstance(ours, OurOffer) and kind == 0:
        return Refusal(offer=MAKER)
    if isinstance(ours, OurOffer) and kind == 1 and not stubborn:
        return Pick(offer=MAKER, number=int(rng.integers(len(ours.packages))) + 1)
    if stubborn and theirs:
        return theirs[0]
    terms = {"take_or_pay.fraction": float(rng.choice([0.0, 1.0])), "volume.max": float(rng.choice([60.0, 100.0]))}
    return TheirOffer(package=Package(offer=MAKER, price=float(rng.choice([24.0, 28.0, 31.0, 33.0, 35.0, 36.0, 38.0])), terms=terms))


def held(seed: int, scenario: Scenario, room: Room) -> Session:
    """A session against a random counterpart, to the end of our turns."""
    rng = np.random.default_rng(seed)
    stubborn = bool(rng.integers(3) == 0)
    session = start(scenario, drawn(rng))
    if rng.integers(2):
        session = receive(session, scenario, answer(rng, session, stubborn), room)
    for _ in range(session.settings.rounds + 1):
        session = next_move(session, scenario, None, room)
        if isinstance(last(session), Advice):
            break
        session = receive(session, scenario, answer(rng, session, stubborn), room)
    return session


def check_walk_away(session: Session, room: Room) -> int:
    """Every package of ours, and every offer that is advised to be accepted, solved anew against the walk-away price. How many there were."""
    desk, count = room.desk(()), 0
    limit = desk.no_deal(MAKER).lower - session.settings.margin
    for record in session.events:
        if isinstance(record.event, OurOffer):
            for package in record.event.packages:
                cost = desk.signed(package).upper
                assert cost <= limit + 1e-9 * abs(limit)
                count += 1
        elif isinstance(record.event, Advice) and record.event.action == "accept":
            assert isinstance(record.found, Round)
            assert record.found.open_gain is not None
            assert record.found.open_gain >= session.settings.margin - 1e-9
    return count


def check_concessions(session: Session) -> int:
    """Concessions by the costs stored, since anything of theirs got better for us or was another package than before. The most in a row."""
    row, most, dearest, seen, best = 0, 0, -np.inf, [], -np.inf
    for record in session.events:
        event, found = record.event, record.found
        if isinstance(event, TheirOffer) and isinstance(found, Heard) and found.gain is not None:
            if found.gain.upper > best or event.package not in seen:
                row = 0
            best = max(best, found.gain.upper)
            seen.append(event.package)
        elif isinstance(event, OurOffer) and isinstance(found, Round) and not found.closing:
            cost = max(put.cost.upper for put in found.puts)
            row += bool(np.isfinite(dearest) and cost > dearest + 2 * found.tolerance)
            dearest, most = max(dearest, cost), max(most, row)
            assert row <= session.settings.reciprocity.unanswered, session.events
    return most


def test_guard_rails_hold_against_random_counterparts(scenario: Scenario, room: Room) -> None:
    """The desk would sign for more than doing without costs, or bid against itself, when somebody behaves as no tactic expects."""
    packages, most = 0, 0
    for seed in range(COUNTERPARTS):
        session = held(seed, scenario, room)
        packages += check_walk_away(session, room)
        most = max(most, check_concessions(session))
    assert packages > COUNTERPARTS
    assert most == 2  # as many as some settings allow: concessions do happen


def crossing(place: tuple[int, int], words: str) -> Any:
    """A strategy that wants a package whatever it costs."""
    return lambda _: Decision("offer", place, -1e6, 1.0, 0.5, (Reason(words),))


def test_a_tactic_that_goes_beyond_walk_away_is_held_back(scenario: Scenario, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard-rail would be the tactic's own word, not a solve."""
    session = start(scenario, settings(small()))
    monkeypatch.setattr(rounds, "decide", crossing((1, 18), LAST))  # 38 for 100 km of which nothing need be taken: worth nothing
    found = round_(next_move(session, scenario, None, room))
    assert found.puts[0].gain.lower >= 50.0 - 1e-9
    assert found.puts[0].package.price == pytest.approx(36.0 - 50.0 / 75.0, abs=0.05)
    assert any("lowered" in said.sentence for said in found.reasons)


def test_a_tactic_that_concedes_twice_is_held_back(scenario: Scenario, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tactic could give way again and again while they refuse."""
    session = start(scenario, settings(small(), choices=1))
    put = []
    for q in (6, 8, 10):
        monkeypatch.setattr(rounds, "decide", crossing((1, q), "on we go"))
        session = next_move(session, scenario, None, room)
        put.append(last(session).packages[0].price)  # type: ignore[union-attr]
        session = receive(session, scenario, Refusal(offer=MAKER), room)
    assert put == [26.0, 28.0, 28.0]
    assert any("not answered" in said.sentence for said in session.events[-2].found.reasons)  # type: ignore[union-attr]


def test_a_worse_table_elsewhere_takes_back_what_no_longer_leaves_the_margin(scenario: Scenario, room: Room) -> None:
    """After a rival's better offer, a package that we put forward before would be repeated although it is now worse than no deal."""
    session = next_move(start(scenario, settings(small(), talk(RIVAL, "rival"), choices=1, aspiration={"beta": 8.0, "first": 0.9})), scenario, MAKER, room)
    asked = round_(session)
    session = receive(session, scenario, TheirOffer(package=Package(offer=RIVAL, price=27.0)), room)
    session = next_move(receive(session, scenario, Refusal(offer=MAKER), room), scenario, MAKER, room)
    now = round_(session)
    assert now.no_deal.upper == pytest.approx(27.0 * 75.0)
    assert asked.puts[0].cost.upper > now.no_deal.upper - 50.0
    assert all(put.gain.lower >= 50.0 - 1e-9 for put in now.puts)


def test_hopeless_suppliers_are_left(scenario: Scenario) -> None:
    """A supplier of whom no type gains by anything would end in an error, with an offer of theirs on the table."""
    view = talk().view.model_copy(update={"types": tuple(kind.model_copy(update={"unit_cost": 99.0}) for kind in talk().view.types)})
    session, room = start(scenario, settings(small().model_copy(update={"view": view}))), Room(scenario)
    assert last(next_move(session, scenario, None, room)) == Advice(offer=MAKER, action="walk away")
    session = receive(session, scenario, TheirOffer(package=Package(offer=MAKER, price=30.0)), room)
    assert [x.weight for x in heard(session).posterior] == pytest.approx([1 / 3] * 3)
    assert last(next_move(session, scenario, None, room)) == Advice(offer=MAKER, action="accept")


def test_no_deal_must_be_possible() -> None:
    """Where nobody else can deliver, every gain would be infinite and every price fine."""
    alone = market(rules=[{"kind": "force", "offer": MAKER, "signed": True}])
    with pytest.raises(InvalidScenario, match="without offer 'frame' no plan keeps the hard rules"):
        next_move(start(alone, settings(small())), alone, None, Room(alone))
