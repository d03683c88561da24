"""The work behind `offtake fit`: reads the history and the scenario, fits, and says what is to be printed and written."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.exit_codes import UsageProblem
from api.page import Page
from api.sources import check_file, read_raw, read_source, write_each

if TYPE_CHECKING:
    from rich.console import Console

    from models.scenario import Scenario
    from scenarios.fitting import Fit
    from scenarios.fitting_parts import Section

MOST_PERIOD_YEARS = 50.0  # of the documents
MOST_FUTURES = 20_000
MOST_SEED = 2_147_483_647


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    period_years: float | None = None
    regimes: int | None = None
    drift: bool = False
    futures: int | None = None
    seed: int | None = None


@dataclass(frozen=True)
class Fitted:
    """A fit and what it says."""

    fit: Fit
    sections: list[Section]

    def document(self) -> dict[str, Any]:
        """Settings and sentences for a script."""
        from scenarios.fitting_settings import settings_table

        return {"settings": settings_table(self.fit.settings), "sections": [asdict(section) for section in self.sections]}


def fit_history(history: str, scenario: str | None, options: Options) -> Fitted:
    """Fit the history in a file. Raises UsageProblem, InvalidScenario (of the history or the scenario)."""
    _check(options)
    if history != "-" and not Path(history).exists():
        raise UsageProblem(f"There is no file '{history}'.")
    raw = read_raw(history)
    given = _scenario(scenario)
    from scenarios.fitting import FUTURES, fit
    from scenarios.fitting_csv import read_history
    from scenarios.fitting_markets import market_rows
    from scenarios.fitting_scenario import check_ids, compared, period_years, with_settings
    from scenarios.fitting_words import sections_of

    read = read_history(raw)
    years = options.period_years or 1.0
    if given is not None:
        check_ids(read, given)
        years = options.period_years or period_years(given)
    if market_rows(read, options.regimes) is not None and find_spec("statsmodels") is None:
        raise UsageProblem("Regimes are found with statsmodels, which is not installed: `pip install 'offtake[fit]'`, or leave them out with `--regimes 0`.")
    futures, seed = FUTURES if options.futures is None else options.futures, 1 if options.seed is None else options.seed
    found = fit(read, period_years=years, regimes=options.regimes, drift=options.drift, futures=futures, seed=seed)
    sections = sections_of(found)
    if given is not None:
        with_settings(given, found.settings)
        beside = compared(found, given)
        sections += [beside] if beside.sentences or beside.warnings else []
    return Fitted(found, sections)


def _check(options: Options) -> None:
    limits: tuple[tuple[str, float | None, float, float], ...] = (
        ("--period-years", options.period_years, 1e-3, MOST_PERIOD_YEARS),
        ("--futures", options.futures, 1, MOST_FUTURES),
        ("--seed", options.seed, 0, MOST_SEED),
    )
    for option, value, low, high in limits:
        if value is not None and not low <= value <= high:
            raise UsageProblem(f"{option} must be between {low:,g} and {high:,.10g}, not {value:g}.")
    if options.regimes is not None and not 0 <= options.regimes <= 4:
        raise UsageProblem(f"--regimes must be 0 (none) to 4, not {options.regimes}.")


def _scenario(name: str | None) -> Scenario | None:
    if name is None:
        return None
    from scenarios.files import parse_scenario

    return parse_scenario(read_source(name))


def paths_for(history: str, scenario: str | None, out: Path | None, picture: Path | None) -> tuple[Path | None, Path | None]:
    """The resolved output paths, each checked. Raises UsageProblem."""
    inputs = tuple(name for name in (history, scenario) if name is not None)
    found = tuple(None if path is None else check_file(path, option, inputs) for path, option in ((out, "--out"), (picture, "--picture")))
    if found[0] is not None and found[0] == found[1]:
        raise UsageProblem("--out and --picture name the same file; give each its own.")
    return found[0], found[1]


def write_fit(found: Fitted, out: Path | None, picture: Path | None) -> tuple[list[str], Exception | None]:
    """Write what was asked for. Returns a phrase for each thing written, and the first problem: one that fails doesn't stop the other."""
    from optimizer.report import html_fit
    from scenarios.files import write_whole
    from scenarios.fitting_settings import settings_table

    def settings(path: Path) -> None:
        write_whole(path, json.dumps(settings_table(found.fit.settings), indent=1, allow_nan=False) + "\n")

    return write_each([("settings", out, settings), ("picture", picture, lambda path: write_whole(path, html_fit(found.fit)))])


def print_fit(found: Fitted, console: Console) -> None:
    """The fit in sentences, on an 80-column page."""
    page = Page(console)
    for section in found.sections:
        page.heading(section.title)
        for sentence in section.sentences:
            page.say(sentence, mark="•")
        for warning in section.warnings:
            page.say(warning, style="yellow", mark="!")
