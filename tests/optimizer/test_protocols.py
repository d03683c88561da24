"""What a clause is gets asked of its class, and the answer is the one that Python gives to the object."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import pytest

from optimizer.clauses import CLAUSES, base, ending, event, obligation, standing
from optimizer.protocols import ByClass

ASKED = [
    x for module in (base, ending, event, obligation, standing) for x in vars(module).values() if isinstance(x, ByClass) and x.__module__ == module.__name__
]


@pytest.mark.parametrize("protocol", ASKED, ids=lambda x: x.__name__)
def test_the_answer_is_python_s_own(protocol: Any) -> None:
    """A clause would be left out of the price, the audit or the model, or be asked for what it has not got."""
    known = [clause(document.model_construct(kind=document.model_fields["kind"].annotation.__args__[0])) for document, clause in CLAUSES]
    own = [type(Protocol).__instancecheck__(protocol, x) for x in known]
    assert [isinstance(x, protocol) for x in known] == own
    assert any(own)
    assert not isinstance(object(), protocol)


def test_every_protocol_that_is_asked_for_is_there() -> None:
    """A new protocol would be looked at member by member, thousands of times in a solve."""
    checkable = {
        name
        for module in (base, ending, event, obligation, standing)
        for name, x in vars(module).items()
        if getattr(x, "_is_runtime_protocol", False) and x.__module__ == module.__name__
    }
    assert checkable == {x.__name__ for x in ASKED}


def test_no_class_is_asked_for_as_if_it_were_a_protocol() -> None:
    """A class that builds on a protocol would count as the class of everything that has the same names."""

    @runtime_checkable
    class Counts(Protocol, metaclass=ByClass):
        def count(self) -> int: ...

    class Own:
        def count(self) -> int:
            return 1

    assert isinstance(Own(), Counts)
    assert not [one for one in ASKED if one.__subclasses__()]
