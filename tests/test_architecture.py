"""The rules of the house as small checks of the source: who imports whom, and what may be named where."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from scenarios import library
from tests.optimizer.tiny import tiny

ROOT = Path(__file__).parent.parent
LAYERS = ("models", "scenarios", "optimizer", "api")
HEAVY = {"pyomo", "highspy", "scipy", "pandas", "plotly", "jinja2"}
EDGES = {"fastapi", "starlette", "uvicorn", "typer", "rich", "httpx", "sqlalchemy", "alembic", "psycopg", "prometheus_client", "opentelemetry"}
FORBIDDEN = {"models": HEAVY | EDGES | {"numpy"}, "scenarios": HEAVY - {"scipy"} | EDGES, "optimizer": EDGES, "api": {"pyomo", "highspy"}}

# Inside the optimizer, from the bottom up. A module imports from groups below its own; a group in a tuple of its own may look at itself.
ORDER = (
    ("algebra", "halt", "varying", "protocols", "remote", "cluster", "executor"),
    ("progress", "tail", "ambiguity", "instance", "ledger", "light", "wording"),
    ("rows",),
    ("clauses",),
    ("contracts", "outcome", "decisions", "tariffs"),
    ("rules",),
    ("balance", "risk", "bill"),
    ("model", "audit", "size"),
    ("solve",),
    ("exact", "numerics", "baselines"),
    ("trial",),
    ("first_stage",),
    ("quality_chains", "quality_estimates", "quality_judge", "quality_sample"),
    ("quality_replications", "quality_rolling", "quality_stability"),
    ("quality_words",),
    ("quality",),
    ("answer",),
    ("explain",),
    ("conflict_members", "conflict_elastic", "conflict_minimal", "conflict_program", "conflict_repair", "conflict_words", "conflict"),
    ("replay_past", "replay_bills", "replay_rights", "replay_start"),
    ("replay_hold", "replay_steps", "replay_onward", "replay"),
    ("why_bench", "why_words", "why_offers", "why_rules", "why_drivers", "why"),
    ("stress_bench", "stress_what_ifs", "stress_break_even", "stress_doubt", "stress_words", "stress"),
    ("frontier_curve", "frontier_parts", "frontier_program", "frontier_risk", "frontier_blend", "frontier_master", "frontier_tree", "frontier_search"),
    ("frontier_leaves", "frontier_fan", "frontier_whole", "frontier_words"),
    ("frontier",),
    ("negotiation",),
    ("model_file",),
    ("engine",),
)
REPORT_READS = {"ledger", "wording"}  # of the optimizer, apart from its own files
REPORT_WORDS = "optimizer.negotiation.levers.lever_words"  # what a term is called: no number comes with it
API_READS = {"engine", "executor", "report", "progress", "negotiation", "stress", "frontier", "model_file", "conflict", "why", "replay", "replay_start"}
PLAIN = {
    "bill",
    "breach",
    "billed_factor",
    "billed_limit",
    "check",
    "overdrawn",
    "vintages",
    "standing",
    "misused",
    "in_effect",
    "stopped",
    "marked",
    "interrupted",
    "left_after",
    "earlier",
}  # functions of clauses and rules that know volumes, and no model


def sources(*folders: str) -> list[Path]:
    """Python files below some folders of the project."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def module_of(path: Path) -> str:
    """Dotted name of a file."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def all_nodes(*folders: str) -> Iterator[tuple[str, ast.AST]]:
    """Every node of every file's syntax tree, with the file's module."""
    for path in sources(*folders):
        module = module_of(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield module, node


def imports(tree: ast.AST) -> Iterator[str]:
    """Dotted names of everything imported anywhere in a file: lazily and for types too. `from a import b` counts as a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide who imports whom"
            yield from (f"{node.module}.{name.name}" for name in node.names)


@cache
def imported_by(path: Path) -> list[str]:
    """Everything that a file imports."""
    return list(imports(ast.parse(path.read_text(encoding="utf-8"))))


def part_of(name: str) -> str:
    """The part of the optimizer that a dotted name belongs to: optimizer.clauses.deal.Deal -> clauses."""
    return name.split(".")[1]


