"""The lock: what the container installs, to the byte, and from nowhere in particular."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.txt").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LINES = LOCK.replace("\\\n", " ").splitlines()
LOCKED = [Requirement(line.split(" --hash")[0]) for line in LINES]
"""A package may have one version for each of several Pythons or systems."""


def version_of(locked: Requirement) -> str:
    (pin,) = locked.specifier
    return pin.version


def versions(name: str, *, here: bool = False) -> list[str]:
    """Of a package; with `here` those that would be installed on this machine."""
    named = [one for one in LOCKED if canonicalize_name(one.name) == canonicalize_name(name)]
    return [version_of(one) for one in named if not here or one.marker is None or one.marker.evaluate()]


def wanted(extra: str = "container") -> list[Requirement]:
    """What the project asks for with an extra, its own extras resolved."""
    found = [Requirement(text) for text in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"][extra])]
    own = [one for one in found if one.name == "offtake"]
    more = [Requirement(text) for one in own for name in one.extras for text in PROJECT["optional-dependencies"][name]]
    return [one for one in (*found, *more) if one.name != "offtake"]


def test_every_line_is_one_version_with_its_hashes() -> None:
    """The image would hold what someone put into an index this morning."""
    assert len(LINES) >= 30
    assert all(len(versions(one.name, here=True)) <= 1 for one in LOCKED)
    for line in LINES:
        assert re.fullmatch(r"[A-Za-z0-9._-]+(\[[a-z,-]+\])?==[0-9][^\s;]*( ; [^#]+?)?( +--hash=sha256:[0-9a-f]{64})+ *", line), line[:100]


def test_no_address_is_in_it() -> None:
    """Everybody would install from one company's or one machine's index."""
    assert not re.search(r"://|--(extra-)?index|--find-links|@ |file:|\.\./", LOCK)


@pytest.mark.parametrize("requirement", sorted(wanted(), key=str), ids=lambda one: one.name)
def test_the_project_s_wishes_are_met(requirement: Requirement) -> None:
    """The image would lack a package, or hold a version that the project does not work with. To be mended with the command in docs/operation.md."""
    assert versions(requirement.name, here=True), f"{requirement.name} is not locked"
    assert all(requirement.specifier.contains(version, prereleases=True) for version in versions(requirement.name))


def test_wishes_of_what_is_locked_are_met() -> None:
    """The image, in which nothing else is installed, would not start for want of a package's package."""
    missing, looked_at = [], 0
    for one in LOCKED:
        with suppress(PackageNotFoundError):
            found = distribution(one.name)
            if found.version != version_of(one):
                continue
            looked_at += 1
            for requirement in map(Requirement, found.requires or ()):
                if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                    fitting = [v for v in versions(requirement.name, here=True) if requirement.specifier.contains(v, prereleases=True)]
                    missing += [] if fitting else [f"{one.name} needs {requirement}"]
    assert not missing
    assert looked_at > 0
