"""Documents of a session."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from models.negotiation import Menu, Package
from models.session import (
    Accept,
    Advice,
    DealElsewhere,
    Event,
    LeaveTable,
    MarketNote,
    OurOffer,
    Pick,
    ReciprocitySettings,
    Refusal,
    Session,
    SessionSettings,
    Talk,
    TheirOffer,
)
from models.suppliers import SupplierType, SupplierView

PACKAGE = Package(offer="frame", price=30.0, terms={"volume.max": 80.0})
EVENTS: tuple[Event, ...] = (
    TheirOffer(package=PACKAGE),
    OurOffer(offer="frame", packages=(PACKAGE,), by_hand=True),
    Advice(offer="frame", action="walk away"),
    Refusal(offer="frame"),
    Pick(offer="frame", number=1),
    Accept(by="us", package=PACKAGE),
    LeaveTable(by="supplier", offer="frame"),
    DealElsewhere(offer="frame", package=PACKAGE),
    DealElsewhere(offer="frame"),
    MarketNote(note="quiet"),
)
ANY: TypeAdapter[Event] = TypeAdapter(Event)


def talk(offer: str = "frame") -> Talk:
    """A talk about an offer."""
    return Talk(menu=Menu(offer=offer), view=SupplierView(supplier="maker", types=(SupplierType(id="one", unit_cost=1.0),)))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_events_are_told_apart_in_files(event: Event) -> None:
    """An event would be read back as one of another kind."""
    assert ANY.validate_json(ANY.dump_json(event)) == event


def test_every_event_of_talks_names_its_offer() -> None:
    """What was said in one talk would be heard in another."""
    assert {event.offer for event in EVENTS if not isinstance(event, MarketNote)} == {"frame"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"talks": []}, "at least 1"),
        ({"talks": [talk().model_dump(mode="json")] * 2}, "an offer is talked about once; more than once: frame"),
        ({"rounds": 0}, "greater than or equal to 1"),
        ({"choices": 6}, "less than or equal to 5"),
        ({"margin": -1.0}, "greater than or equal to 0"),
        ({"aspiration": {"beta": 0.0}}, "greater than 0"),
        ({"learning": {"temperature": 0.0}}, "greater than 0"),
        ({"tactic": "hard"}, "Extra inputs"),
    ],
)
def test_settings_that_mean_nothing_are_refused(change: dict[str, Any], words: str) -> None:
    """A session would begin with settings that no move can follow from."""
    data = SessionSettings(talks=(talk(),)).model_dump(mode="json") | change
    with pytest.raises(ValidationError, match=words):
        SessionSettings.model_validate_json(json.dumps(data))


def test_limits_of_reciprocity_are_ordered() -> None:
    """More would be returned at least than at most."""
    with pytest.raises(ValidationError, match=r"`most` \(0.5\) is below `least` \(1\)"):
        ReciprocitySettings(least=1.0, most=0.5)


def test_a_deal_elsewhere_is_about_one_offer() -> None:
    """The wrong offer would count as signed."""
    with pytest.raises(ValidationError, match="one of offer 'frame', not of 'other'"):
        DealElsewhere(offer="other", package=PACKAGE)


def test_a_pick_is_counted_from_one() -> None:
    """The first package would be number 0 for a program and 1 for a person."""
    with pytest.raises(ValidationError):
        Pick(offer="frame", number=0)


def test_seals_are_hashes() -> None:
    """A seal that was never computed would pass for one."""
    fields = {"version": "1", "scenario": {"name": "x", "sha256": "0" * 64, "parts": {}}, "currency": "USD"}
    data = fields | {"settings": SessionSettings(talks=(talk(),)).model_dump(mode="json"), "seal": "seal"}
    with pytest.raises(ValidationError, match="seal"):
        Session.model_validate_json(json.dumps(data))
    assert Session.model_validate_json(json.dumps(data | {"seal": "0" * 64})).events == ()
