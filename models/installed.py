"""Which version of a package is installed, read from its files once: every plan names four, and every step of a negotiation asks for ours."""

from __future__ import annotations

from functools import cache
from importlib import metadata


@cache
def version(package: str) -> str:
    """The version of an installed package."""
    return metadata.version(package)
