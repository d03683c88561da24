"""Growth is computed and drawn as it was measured."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks import machine, registry, scale
from benchmarks.isolated import Run
from benchmarks.peers.engine import phases_of
from benchmarks.picture import Line, Panel, picture
from benchmarks.reference_instance import make

TINY = {"periods": 3, "sites": 2, "products": 2, "offers": 3}


def size(futures: int, power: float = 1.2) -> scale.Size:
    """A measurement with a known law: solving grows with `power`, reading linearly, memory with the square root."""
    search, read = 0.1 * futures**power, 0.001 * futures
    details = {"read": read, "solve": search, "solve (inside HiGHS)": search, "solve (master)": 0.75 * search, "solve (passes)": 0.25 * search}
    value = {"objective": 100.0, "bound": 99.9, "phases": {"build": read, "hand-over": 0.0, "solve": search}, "details": details, "note": "made up, because"}
    return scale.Size(futures, Run("", {}, 0.0, 0.05 * futures**0.5, value), Run("", {}, 0.0, 0.0, {"yardstick": 0.02 * futures}))


def test_exponent_is_that_of_the_law() -> None:
    """Superlinear growth would pass for linear."""
    futures = [10, 100, 1000]
    assert scale.exponent(futures, [3.0 * n**1.07 for n in futures]) == pytest.approx(1.07)
    assert np.isnan(scale.exponent([10], [1.0]))


def test_finding_names_growth_and_what_takes_longest() -> None:
    """The picture's title would state something else than the table."""
    found = [size(10), size(100), size(1000)]
    assert scale.finding(found) == "From 10 to 1,000 futures, time grows with exponent 1.20 and memory with 0.50"
    assert scale.where(found).startswith("At 1,000 futures, solve (master) takes 75 %")
    lines = [line.split("|")[1:4] for line in scale.growth_table(found).splitlines()[2:]]
    told = {name.strip(): float(slope) for name, slope, _ in lines}
    assert told == pytest.approx({"total": 1.20, "read": 1.0, "cold pass (yardstick)": 1.0, "peak memory": 0.5} | dict.fromkeys(
        ("solve", "solve (inside HiGHS)", "solve (master)", "solve (passes)"), 1.2))  # fmt: skip


def test_a_failed_size_has_a_line_and_no_weight() -> None:
    """A run that was killed for its memory would spoil the fit, or vanish."""
    failed = scale.Size(10_000, Run("", {}, 9.0, 7.5, {}, "ended with code -9: killed"), None)
    assert scale.finding([size(10), size(100), failed]) == scale.finding([size(10), size(100)])
    assert "code -9" in scale.sizes_table([size(10), failed])


def test_drawing_is_a_picture_of_the_points() -> None:
    """The picture would not open, or lack a line."""
    root = ElementTree.fromstring(scale.drawing([size(10), size(100), size(1000)], 1e-3, "then, there"))
    words = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"total", "solve (master)", "solve (passes)", "read", "one cold pass", "peak", "1,000"} <= set(words)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}polyline"))) == 6
    assert "1 &lt; 2" in picture("1 < 2", "", (Panel("", "", (Line("a", ((1.0, 1.0),), "#000"),)),))


def test_engine_is_measured() -> None:
    """The script would fail on the first of its long runs."""
    found = scale.measure(2, 1e-2, 60, cold_pass=True, **TINY)
    assert found.run.ok, found.run.error
    assert found.seconds > 0
    assert found.yardstick is not None
    assert {"read", "build", "solve", "audit", "report"} <= set(found.phases)
    assert found.run.peak_gib > 0.05


def test_counts_do_not_make_phases() -> None:
    """Every size would have phases of its own."""
    assert phases_of((("solve (12 passes)", 1.0), ("solve (master)", 2.0))) == {"solve (passes)": 1.0, "solve (master)": 2.0}


def test_results_say_where_they_were_measured(tmp_path: Path) -> None:
    """A figure without machine, date and versions is worth nothing."""
    here = machine.machine()
    assert {"date", "cores", "memory_gib", "python", "versions", "commit"} <= set(here)
    assert f"highspy {here['versions']['highspy']}" in machine.sentence(here)
    numbers, page = machine.save("x", here, {"a": 1}, "text", tmp_path)
    assert '"cores"' in numbers.read_text()
    assert page.read_text() == "text\n"


@pytest.mark.parametrize("name", [x.name for x in registry.PROBLEMS])
def test_problems_are_frozen(name: str) -> None:
    """Figures of different days would belong to different problems."""
    frozen = registry.problem(name)
    if name == "fibre":
        assert registry.expected_demand(frozen.build()) == pytest.approx(frozen.demand, rel=1e-9)
        return
    r = make(futures=frozen.futures, **dict(frozen.sizes))
    assert r.probability @ r.demand.sum(axis=(1, 2, 3)) == pytest.approx(frozen.demand, rel=1e-9)


def test_registry_builds_the_scenario_of_the_arrays() -> None:
    """The fingerprint would be checked on other data than the engine gets."""
    frozen = registry.problem("reference-20")
    assert registry.expected_demand(frozen.build()) == pytest.approx(frozen.demand, rel=1e-9)
    assert frozen.known == (2339685.2936412646, 2339685.2936412646)


def test_shape_is_that_of_the_peers() -> None:
    """The registry would list sizes that no tool builds."""
    assert registry.shape(5) == (3208, 11755)  # what plain Pyomo and linopy hand to HiGHS
