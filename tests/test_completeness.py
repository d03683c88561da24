"""Every clause and rule has all its parts. The message names what is missing."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any, get_args

import pytest

from models import clauses as clause_documents
from models import rules as rule_documents
from optimizer.clauses import CLAUSES
from optimizer.rules import RULES
from optimizer.solve.highs import solve_problem
from optimizer.wording import Setting
from scenarios import library
from tests.optimizer.tiny import FRAMES, document, tiny, tiny_scenario

ROOT = Path(__file__).parent.parent


def kind_of(terms: Any) -> str:
    """The `kind` of a document."""
    return str(get_args(terms.model_fields["kind"].annotation)[0])


CLAUSE_KINDS = [kind_of(x) for x in clause_documents.CLAUSES]
RULE_KINDS = [kind_of(x) for x in rule_documents.RULES]

# What a clause can't do without, at its most harmless.
REQUIRED: dict[str, dict[str, Any]] = {
    "indexed_price": {"index": "inputs"},
    "price_review": {"index": "inputs"},
    "all_units_tiers": {"tiers": [{"from_volume": 0}]},
    "incremental_tiers": {"tiers": [{"from_volume": 0}]},
    "cumulative_rebate": {"tiers": [{"from_volume": 0}]},
}


def missing_files(what: str, kind: str) -> list[str]:
    """Files that a clause or rule (`what`) must have and has not."""
    wanted = (
        f"models/{what}s/{kind}.py",
        f"optimizer/{what}s/{kind}.py",
        f"tests/optimizer/{what}s/test_{kind}.py",
        f"tests/optimizer/golden/{what}-{kind}.lp",
        f"scenarios/library/{what}-{kind}.json",
        f"scenarios/library/expected/{what}-{kind}.json",
    )
    return [path for path in wanted if not (ROOT / path).is_file()]


def missing_words(what: str, kind: str) -> list[str]:
    """What the text at the top of the module leaves out."""
    source = (ROOT / f"optimizer/{what}s/{kind}.py").read_text(encoding="utf-8")
    text = ast.get_docstring(ast.parse(source)) or ""
    wanted = [x for x in ("To the buyer:", "Reference:", "Worked number:") if x not in text]
    formulas = [line for line in text.splitlines() if line.startswith("    ") and ":" in line]
    lacks = wanted + ([] if formulas else ["a formula (an indented line `name:  formula`)"])
    return lacks + [f"the row `{row}` among the formulas" for row in declared_rows(source) if f"{row}:" not in text]


def declared_rows(source: str) -> list[str]:
    """Names of the constraints that a module declares: first argument of `deal.rows`, second of `constrain`, first of `desk.impose`, keys of `rows`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            at = {"deal.rows": 0, "desk.impose": 0, "constrain": 1}.get(called)
            if at is not None and isinstance(node.args[at], ast.Constant):
                found.append(str(node.args[at].value))
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "rows" and isinstance(node.slice, ast.Constant):
            found.append(str(node.slice.value))
    return sorted(set(found))


def missing_in_tests(what: str, kind: str) -> list[str]:
    """Verifier cases and numbers by hand that the test module lacks."""
    module = importlib.import_module(f"tests.optimizer.{what}s.test_{kind}")
    cases, by_hand = getattr(module, "CASES", ()), getattr(module, "BY_HAND", ())
    terms = [case.clause if what == "clause" else case.rule for case in cases]
    lacks = [] if any(x["kind"] == kind for x in terms) else ["verifier cases (CASES)"]
    return lacks + ([] if len(by_hand) >= 3 else ["three numbers worked out by hand (BY_HAND)"])


@pytest.mark.parametrize(("what", "kind"), [("clause", x) for x in CLAUSE_KINDS] + [("rule", x) for x in RULE_KINDS])
def test_nothing_is_missing(what: str, kind: str) -> None:
    """A clause or rule would be offered to users without a test, an example, or a text that says what it means."""
    missing = missing_files(what, kind)
    assert not missing, f"{what} '{kind}' lacks {', '.join(missing)}"
    missing = [*missing_words(what, kind), *missing_in_tests(what, kind)]
    if f'"kind": "{kind}"' not in library.read(f"{what}-{kind}").decode():
        missing.append(f"the {what} itself in its minimal scenario")
    assert not missing, f"{what} '{kind}' lacks {', '.join(missing)}"


@pytest.mark.parametrize(("documents", "registry"), [(clause_documents.CLAUSES, CLAUSES), (rule_documents.RULES, RULES)])
def test_every_document_has_a_meaning(documents: tuple[Any, ...], registry: tuple[tuple[Any, Any], ...]) -> None:
    """A document would be accepted that the optimizer can't read, or one would stand in the registry twice."""
    assert [pair[0] for pair in registry] == list(documents)
    assert len({pair[1] for pair in registry}) == len(documents)


@pytest.mark.parametrize("pair", CLAUSES, ids=lambda pair: kind_of(pair[0]))
def test_clause_speaks_the_protocol(pair: tuple[Any, Any]) -> None:
    """A clause could not be built, billed, negotiated, explained, written into a contract or shown by example."""
    kind, meaning = kind_of(pair[0]), pair[1]
    missing = [name for name in ("build", "bill", "levers", "explain", "wording", "examples") if not callable(getattr(meaning, name, None))]
    assert not missing, f"clause '{kind}' lacks {', '.join(missing)}"
    clause = meaning(document({"kind": kind, **REQUIRED.get(kind, {})}))
    assert clause.explain().endswith(".")
    setting = Setting(currency="USD", unit="km", price=28.0, schedule=(1000.0, 1000.0), low=0.0, high=1000.0, first_period="2027")
    assert clause.wording(setting).endswith(".")
    assert clause.examples(setting)
    assert all(lever.low < lever.high and lever.step > 0 and lever.buyer_prefers in ("lower", "higher") for lever in clause.levers())


@pytest.mark.parametrize("pair", RULES, ids=lambda pair: kind_of(pair[0]))
def test_rule_speaks_the_protocol(pair: tuple[Any, Any]) -> None:
    """A rule could not be imposed, measured or explained."""
    kind, meaning = kind_of(pair[0]), pair[1]
    missing = [name for name in ("build", "check", "explain") if not callable(getattr(meaning, name, None))]
    assert not missing, f"rule '{kind}' lacks {', '.join(missing)}"
    given = next(rule for rule in library.load(f"rule-{kind}").rules if rule.kind == kind)
    assert meaning(given).explain().endswith(".")


@pytest.mark.parametrize("kind", CLAUSE_KINDS)
def test_defaults_are_inert(kind: str) -> None:
    """A clause of which nothing is said but its kind would cost or forbid something."""
    with_clause, without = (solve_problem(tiny(tiny_scenario(FRAMES[1], clauses)).problem) for clauses in (({"kind": kind, **REQUIRED.get(kind, {})},), ()))
    assert with_clause.objective == pytest.approx(without.objective, rel=1e-9)
