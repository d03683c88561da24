"""Models as files: another solver that reads one finds the plan's cost, and the names say what is what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import highspy
import pytest

from models.errors import InvalidScenario
from optimizer.engine import solve
from optimizer.model_file import write_model
from scenarios import library
from scenarios.files import scenario_from


def read(path: Path) -> Any:
    """HiGHS with the model of a file, by itself: no code of ours, no scaling."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("mip_rel_gap", 1e-9)
    assert solver.readModel(str(path)) == highspy.HighsStatus.kOk
    return solver


@pytest.mark.parametrize("ending", [".mps", ".lp"])
@pytest.mark.parametrize("name", ["quickstart", "clause-take_or_pay", "rule-shortage_cvar", "clause-prepayment"])
def test_another_solver_finds_the_same_optimum(name: str, ending: str, tmp_path: Path) -> None:
    """Whoever checks us with a solver of their own would check another problem."""
    scenario, path = library.load(name), tmp_path / f"model{ending}"
    size = write_model(scenario, path)
    solver = read(path)
    assert (solver.getNumRow(), solver.getNumCol()) == (size.rows, size.columns)
    solver.run()
    settings = scenario.solve.model_copy(update={"gap": 1e-9, "baselines": False})
    assert solver.getInfo().objective_function_value == pytest.approx(solve(scenario, settings).summary.objective, rel=1e-6)


def test_rows_and_columns_have_the_names_of_the_manual(tmp_path: Path) -> None:
    """A row of the file could not be found in the manual, nor said of which offer and year it is."""
    write_model(library.load("clause-take_or_pay"), tmp_path / "model.mps")
    solver = read(tmp_path / "model.mps")
    rows = {solver.getRowName(i)[1] for i in range(solver.getNumRow())}
    columns = {solver.getColName(j)[1] for j in range(solver.getNumCol())}
    assert any(name.startswith("take_within_band_above[") for name in rows) or any(".take_or_pay." in name for name in rows)
    assert any(name.startswith("take[frame,") for name in columns)
    assert len(columns) == solver.getNumCol()
    assert len(rows) == solver.getNumRow()


def test_a_fan_is_written_whole(tmp_path: Path) -> None:
    """A scenario that is solved future by future would be written without its other futures."""
    document = json.loads(library.read("clause-late_delivery")) | {"solve": {"method": "decomposition", "gap": 1e-6}}
    scenario = scenario_from(document)
    write_model(scenario, tmp_path / "model.mps")
    solver = read(tmp_path / "model.mps")
    solver.run()
    assert solver.getInfo().objective_function_value == pytest.approx(solve(scenario).summary.objective, rel=1e-5)


def test_a_model_beyond_the_limit_is_refused_before_it_is_written(tmp_path: Path) -> None:
    """A small scenario with many futures would fill the disk."""
    with pytest.raises(InvalidScenario, match="nonzeros, and at most 10 are written"):
        write_model(library.load("quickstart"), tmp_path / "model.mps", most_nonzeros=10)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match=r"not as '\.txt'"):
        write_model(library.load("quickstart"), tmp_path / "model.txt")


def test_a_model_without_anything_is_written_too(tmp_path: Path) -> None:
    """A scenario in which nothing can be bought and nothing is asked for would end in an error of ours."""
    nothing = {
        "format": "offtake/1", "name": "nothing", "periods": ["2027"], "sites": [{"id": "campus"}], "products": [{"id": "cable", "unit": "km"}],
        "demand": [], "shortage": [],
    }  # fmt: skip
    path = tmp_path / "model.mps"
    assert write_model(scenario_from(nothing), path).columns == 0
    assert "ENDATA" in path.read_text()
