"""One-line bugs put into `build()` and `bill()` one after the other, to see which test catches each. Writes `results/seeded-bugs.md`.

    python -m benchmarks.seeded_bugs

Every bug is a change of text in a copy of the tree, and the quickest tests that it concerns are run there in a process of their own: first those of the
clause or rule itself, then the random contracts against the simulator of cash. A bug that nothing catches, or whose text is no longer there, is a fault and
ends the command with code 1. (`tests/optimizer/seeded_bugs.py` asks which of three nets catch a bug, in one process; here it is the test suite.)
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import RESULTS, ROOT, machine, sentence, table

PAGE = RESULTS / "seeded-bugs.md"
FOLDERS = ("models", "scenarios", "optimizer", "tests", "benchmarks")
SIMULATOR = "tests/optimizer/test_cash_simulator.py"
PATIENCE = 600.0  # seconds for the tests of one bug


@dataclass(frozen=True)
class Bug:
    """A line that a tired programmer might write: in `file` of the optimizer, `right` becomes `wrong`."""

    what: str
    file: str  # below `optimizer`
    right: str
    wrong: str
    kind: str = ""  # clause whose random contracts are drawn, or rule whose tests are run; by default the file's own

    @property
    def path(self) -> Path:
        return Path("optimizer") / self.file

    def tests(self) -> list[list[str]]:
        """Arguments of the test runs, the quickest first."""
        folder, name = Path(self.file).parent.name, Path(self.file).stem
        own = Path("tests/optimizer") / folder / f"test_{name}.py"
        own = own if (ROOT / own).is_file() else own.with_name(f"test_{self.kind}.py")  # a part of the kernel has the tests of a clause that needs it
        drawn = [SIMULATOR, "-k", f"agree and ({self.kind or name})"] if folder == "clauses" or (self.kind and folder != "rules") else []
        return [x for x in ([str(own)] if (ROOT / own).is_file() else [], drawn) if x]


BUGS = (
    Bug("what is owed ignores what can be delivered", "clauses/take_or_pay.py", "owed = theta * deal.deliverable(n)\n", "owed = theta\n"),
    Bug("the band's floor ignores what can be delivered", "clauses/volume_band.py", "(1.0 - self.terms.down) * deal.deliverable(n)", "(1.0 - self.terms.down)"),
    Bug("the fee is charged on what is taken", "clauses/reservation.py", "fees.append((fee, deal.volume(j, p, n)))", "fees.append((fee, deal.take(j, p, n)))"),
    Bug("a credit uses up half of itself", "clauses/prepayment.py", "[(1.0, balance[n]), (1.0, credit[n]), *(", "[(1.0, balance[n]), (0.5, credit[n]), *("),
    Bug("nine tenths of the minimum are enough", "clauses/minimum_order.py", "(-self.terms.volume, ordering", "(-0.9 * self.terms.volume, ordering"),
    Bug(
        "damages have no cap", "clauses/late_delivery.py",
        "least(self.terms.damages_per_week * deal.late_weeks(n), self.terms.cap)", "self.terms.damages_per_week * deal.late_weeks(n)",
    ),
    Bug("make-up is credited what it should cost", "clauses/make_up.py", "credit = 1.0 - self.terms.price_share", "credit = self.terms.price_share"),
    Bug("the cap counts the volume and not what is owed", "clauses/carry_forward.py", "self.terms.cap * owed * deal", "self.terms.cap * deal"),
    Bug("the last fee never holds", "clauses/early_termination.py", "in reversed(self.terms.fees) if", "in self.terms.fees if"),
    Bug("the extension's price holds a period less", "clauses/extension.py", "tree.period >= offer.end", "tree.period > offer.end"),
    Bug("a tier is reached when the one before is half full", "clauses/cumulative_rebate.py", "(-below, reached[key])", "(-0.5 * below, reached[key])"),
    Bug("the second slice opens at once", "clauses/incremental_tiers.py", "            if i:\n", "            if i > 1:\n"),
    Bug("made good for what is left of the price", "clauses/make_good.py", "-(1.0 - self.terms.price_share)", "-self.terms.price_share"),
    Bug("the price rises from signing on", "clauses/escalator.py", " - instance.begin[offer.start]\n", "\n"),
    Bug("the index is read without its lag", "clauses/indexed_price.py", "range(self.terms.lag_periods):\n            seen", "range(0):\n            seen"),
    Bug("a bank never runs down", "clauses/obligation.py", "there), (1.0, drawn), *inflow]", "there), (0.0, drawn), *inflow]", "make_up"),
    Bug("ended, and a unit of it stays", "clauses/ending.py", "(-most, [(1.0, lost[key])", "(-most - 1.0, [(1.0, lost[key])", "early_termination"),
    Bug("the premium is the whole price", "clauses/capacity_share.py", "((self.terms.price_factor - 1.0) * deal", "(self.terms.price_factor * deal"),
    Bug("the need is owed although it can't be delivered", "clauses/requirements.py", "share * deal.deliverable(n) * deal", "share * deal"),
    Bug("the waiver is free of charge", "clauses/exclusivity.py", "[(self.terms.waiver_fee, waived[n])]", "[(0.0, waived[n])]"),
    Bug("what is put off does not come back", "clauses/rescheduling.py", "append((-1.0, deal.elected_by", "append((0.0, deal.elected_by", "deferral"),
    Bug("the last notice costs what the first does", "clauses/cancellation.py", "fee = notice.fee_share *", "fee = self.terms.notices[0].fee_share *"),
    Bug("a forecast binds upwards only", "clauses/rolling_forecast.py", "(-(1.0 - self.terms.down) * share, said)", "(0.0, said)"),
    Bug(
        "the bill takes the price before it moves", "clauses/take_or_pay.py",
        "price_share * statement.price *", "price_share * statement.base_price *", "escalator or take_or_pay",
    ),
    Bug("the bill credits more than was prepaid", "clauses/prepayment.py", "np.minimum(earned[nodes], left)", "earned[nodes]"),
    Bug("the bill forgets what was taken before", "clauses/cumulative_rebate.py", "taken[:, nodes] = earlier + now", "taken[:, nodes] = now"),
    Bug("the bill takes the cap for the rate", "clauses/late_delivery.py", "damages_per_week, 0.0, self.terms.cap)", "damages_per_week, self.terms.cap, 1.0)"),
    Bug("the bill forgets a currency at signing", "bill.py", "offer.signing_cost * rate", "offer.signing_cost", "volume_band or reservation"),
    Bug("suppliers at most: one more", "rules/supplier_count.py", "(None, total, float(self.terms.max if", "(None, total, 1.0 + float(self.terms.max if"),
    Bug("cash rules forget signing", "rules/base.py", "{0: 1.0, **scope.weights} if first", "{**scope.weights} if first", "budget"),
)  # fmt: skip


def faults_of(bug: Bug, tree: Path = ROOT) -> str:
    """What is wrong with the bug itself: its text must be in the file once."""
    count = (tree / bug.path).read_text(encoding="utf-8").count(bug.right)
    return "" if count == 1 else f"`{bug.right.strip()}` is {count} times in {bug.path}"


def copied(folder: str) -> Path:
    """A copy of the tree to put bugs into."""
    copy = Path(folder)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def caught_by(bug: Bug, tree: Path) -> list[str]:
    """For each test run the first test that fails; empty where all pass. Raises where a run could not be made."""
    right = (tree / bug.path).read_text(encoding="utf-8")
    (tree / bug.path).write_text(right.replace(bug.right, bug.wrong), encoding="utf-8")
    try:
        return [_first_failure(arguments, tree) for arguments in bug.tests()]
    finally:
        (tree / bug.path).write_text(right, encoding="utf-8")


def _first_failure(arguments: list[str], tree: Path) -> str:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *arguments]
    told = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(command, cwd=tree, env=told, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if run.returncode == 0:
        return ""
    failed = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", run.stdout, re.MULTILINE)
    if run.returncode != 1 or failed is None:
        raise RuntimeError(f"pytest {' '.join(arguments)} ended with code {run.returncode}: {run.stdout[-400:]}{run.stderr[-400:]}")
    return failed.group(1).removeprefix("tests/optimizer/")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="bugs whose file or words hold this")
    parser.add_argument("--dry", action="store_true", help="write no page")
    asked = parser.parse_args()
    measured, rows, faults = sentence(machine()), [], 0
    with tempfile.TemporaryDirectory() as folder:
        tree = copied(folder)
        for bug in (x for x in BUGS if asked.only in f"{x.file} {x.what}"):
            try:
                wrong = faults_of(bug, tree)
                caught = [] if wrong else caught_by(bug, tree)
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                wrong, caught = str(error), []
            faults += bool(wrong) or not any(caught)
            rows.append([bug.what, f"`{bug.file}`", wrong or "; ".join(f"`{x}`" for x in caught if x) or "NOT CAUGHT"])
            print(" | ".join(rows[-1]), flush=True)
    text = f"""# Seeded bugs

`python -m benchmarks.seeded_bugs`. {measured}

{len(rows)} bugs of one line each, {len(rows) - faults} caught. For each: the first test of the clause's or rule's own file that fails, and the first
random contract against the simulator of cash.

{table(["bug", "file", "caught by"], rows)}
"""
    if not asked.dry and not asked.only:
        PAGE.write_text(text, encoding="utf-8")
        print(text)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
