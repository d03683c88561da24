"""Members of contradictions: what may be lifted or moved, where it stands, and that moving it in the compiled model is moving it in the document."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.conflict_elastic import make_elastic
from optimizer.conflict_members import changed, members_of, patch_of
from optimizer.instance import build_instance
from scenarios.files import scenario_from
from scenarios.tree import build_tree
from tests.optimizer.build import offer, scenario, spot
from tests.optimizer.clashing import clashing, possible
from tests.optimizer.test_conflict import squeezed


def test_every_limit_has_a_path_that_leads_to_its_value() -> None:
    """A repair would change another number than the one it names."""
    for seed in range(12):
        document = squeezed(seed)
        made = scenario_from(document)
        for member in members_of(build_instance(made, build_tree(made))):
            if not member.way:
                continue
            value = made.model_dump(mode="json", by_alias=True)
            for step in member.pointer:
                value = value[step]  # type: ignore[index]
            assert value == pytest.approx(member.value), member.path
            moved = changed(made, [(member, member.at(member.most))])
            assert moved != made


def test_patch_adds_what_a_document_leaves_out() -> None:
    """A patch would not fit the document as it was sent, which may leave a field at its default."""
    made = scenario_from(scenario(100, offers=[offer("maker", 10, 50)], storage=[{"site": "site", "product": "cable"}]))
    initial = next(m for m in members_of(build_instance(made, build_tree(made))) if m.path == "storage[0].initial")
    assert patch_of([(initial, 4.0)]) == [{"op": "add", "path": "/storage/0/initial", "value": 4.0}]
    capacity = next(m for m in members_of(build_instance(made, build_tree(made))) if m.path.endswith("max"))
    assert capacity.path == "offers[0].alternatives[0].volume_per_period.max"


@pytest.mark.parametrize("seed", range(0, 40, 4))
def test_a_member_moved_in_the_model_is_the_member_moved_in_the_document(seed: int) -> None:
    """What is read off two builds would not be the model: a repair that is enough in the one would not be in the other."""
    document = clashing(seed)
    made = scenario_from(document)
    tree = build_tree(made)
    elastic = make_elastic(made, tree)
    from optimizer.solve.extensive import solve

    for g, member in enumerate(elastic.members):
        for theta in (0.1, 0.4) if member.way and not member.whole else ():
            amount = min(theta, member.most)
            answer = solve(elastic.at({g: amount}), gap=0.5, seconds=60.0, seed=1)
            there = changed(made, [(member, member.at(amount))]).model_dump(mode="json", by_alias=True)
            assert (answer.x is not None) == possible(there), f"{member.path} at {amount}"


def test_the_need_that_a_contract_must_cover_is_a_member() -> None:
    """A contract that has to cover more than it offers would be out of the question, and nobody would say why."""
    rules = [{"kind": "force", "offer": "maker"}]
    document = scenario(100.0, offers=[offer("maker", 10.0, 50.0, {"kind": "requirements", "share": 0.8})], rules=rules)
    made = scenario_from(document)
    elastic = make_elastic(made, build_tree(made))
    member = next(m for m in elastic.members if m.owner[0] == "need")
    assert member.path == "offers[0].clauses[0].share"
    assert not possible(document)
    assert not possible(changed(made, [(member, 0.51)]).model_dump(mode="json", by_alias=True))
    assert possible(changed(made, [(member, 0.5)]).model_dump(mode="json", by_alias=True))


def test_nothing_on_offer_is_no_member() -> None:
    """A market that has nothing would be named as a limit that nobody could relax in the model."""
    made = scenario_from(scenario(100, 100, spot=[spot(10.0, 10.0, available=0.0)]))
    assert not members_of(build_instance(made, build_tree(made)))
    assert np.isfinite(make_elastic(made, build_tree(made)).problem.upper).all()
