"""The models of the minimal scenarios, row by row."""

from __future__ import annotations

import difflib

import pyomo.environ as pyo
import pytest

from optimizer.solve.highs import lp_text
from optimizer.solve.names import KERNEL_LETTERS
from scenarios import library
from tests.optimizer.golden.regenerate import FOLDER, lp_of, names
from tests.optimizer.tiny import tiny


@pytest.mark.parametrize("name", names())
def test_model_is_the_golden_one(name: str) -> None:
    """A row, coefficient or bound of a clause or rule would have changed without anybody having read it."""
    path = FOLDER / f"{name}.lp"
    golden, found = path.read_text(encoding="utf-8") if path.is_file() else "", lp_of(name)
    change = "\n".join(difflib.unified_diff(golden.splitlines(), found.splitlines(), "golden", "model", n=0, lineterm=""))
    assert found == golden, f"{path.name} differs; if that is meant: python -m tests.optimizer.golden.regenerate\n{change}"


def test_no_golden_file_without_a_scenario() -> None:
    """A golden file would be kept that nothing compares with."""
    assert {path.stem for path in FOLDER.glob("*.lp")} == set(names())


def test_names_in_lp_files_are_ids() -> None:
    """Rows could not be read without a table of integers, or two of them would share a name."""
    problem = tiny(library.load("clause-all_units_tiers")).problem
    rows, columns = ({f(i) for i in range(n)} for f, n in zip((problem.row_name, problem.column_name), problem.matrix.shape, strict=True))
    assert (len(rows), len(columns)) == problem.matrix.shape
    assert {"take[frame,base/tier-2,cable,2027.certain]", "volume[frame,base/tier-2,cable,2027,now]", "unmet[cable,campus,0,2027.certain]"} < columns
    assert "offers[frame].take_or_pay.unused_volume_is_paid[base/tier-1,cable,2027.certain]" in rows
    assert "take(frame,base.tier~2,cable,2027.certain)" in lp_text(problem)


@pytest.mark.parametrize("name", ["quickstart", "fibre"])
def test_every_component_of_the_kernel_is_named_with_ids(name: str) -> None:
    """A new row of the kernel would show integers in messages and files, because nobody said what its index stands for."""
    model = tiny(library.load(name)).kernel.model
    own = {x.name for x in model.component_objects((pyo.Var, pyo.Constraint), descend_into=False)}
    assert own <= set(KERNEL_LETTERS)
