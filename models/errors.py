"""The errors of Offtake: one small tree, by cause.

Every message names the object and the value, and says what to do. Exit and status codes belong to the edges (`api`), causes to this file.
"""

from __future__ import annotations

from copyreg import __newobj__  # type: ignore[attr-defined]  # pickle's own word for "made without its constructor"
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.infeasibility import Infeasibility

MAX_FINDINGS = 50


@dataclass(frozen=True)
class Finding:
    """One thing wrong with a document: where (`offers[2].clauses[0].fraction`) and a sentence that says what to do."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


@dataclass(frozen=True)
class Conflict:
    """One named rule that takes part in a contradiction, with its text and the least relaxation that would end it."""

    path: str
    text: str
    missing: float | None = None
    unit: str = ""


class OfftakeError(Exception):
    """Anything that Offtake itself reports."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled without the constructor, whose arguments differ from error to error: errors come home from other processes."""
        return __newobj__, (type(self), *self.args), self.__dict__


class InvalidScenario(OfftakeError):
    """The document can't be used; `findings` holds every reason found (at most MAX_FINDINGS are listed in the text)."""

    def __init__(self, findings: list[Finding] | tuple[Finding, ...], what: str = "scenario") -> None:
        self.findings = tuple(findings)
        self.what = what
        super().__init__(self._text())

    def _text(self) -> str:
        count = len(self.findings)
        head = f"This {self.what} can't be used: {count} finding{'s' if count != 1 else ''}."
        lines = [f"  - {finding}" for finding in self.findings[:MAX_FINDINGS]]
        if count > MAX_FINDINGS:
            lines.append(f"  - and {count - MAX_FINDINGS} more")
        return "\n".join([head, *lines])


class Infeasible(OfftakeError):
    """No plan keeps all hard rules; `conflicts` is a smallest set of rules that can't hold together. `analysis` says which data take part, which other
    contradictions there are, and what the cheapest repairs are; None where nobody has looked."""

    def __init__(self, conflicts: list[Conflict] | tuple[Conflict, ...], analysis: Infeasibility | None = None) -> None:
        self.conflicts = tuple(conflicts)
        self.analysis = analysis
        lines = [f"  - {c.path}: {c.text}" + (f" (misses by at least {c.missing:,.6g} {c.unit})" if c.missing else "") for c in self.conflicts]
        super().__init__(
            "No plan keeps all hard rules. These can't hold together; loosen or price (`violation_price`) one of them:\n" + "\n".join(lines + self._more())
        )

    def _more(self) -> list[str]:
        """Data that take part, and repairs."""
        if self.analysis is None:
            return []
        data = dict.fromkeys(x for conflict in self.analysis.conflicts for x in conflict.members if not x.path.startswith("rules["))
        lines = ["Limits in the data that take part:", *(f"  - {x.path}: {x.text}" for x in data)] if data else []
        if self.analysis.repairs:
            lines += ["Any one of these would mend it (`offtake repair` writes the scenario):"]
            lines += [f"  {i}. {repair.sentence}" for i, repair in enumerate(self.analysis.repairs, 1)]
        return lines


class TimeLimit(OfftakeError):
    """The time limit came before any plan was found. `bound` is what is proven so far."""

    def __init__(self, seconds: float, bound: float | None = None) -> None:
        self.seconds, self.bound = seconds, bound
        super().__init__(f"No plan was found within {seconds:,g} s. Raise `time_limit_seconds`, or shrink the scenario.")


class Cancelled(OfftakeError):
    """The caller stopped the run before any plan was found."""

    def __init__(self) -> None:
        super().__init__("The run was stopped before a plan was found.")


class SolverFailure(OfftakeError):
    """The solver answered something that can't be used."""


class NumericallyDoubtful(OfftakeError):
    """The data spread over so many orders of magnitude that no solver's answer could be trusted."""


class AuditMismatch(OfftakeError):
    """Our fault: the audit and the model disagree, so no plan is shown."""


class WorkerLost(OfftakeError):
    """The process or the cluster that worked on something ended without an answer."""


class ExtraMissing(OfftakeError):
    """Something optional is asked for whose package isn't installed; the text names the extra to install."""


class ClusterUnusable(OfftakeError):
    """The cluster named can't be used: no such address, nobody answers, no workers, other versions, or Dask isn't installed."""


class StoreUnusable(OfftakeError):
    """The database of runs can't be used: full, locked, read-only, damaged, of a newer version, or not there. Nothing was changed."""
