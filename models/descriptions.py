"""What a field means: the string below it in the source, read when a schema is asked for and not before.

Pydantic can do this while it makes the classes (`use_attribute_docstrings`), which takes as long as everything else about them, in every process.
"""

from __future__ import annotations

import ast
import sys
from functools import cache
from inspect import getsource
from itertools import pairwise


def descriptions_of(cls: type) -> dict[str, str]:
    """Descriptions of the fields that a class declares itself."""
    return _in_module(cls.__module__).get(cls.__name__, {})


@cache
def _in_module(name: str) -> dict[str, dict[str, str]]:
    """Descriptions in every class of a module."""
    tree = ast.parse(getsource(sys.modules[name]))
    return {node.name: _fields(node) for node in tree.body if isinstance(node, ast.ClassDef)}


def _fields(node: ast.ClassDef) -> dict[str, str]:
    found = {}
    for field, text in pairwise(node.body):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr)):
            continue
        if isinstance(text.value, ast.Constant) and isinstance(text.value.value, str):
            found[field.target.id] = text.value.value
    return found
