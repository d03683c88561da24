"""Which form a question is solved in, and why.

Taken apart are fans of many futures whose recourse is linear and that no rule ties together, and trees with many subtrees of that kind; everything else goes
into one problem. `solve.method` forces either.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace

import numpy as np

from models.errors import Finding, InvalidScenario
from models.options import SolveSettings
from models.rules.base import MeasuredRule
from models.scenario import Scenario
from optimizer.instance import Instance
from optimizer.model import build_model
from optimizer.risk import plain
from optimizer.size import refuse_giant
from optimizer.solve.blocks import blocks_in, trunk_of
from optimizer.solve.fan import Fan, make_fan
from optimizer.solve.form_fan import FanForm
from optimizer.solve.form_tree import TreeForm
from optimizer.solve.form_whole import ExtensiveForm
from optimizer.solve.forms import Form, measure_of
from optimizer.solve.problem import compile_problem
from optimizer.solve.stamping import stamp_extensive
from optimizer.solve.template import Template, make_template, obstacle, parts_of
from scenarios.tree import fan_paths

MANY = 30  # futures from which taking apart pays
SUBTREES, LARGE = 8, 60_000  # subtrees and columns from which taking a tree apart pays
APART = 10  # times as large may be what is taken apart, because most of it stands in arrays
FINEST = 1e-7  # relative gap that a decomposition can prove


def choose(scenario: Scenario, instance: Instance, settings: SolveSettings, executor: Executor | None = None) -> Form:
    """The form in which a scenario is solved; a fan that is taken apart has its futures looked at by `executor`, if one is given.

    Raises InvalidScenario where the settings force a decomposition that is not possible.
    """
    wanted, paths = settings.method, fan_paths(instance.tree)
    reason = "the tree branches later than after signing" if paths is None else obstacle(scenario, paths)
    if not reason and not plain(instance):
        reason = "the objective looks at other probabilities too"
    if paths is None or reason:
        refuse_giant(instance, settings.max_nonzeros)
        return _whole_or_tree(instance, settings, reason)
    refuse_giant(instance, APART * settings.max_nonzeros)
    template = make_template(scenario, paths)
    fan = make_fan(template)
    reason = _tie(template, fan) or _too_fine(settings)
    _refuse(wanted, reason)
    if reason or wanted == "extensive" or (wanted == "auto" and paths.count < MANY):
        refuse_giant(instance, settings.max_nonzeros)
        weight = measure_of(instance).weight
        return ExtensiveForm(instance, stamp_extensive(template, instance.tree, weight, instance.risk_tail), _because(wanted, reason, paths.count))
    why = "as asked" if wanted == "decomposition" else "because there are many futures, their recourse is linear and no rule ties them together"
    return FanForm(instance, template, fan, why, executor)


def _whole_or_tree(instance: Instance, settings: SolveSettings, reason: str) -> Form:
    """What can't be stamped is compiled whole; a tree with enough subtrees is then taken apart."""
    wanted, tree = settings.method, instance.tree
    form = ExtensiveForm(instance, compile_problem(build_model(instance)), "")
    apart = fan_paths(tree) is None or reason == ""
    tie = reason if not apart else _tie_of_tree(form) or _too_fine(settings)
    _refuse(wanted, tie)
    if not tie and (wanted == "decomposition" or (wanted == "auto" and blocks_in(tree) >= SUBTREES and form.columns >= LARGE)):
        return TreeForm(form, "as asked" if wanted == "decomposition" else "because the tree is large and no rule ties its subtrees together")
    return replace(form, why=_because(wanted, tie, len(tree.leaves)))


def _tie_of_tree(form: ExtensiveForm) -> str:
    """Why a tree can't be taken apart where it first branches; empty if it can."""
    tree, problem = form.instance.tree, form.problem
    trunk = np.isin(problem.column_node, trunk_of(tree)) | (problem.column_node < 0)
    if not plain(form.instance):
        return "the objective looks at other probabilities too"
    if form.tied or any(rule.over_futures and not isinstance(rule, MeasuredRule) for rule in form.instance.rules):
        return "a rule measured over several futures ties them together (`in: every_future` or `every_node` would not)"
    if problem.integer[~trunk].any():
        return "there are yes-or-no decisions after the first branching"
    if not np.isfinite(problem.upper).all():
        return "some volume has no limit"
    return "" if blocks_in(tree) > 1 else "there is a single future"


def _because(wanted: str, reason: str, count: int) -> str:
    if wanted == "extensive":
        return "all futures in one problem, as asked"
    return f"all futures in one problem, because {reason}" if reason and count >= MANY else ""


def _refuse(wanted: str, reason: str) -> None:
    if wanted == "decomposition" and reason:
        raise InvalidScenario([Finding("solve.method", f'"decomposition" is not possible here, because {reason}; use "auto" or "extensive"')])


def _too_fine(settings: SolveSettings) -> str:
    """Why the gap asked for can't be proven by cuts."""
    return f"it proves gaps down to {FINEST:g}, and {settings.gap:g} is asked for" if settings.gap < FINEST else ""


def _tie(template: Template, fan: Fan) -> str:
    """Why the futures can't be taken apart; empty if they can."""
    parts, problem = parts_of(template), template.problem
    if len(parts.shared_rows) or len(parts.shared):
        return "a rule measured on average ties the futures together (`in: every_future` or `every_node` would not)"
    if problem.integer[parts.recourse].any():
        return "there are yes-or-no decisions after signing"
    if not (np.isfinite(problem.upper[parts.first]).all() and np.isfinite(fan.top).all()):
        return "some volume has no limit"
    return ""
