"""Options that several verbs of the command line share."""

from __future__ import annotations

from typing import Annotated, Any

import typer


def option(*names: str, metavar: str | None = None, text: str, **more: Any) -> Any:
    """An option that shows no default; its text says what happens without it."""
    return typer.Option(*names, metavar=metavar, help=text, show_default=False, **more)


Seed = Annotated[int | None, option("--seed", metavar="NUMBER", text="The solver's random seed.")]
Threads = Annotated[int | None, option("--threads", metavar="NUMBER", text="How many models are solved side by side; never changes the answer.")]
AsJson = Annotated[bool, option("--json", text="Print one JSON document on standard output, and nothing else there.")]
