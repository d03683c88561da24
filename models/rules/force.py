"""Force: a decision already taken."""

from __future__ import annotations

from typing import Literal

from models.base import Identifier
from models.rules.base import RuleBase


class Force(RuleBase):
    """`offer` is signed (or not). `alternative` names the one to be signed. Violation: 1."""

    kind: Literal["force"]
    offer: Identifier
    signed: bool = True
    alternative: Identifier | None = None
