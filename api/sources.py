"""What a command reads and writes: FILE arguments (a file, `-`, a bundled scenario's name) and output paths.

Output paths are checked before any work is done, by the same means by which they are written later, so that an hour's result isn't lost to a typing error.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from api.exit_codes import NotWritten, UsageProblem

if TYPE_CHECKING:
    from models.plan import Plan
    from models.scenario import Scenario


def read_source(name: str) -> bytes:
    """The scenario called `name` as raw JSON, also where it is an Excel workbook. Raises UsageProblem, InvalidScenario."""
    raw = read_raw(name)
    if raw[:1] not in (b"P", b"\xd0"):  # as workbooks begin, and no JSON
        return raw
    from scenarios.workbook import is_workbook, json_of

    return json_of(raw) if is_workbook(raw) else raw


def read_raw(name: str) -> bytes:
    """The raw document called `name`: standard input for `-`, else an existing file, else a bundled scenario. Raises UsageProblem, InvalidScenario."""
    if name == "-":
        return _read_limited(sys.stdin.buffer)
    path = Path(name)
    try:
        if path.is_dir():
            raise UsageProblem(f"'{name}' is a folder. Name a file in it, or solve all of it with `offtake batch {name}`.")
        if path.exists():
            with path.open("rb") as file:
                return _read_limited(file)
    except (OSError, ValueError) as error:
        raise UsageProblem(f"'{name}' can't be read: {getattr(error, 'strerror', None) or error}.") from None
    return _read_bundled(name)


def _read_limited(file: BinaryIO) -> bytes:
    """Everything in `file`, but never much more than a scenario may have: the stream may be endless."""
    from models.errors import Finding, InvalidScenario
    from scenarios.files import MAX_BYTES

    raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise InvalidScenario([Finding("", f"the document has more than {MAX_BYTES / 1e6:,.1f} MB, and no more are read")])
    return raw


def _read_bundled(name: str) -> bytes:
    from scenarios import library

    known = list(library.names())
    if name in known:
        return library.read(name)
    close = get_close_matches(name, known, n=1)
    hint = f" Did you mean the bundled scenario '{close[0]}'?" if close else " `offtake example` lists the bundled scenarios."
    raise UsageProblem(f"There is no file '{name}', and no bundled scenario of that name.{hint}")


def check_file(path: Path, option: str, inputs: tuple[str, ...] = ()) -> Path:
    """The resolved `path`, if a file can be written there; `inputs` are files that must not be overwritten. Raises UsageProblem."""
    path = path.expanduser().resolve()
    if path.exists() and not path.is_file():
        raise UsageProblem(f"{option}: '{path}' is {'a folder' if path.is_dir() else 'not a regular file'}; name a file. (`--json` writes to standard output.)")
    if any(name != "-" and Path(name).resolve() == path for name in inputs):
        raise UsageProblem(f"{option}: '{path}' is the input itself; name another file.")
    _check_writable(path.parent, option)
    return path


def check_folder(path: Path, option: str) -> Path:
    """The resolved `path`, if it is a folder that can be written to or can be made inside one. Raises UsageProblem."""
    path = path.expanduser().resolve()
    if path.exists() and not path.is_dir():
        raise UsageProblem(f"{option}: '{path}' is a file; name a folder.")
    _check_writable(path if path.exists() else path.parent, option)
    return path


def _check_writable(folder: Path, option: str) -> None:
    if not folder.is_dir():
        raise UsageProblem(f"{option}: the folder '{folder}' does not exist; make it first.")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageProblem(f"{option}: nothing can be written in '{folder}': {error.strerror or error}.") from None


@dataclass(frozen=True)
class Outputs:
    """Where a plan goes; each path already checked."""

    plan: Path | None = None
    report: Path | None = None
    tables: Path | None = None
    workbook: Path | None = None

    def write(self, plan: Plan, scenario: Scenario) -> tuple[list[str], Exception | None]:
        """Write everything asked for. Returns a phrase for each thing written, and the first problem: one that fails doesn't stop the others."""
        things: list[tuple[str, Path | None, Callable[[Path], None]]] = [
            ("plan", self.plan, partial(_write_plan, plan=plan)),
            ("report", self.report, partial(_write_report, plan=plan, scenario=scenario)),
            ("tables", self.tables, partial(_write_tables, plan=plan)),
            ("workbook", self.workbook, partial(_write_workbook, plan=plan, scenario=scenario)),
        ]
        return write_each(things, lambda path: _rescue(plan, path))


def write_each(
    things: Iterable[tuple[str, Path | None, Callable[[Path], None]]], rescue: Callable[[Path], str] = lambda _: ""
) -> tuple[list[str], Exception | None]:
    """Write things (what, where, how), those that have a path. Returns a phrase for each thing written, and the first problem: one that fails doesn't
    stop the others. `rescue` is tried for the first of them, which holds the figures, and says what came of it."""
    written: list[str] = []
    problem: Exception | None = None
    for k, (what, path, write) in enumerate(things):
        if path is None:
            continue
        try:
            write(path)
            written.append(f"{what} {path}")
        except OSError as error:
            rescued = rescue(path) if k == 0 else ""
            problem = problem or NotWritten(f"The {what} could not be written to '{path}': {error.strerror or error}.{rescued}")
        except Exception as error:  # a fault in drawing a picture must not cost the figures
            problem = problem or error
    return written, problem


def _write_plan(path: Path, plan: Plan) -> None:
    from scenarios.files import write_whole

    write_whole(path, dump_plan(plan))


def _write_report(path: Path, plan: Plan, scenario: Scenario) -> None:
    from optimizer.report import html_report
    from scenarios.files import write_whole

    write_whole(path, html_report(plan, scenario))


def _write_tables(path: Path, plan: Plan) -> None:
    from optimizer.report import write_tables

    path.mkdir(exist_ok=True)
    write_tables(plan, path)


def _write_workbook(path: Path, plan: Plan, scenario: Scenario) -> None:
    from optimizer.report import excel_report
    from scenarios.files import write_whole

    write_whole(path, excel_report(plan, scenario))


def _rescue(plan: Plan, wanted: Path) -> str:
    """The disk may have filled up while the solver ran: try the temporary folder before the plan is lost."""
    from scenarios.files import write_whole

    refuge = Path(tempfile.gettempdir()) / wanted.name
    try:
        write_whole(refuge, dump_plan(plan))
    except OSError:
        return ""
    return f" It was saved as '{refuge}' instead."


def dump_plan(plan: Plan) -> str:
    """`plan` as one JSON document, with a newline at its end."""
    return plan.model_dump_json(indent=1) + "\n"


def print_whole(text: str) -> None:
    """Print `text` on standard output at once; a reader that has left the pipe is no error of ours."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
