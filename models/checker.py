"""What collects findings about a scenario: ids, references, lengths, units, and what may be there once only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from models.errors import Finding

if TYPE_CHECKING:
    from models.scenario import Scenario

PROBABILITY_TOLERANCE = 1e-6
MOST_HINTS = 50  # spelling hints cost time; beyond this many findings nobody reads them


class Checker:
    """Collects findings about one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.found: list[Finding] = []
        self.periods = scenario.period_ids
        self.ids: dict[str, set[str]] = {}
        self.units = {x.id: x.unit for x in scenario.products}
        self.sound: set[object] = set()  # what tables of futures and nodes looked like, values left out, in which nothing was found

    def say(self, path: str, message: str) -> None:
        self.found.append(Finding(path, message))

    def register(self, what: str, table: str, ids: Iterable[str], prefix: str = "") -> None:
        """Remember the ids of a table and report those given twice."""
        seen: set[str] = set()
        for i, name in enumerate(ids):
            if name in seen:
                self.say(f"{prefix}{table}[{i}]", f"the id '{name}' is used twice; every {what} needs an id of its own")
            seen.add(name)
        if not prefix:
            self.ids[what] = seen

    def refer(self, path: str, what: str, name: str | None) -> bool:
        """Report a reference that does not resolve. None is no reference."""
        if name is None or name in self.ids[what]:
            return True
        close = _closest(name, self.ids[what]) if len(self.found) < MOST_HINTS else None
        hint = f"; did you mean '{close}'?" if close else ""
        self.say(path, f"there is no {what} '{name}'{hint}")
        return False

    def series(self, path: str, values: Sequence[float] | None) -> None:
        """A series has one value per period."""
        if values is not None and len(values) != len(self.periods):
            self.say(
                path,
                f"has {len(values)} values, but there are {len(self.periods)} periods ({self.periods[0]} to {self.periods[-1]}); give one value per period",
            )

    def unit(self, path: str, given: str | None, products: Sequence[str]) -> None:
        """A unit that is given must be that of the products it stands for."""
        for product in products:
            own = self.units.get(product, given)
            if given not in (None, own):
                self.say(f"{path}.unit", f"the volumes are given in '{given}', but '{product}' is measured in '{own}'; convert them, or correct the unit")

    def unique(self, path: str, key: object, seen: set[object], what: str) -> None:
        """A table has one row per key."""
        if key in seen:
            self.say(path, f"a second row for {what}; keep one")
        seen.add(key)


def _closest(name: str, known: set[str]) -> str | None:
    from difflib import get_close_matches

    found = get_close_matches(name, sorted(known), n=1, cutoff=0.7)
    return found[0] if found else None


def listed(names: Sequence[str]) -> str:
    """Some names in a row."""
    return ", ".join(f"'{name}'" for name in list(names)[:8]) + (" ..." if len(names) > 8 else "")


def check_site_costs(check: Checker, path: str, rows: Sequence[object], products: Sequence[str]) -> None:
    """Add findings about rows of costs by site."""
    seen: set[object] = set()
    for k, row in enumerate(rows):
        check.refer(f"{path}[{k}].site", "site", row.site)  # type: ignore[attr-defined]
        product = row.product  # type: ignore[attr-defined]
        check.refer(f"{path}[{k}].product", "product", product)
        if product is not None and product not in products:
            check.say(f"{path}[{k}].product", f"'{product}' is not delivered here; expected {listed(products)}")
        check.unique(f"{path}[{k}]", (row.site, product), seen, "this site and product")  # type: ignore[attr-defined]
