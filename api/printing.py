"""What goes to which stream: results to standard output, messages to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from api.sources import print_whole

if TYPE_CHECKING:
    from rich.console import Console


def tell(text: str) -> None:
    """A message to the reader."""
    from api.page import clean

    print(clean(text), file=sys.stderr)


def print_json(document: dict[str, Any]) -> None:
    """A document as the result."""
    print_whole(json.dumps(document, indent=1, allow_nan=False) + "\n")


def show(draw: Callable[[Console], None]) -> None:
    """A drawn page as the result."""
    from rich.console import Console

    console = Console(markup=False, highlight=False)
    with console.capture() as captured:
        draw(console)
    print_whole(captured.get())
