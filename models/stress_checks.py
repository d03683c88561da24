"""What must be true of a stress table across the scenario's tables. `models.checks` calls `check_stress`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.stress import Stress
from models.uncertainty import Futures

if TYPE_CHECKING:
    from models.checker import Checker

REFERENCES = (
    ("supplier", "supplier"), ("offer", "offer"), ("spot", "spot market"), ("site", "site"), ("product", "product"), ("currency", "currency"),
    ("index", "index"),
)  # fmt: skip
NEEDS = {"spot_gone": "spot", "glut": "spot", "price_spike": "spot", "rival_locks_in": "spot", "fx_shock": "currencies", "index_shock": "indices",
         "late_deliveries": "offers"}  # fmt: skip


def check_stress(check: Checker, given: Stress) -> None:
    """Add findings about `given`."""
    order = {name: t for t, name in enumerate(check.periods)}
    check.register("what-if", "stress.what_ifs", (x.id for x in given.what_ifs))
    for i, what_if in enumerate(given.what_ifs):
        path = f"stress.what_ifs[{i}]"
        if what_if.id == "as_given":
            check.say(f"{path}.id", "the id 'as_given' stands for the scenario as it is; call the what-if something else")
        for field, what in REFERENCES:
            check.refer(f"{path}.{field}", what, getattr(what_if, field, None))
        if check.refer(f"{path}.from_period", "period", what_if.from_period) and what_if.periods is not None:
            left = len(order) - order.get(what_if.from_period or "", 0)
            if what_if.periods > left:
                check.say(f"{path}.periods", f"is {what_if.periods}, but only {left} periods are left; give at most that, or leave it out for all of them")
        table = NEEDS.get(what_if.kind, "")
        if table and not getattr(check.scenario, table):
            check.say(path, f"changes `{table}`, but the scenario has none; remove it")
    check.register("group", "stress.groups", (x.id for x in given.groups))
    uncertainty = check.scenario.uncertainty
    if given.groups and not isinstance(uncertainty, Futures):
        check.say("stress.groups", "groups name futures that are given one by one; remove them, the engine chooses what to vary")
        return
    for i, group in enumerate(given.groups):
        for k, name in enumerate(group.futures):
            check.refer(f"stress.groups[{i}].futures[{k}]", "future", name)
        if set(group.futures) == check.ids["future"]:
            check.say(f"stress.groups[{i}].futures", "holds every future, so that its probability can't change; leave some out")
