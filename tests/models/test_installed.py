"""Versions of packages, as a plan names them."""

from __future__ import annotations

from importlib import metadata

import pytest

from models.installed import version


@pytest.mark.parametrize("package", ["offtake", "pyomo", "highspy"])
def test_it_is_the_installed_version(package: str) -> None:
    """A plan would name the packages of another installation, and nobody could make it again."""
    assert version(package) == metadata.version(package) == version(package)


def test_a_package_that_is_not_there_has_none() -> None:
    """A plan would be signed off by software that nobody installed."""
    with pytest.raises(metadata.PackageNotFoundError):
        version("no-such-package-of-offtake")
