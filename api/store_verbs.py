"""`offtake store`: back up, restore and check the store of runs that `offtake serve` keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.exit_codes import ExitCode, UsageProblem
from api.options import AsJson, option
from api.printing import print_json, tell
from api.sources import check_file, print_whole

app = typer.Typer(no_args_is_help=True, help="Back up, restore and check the store of runs.")

Place = Annotated[str | None, option("--store", metavar="PLACE", text="A file or an address (default: OFFTAKE_STORE, or the file in your data folder).")]


def place_of(given: str | None) -> str:
    """Where the store is. Raises UsageProblem."""
    from api.database.opening import shown
    from api.settings import UnusableSettings, settings_from

    try:
        place = settings_from().store if given is None else given
        shown(place)
    except UnusableSettings as error:
        raise UsageProblem(str(error)) from None
    return place


@app.command()
def backup(file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write the backup.")], store: Place = None) -> ExitCode:
    """Copy the store as it is now into one file; servers may go on."""
    from api.database.backup import back_up
    from api.database.opening import shown

    place = place_of(store)
    back_up(place, check_file(file, "FILE", (shown(place),)))
    tell(f"Wrote the backup to {file}")
    return ExitCode.OPTIMAL


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    store: Place = None,
    replace: Annotated[bool, option("--replace", text="Put the backup in the place of a store that is there.")] = False,
) -> ExitCode:
    """Make the store what it was when the backup was made. End the servers first: runs of today would go on in yesterday's store."""
    from api.database.backup import restore as put_back
    from api.database.opening import shown

    place = place_of(store)
    put_back(place, file, replace=replace)
    tell(f"Restored {shown(place)} from {file}")
    return ExitCode.OPTIMAL


@app.command()
def check(store: Place = None, as_json: AsJson = False) -> ExitCode:
    """Look the store through for damage, and count its runs."""
    from api.database.backup import check as look_through

    found = look_through(place_of(store))
    if as_json:
        print_json({"sound": not found.faults, "version": found.version, "runs": found.runs, "faults": found.faults})
    elif found.faults:
        print_whole("".join(f"damaged: {fault}\n" for fault in found.faults))
    else:
        print_whole("".join(f"{line}\n" for line in ("sound", *(f"{count:>7,} {state}" for state, count in found.runs.items()))))
    return ExitCode.INTERNAL if found.faults else ExitCode.OPTIMAL
