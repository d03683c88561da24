"""The verb that puts a plan to the test: solved afresh, or one that was solved before."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from rich.console import Console

from api.exit_codes import UsageProblem
from api.interrupt import in_thread, stop_on_interrupt
from api.live import SolveDisplay
from api.solving import results_only
from api.sources import read_source
from models.options import override
from models.stress import Stress
from scenarios.files import parse_scenario

if TYPE_CHECKING:
    from models.plan import Plan
    from models.scenario import Scenario


def stress_one(source: str, settings: dict[str, Any], stored: Path | None) -> tuple[Plan, Scenario]:
    """The plan of one scenario with its stress tests, by default those made from the scenario. Ctrl-C once keeps what is found, twice raises
    KeyboardInterrupt. `stored`: a plan that was solved before; its scenario may have changed since in anything but what the plan signs."""
    raw = read_source(source)
    kept = read_plan(stored) if stored else None
    stop = threading.Event()
    display = SolveDisplay(Console(stderr=True, markup=False, highlight=False))

    def work() -> tuple[Plan, Scenario]:
        scenario = parse_scenario(raw)
        scenario = scenario if scenario.stress is not None else scenario.model_copy(update={"stress": Stress()})
        chosen = override(scenario.solve, **settings)
        if kept is None:
            from optimizer import engine  # a second of imports, which a document full of mistakes needn't wait for

            return engine.solve(scenario, chosen, on_progress=display, stop=stop), scenario
        from optimizer.stress import stress_test

        _same_offers(kept, scenario)
        return kept.model_copy(update={"stress": stress_test(scenario, kept, chosen, stop=stop)}), scenario

    with stop_on_interrupt(stop, display.stopping), display, results_only():
        return in_thread(work)


def read_plan(path: Path) -> Plan:
    """A stored plan. Raises UsageProblem."""
    from models.plan import Plan

    try:
        return Plan.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageProblem(f"--plan: '{path}' can't be read: {error.strerror or error}.") from None
    except ValidationError as error:
        raise UsageProblem(f"--plan: '{path}' is no plan of this version ({error.error_count()} findings); solve the scenario again.") from None


def _same_offers(plan: Plan, scenario: Scenario) -> None:
    """Everything that the plan signs now must still be on the table. Raises UsageProblem."""
    offers = {x.id: x for x in scenario.offers}
    periods, steps = set(scenario.period_ids), {(k.id, x.id) for k in scenario.suppliers for x in k.capacity_steps}
    for award in plan.awards:
        offer = offers.get(award.offer)
        known = offer is not None and award.alternative.split("/")[0] in {x.id for x in offer.alternatives}
        if not known or any(x.period not in periods or x.product not in (offer.products if offer else ()) for x in award.volumes):
            raise UsageProblem(f"--plan: it signs '{award.offer}' ({award.alternative}), which the scenario does not have like this; solve it again.")
    for x in plan.capacity_opened:
        if (x.supplier, x.step) not in steps:
            raise UsageProblem(f"--plan: it opens step '{x.step}' of '{x.supplier}', which the scenario does not have; solve it again.")
