"""The verb that hands out a scenario's model, for other solvers and for those who want to read it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.exit_codes import ExitCode, UsageProblem
from api.printing import tell
from api.sources import check_file, read_source

ENDINGS = (".mps", ".lp")


def model(
    source: Annotated[str, typer.Argument(metavar="FILE", help="A scenario (JSON or .xlsx), '-' for standard input, or the name of a bundled scenario.")],
    file: Annotated[Path, typer.Argument(metavar="OUT", help="What to write: .mps (free format) or .lp (CPLEX format).")],
) -> ExitCode:
    """Write a scenario's model, all futures in one mixed-integer program, with rows and columns named by what they are about."""
    if file.suffix.lower() not in ENDINGS:
        raise UsageProblem(f"'{file}' must end with {' or '.join(ENDINGS)}; the ending says what is written.")
    path = check_file(file, "OUT", inputs=(source,))
    from optimizer.model_file import write_model
    from scenarios.files import parse_scenario

    part = path.with_name(f".{path.stem}.part{path.suffix.lower()}")
    try:
        size = write_model(parse_scenario(read_source(source)), part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    tell(f"Wrote the model {path}: {size.rows:,} rows, {size.columns:,} columns, {size.nonzeros:,} nonzeros; to be minimised")
    return ExitCode.OPTIMAL