@pytest.mark.parametrize("layer", LAYERS)
def test_nobody_imports_to_the_right(layer: str) -> None:
    """A document would depend on the mathematics, or the mathematics on the web service."""
    right = LAYERS[LAYERS.index(layer) + 1 :]
    found = [f"{module_of(path)} imports {name}" for path in sources(layer) for name in imported_by(path) if name.split(".")[0] in right]
    assert not found


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_keep_to_their_libraries(layer: str) -> None:
    """Reading a document would load a solver, or the mathematics would know about HTTP."""
    found = [f"{module_of(path)} imports {name}" for path in sources(layer) for name in imported_by(path) if name.split(".")[0] in FORBIDDEN[layer]]
    assert not found


def test_only_one_folder_imports_highspy() -> None:
    """HiGHS would have a second door, whose answers nobody checks."""
    found = [module_of(path) for path in sources(*LAYERS) if any(x.split(".")[0] == "highspy" for x in imported_by(path))]
    assert found
    assert not [module for module in found if not module.startswith("optimizer.solve.highs.")]


def test_only_one_file_imports_pyomo() -> None:
    """Pyomo would bring in scipy.stats, a second in every process that solves."""
    assert [module_of(path) for path in sources(*LAYERS) if any(x.split(".")[0] == "pyomo" for x in imported_by(path))] == ["optimizer.algebra"]


def test_only_the_database_package_imports_sqlalchemy() -> None:
    """A route could ask the database past the store's promises, or every solving process would load a database."""
    outside = [path for path in sources("api") if "database" not in path.relative_to(ROOT).parts]
    assert not [module_of(path) for path in outside for x in imported_by(path) if x.split(".")[0] in {"sqlalchemy", "alembic", "sqlite3", "psycopg"}]


def test_an_engine_loads_no_statistics() -> None:
    """Every solve would begin with a second of imports that it does not need."""
    code = "import optimizer.engine, sys; print('scipy.stats' in sys.modules, 'pyomo.environ' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split() == ["False", "False"]


@pytest.mark.parametrize("first", ["optimizer.engine", "scenarios.files"])
def test_blas_has_no_threads_of_its_own(first: str) -> None:
    """Sums of long vectors would round by the number of cores, and BLAS threads wait for each other on the cores that solve."""
    listed = "len(os.listdir('/proc/self/task')) if os.path.isdir('/proc/self/task') else 1"  # only Linux lists them
    code = f"import {first}, os, numpy; numpy.ones(10**6) @ numpy.ones(10**6); print({listed})"
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env=environment).stdout.split() == ["1"]


def test_api_knows_three_doors_of_the_optimizer() -> None:
    """A route or command would depend on how the model is built, and could not be kept when that changes."""
    found = [f"{module_of(p)} imports {x}" for p in sources("api") for x in imported_by(p) if x.startswith("optimizer.") and part_of(x) not in API_READS]
    assert not found


def test_order_inside_the_optimizer() -> None:
    """A clause would know how it is solved, or the audit how the model is declared."""
    rank = {name: i for i, group in enumerate(ORDER) for name in group}
    found = []
    for path in sources("optimizer"):
        own = part_of(f"{module_of(path)}.")
        for name in imported_by(path) if own and not own.startswith("report") else ():
            if name.startswith("optimizer.") and part_of(name) != own and not rank[part_of(name)] < rank[own] and not _side_by_side(own, part_of(name)):
                found.append(f"{module_of(path)} imports {name}")
    assert not found


def _side_by_side(one: str, other: str) -> bool:
    """Whether two modules stand in one group, where the file that is named later may look at the earlier ones."""
    return any(one in group and other in group and group.index(other) < group.index(one) for group in ORDER)


def test_every_part_of_the_optimizer_has_its_place() -> None:
    """A new module could import anything, because nobody said where it stands."""
    parts = {part_of(f"{module_of(path)}.") for path in sources("optimizer")} - {""}
    assert {part for part in parts if not part.startswith("report")} == {name for group in ORDER for name in group}


def test_reports_read_the_plan_only() -> None:
    """A report could show a number that is not in the plan."""
    found = []
    for path in (ROOT / "optimizer").glob("report*.py"):
        names = [x for x in imported_by(path) if x.startswith("optimizer.") and x != REPORT_WORDS]
        found += [f"{module_of(path)} imports {x}" for x in names if not part_of(x).startswith("report") and part_of(x) not in REPORT_READS]
    assert not found


