"""Which protocol an object keeps, decided once per class: `class SetsPrice(Protocol, metaclass=ByClass)`.

Statements are put together thousands of times, and each asks every clause what it is. Before Python 3.12 every such `isinstance` goes through all members of
the protocol again, which took a tenth of a small solve.
"""

from __future__ import annotations

from abc import ABCMeta
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    Meta = ABCMeta
else:
    Meta = type(Protocol)


class ByClass(Meta):
    """The kind of protocol that looks at an object's class alone: at what its body, its bases or its dataclass fields name."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return _keeps(instance.__class__, cls)


@cache
def _keeps(kind: type, protocol: type) -> bool:
    fields = getattr(kind, "__dataclass_fields__", {})
    return all(hasattr(kind, name) or name in fields for name in _members(protocol))


def _members(protocol: type) -> set[str]:
    """The public names that a protocol and those that it builds on ask for."""
    asking = [base for base in protocol.__mro__ if isinstance(base, ByClass)]
    return {name for base in asking for name in (*vars(base), *vars(base).get("__annotations__", {})) if not name.startswith("_")}
