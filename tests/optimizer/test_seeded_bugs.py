"""The nets hold: bugs put in on purpose are caught, and nothing is caught where there is none."""

from __future__ import annotations

import pytest

from tests.optimizer.seeded_bugs import BUGS, NETS, Bug, catches


@pytest.mark.parametrize("bug", BUGS, ids=str)
def test_verifier_catches_every_seeded_bug(bug: Bug) -> None:
    """The verifier would let a clause or rule through that is built otherwise than it is billed."""
    assert catches("verifier", bug)


@pytest.mark.parametrize("net", ["audit", "golden LP"])  # the verifier without bugs is what the clauses' and rules' own tests are
@pytest.mark.parametrize("kind", sorted({(bug.part, bug.kind) for bug in BUGS}), ids=lambda x: x[1])
def test_no_net_catches_what_is_right(net: str, kind: tuple[str, str]) -> None:
    """The nets would catch everything, and so prove nothing."""
    assert not NETS[net](Bug("none", *kind, lambda patch: None))  # noqa: ARG005


def test_most_bugs_are_caught_twice() -> None:
    """One net alone would stand between most bugs and a plan."""
    twice = sum(catches("verifier", bug) and (catches("golden LP", bug) or catches("audit", bug)) for bug in BUGS)
    assert twice >= 0.7 * len(BUGS)