@pytest.mark.parametrize("folder", ["models/clauses", "models/rules", "optimizer/clauses", "optimizer/rules"])
def test_clauses_and_rules_never_meet(folder: str) -> None:
    """A clause would lean on another clause, and the one could not be changed without the other."""
    package, shared = folder.replace("/", "."), {"base", "deal", "statement", "tier", "obligation", "ending", "event", "standing", "rescheduling"}
    for path in (ROOT / folder).glob("*.py"):
        if path.stem != "__init__":
            met = [name for name in imported_by(path) if name.startswith(f"{package}.") and name.split(".")[2] not in shared]
            assert not met, f"{module_of(path)} imports {met}"


def plain_functions() -> Iterator[tuple[str, ast.FunctionDef, set[str]]]:
    """Functions that must know volumes only, with the names that their file has from Pyomo or that stand for the model."""
    for path in sources("optimizer/clauses", "optimizer/rules"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        model = {"pyo", "pyomo", "Deal", "Desk", "Kernel", "declare", "constrain", "deal", "desk", "kernel", "block", "ledger"}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                from_pyomo = isinstance(node, ast.ImportFrom) and str(node.module).startswith(("pyomo", "optimizer.algebra"))
                model |= {name.asname or name.name for name in node.names if from_pyomo or name.name.startswith("pyomo")}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name in PLAIN:
                yield f"{module_of(path)}.{node.name}", node, model


def test_bills_and_checks_know_no_model() -> None:
    """The bill would be computed from the variables it is to be compared with, and the audit would agree with any mistake."""
    found, seen = [], 0
    for where, function, model in plain_functions():
        nodes = list(ast.walk(function))
        names = {node.id for node in nodes if isinstance(node, ast.Name)} | {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        found += [f"{where} names {name}" for name in sorted(names & model)]
        seen += 1
    assert not found
    assert seen >= 30


@pytest.mark.parametrize("name", ["bill", "audit", "outcome", "tail", "contracts"])
def test_audit_imports_no_pyomo(name: str) -> None:
    """The audit would share algebra with the model it audits."""
    model = ("pyomo", "optimizer.algebra", "optimizer.solve", "optimizer.model")
    assert not [x for x in imported_by(ROOT / "optimizer" / f"{name}.py") if x.startswith(model)]


def test_there_is_one_objective_and_it_reads_the_ledger() -> None:
    """A cost could reach the objective and be forgotten in every table."""
    where = {module for module, node in all_nodes(*LAYERS) if isinstance(node, ast.Attribute) and node.attr == "Objective"}
    assert where == {"optimizer.risk"}


def test_ledger_rows_are_made_by_charge_only() -> None:
    """A row could be put into the ledger past the rules of `charge`."""
    calls = [(module, node) for module, node in all_nodes("optimizer") if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    made = [module for module, node in calls if node.func.attr == "append" and ast.unparse(node.func.value).endswith("ledger.rows")]
    assert not made


def test_objective_is_the_ledger() -> None:
    """The objective would hold a cost that no ledger row has, or miss one."""
    what = tiny(library.load("clause-prepayment"))
    assert what.instance.risk_weight == 0
    expected = what.problem.cash.T @ what.instance.tree.probability
    assert np.allclose(what.problem.cost, expected, rtol=1e-12, atol=0)


def test_packages_listed_are_the_packages_on_disk() -> None:
    """An installed wheel would lack a package that works from the source tree."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    on_disk = {module_of(path / "__init__.py") for layer in LAYERS for path in {file.parent for file in sources(layer)}}
    assert sorted(listed) == sorted(on_disk)
    assert all((ROOT / name.replace(".", "/") / "__init__.py").is_file() for name in listed)


def test_reports_and_progress_load_without_the_solver() -> None:
    """Showing a stored plan, or the command line's help, would take a second longer."""
    code = "import optimizer.report, optimizer.progress, sys; print(sorted({'pyomo', 'highspy', 'fastapi'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_is_left_to_be_done_later() -> None:
    """A gap would hide behind a note, and nobody would look for it."""
    words = ("TO" + "DO", "FIX" + "ME", "NotImplemented" + "Error", "pytest.mark." + "skip", "pytest.mark." + "xfail")
    texts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in sources(*LAYERS, "tests", "benchmarks")}
    assert not [f"{path}: {word}" for path, text in texts.items() for word in words if word in text]
