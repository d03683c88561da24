"""Random contracts over all clauses: does what a plan says agree with the audit and with a plain simulator of cash? Writes `results/random-contracts.md`.

    python -m benchmarks.random_contracts --cases 1000

Contracts are drawn by hypothesis (`tests/optimizer/random_contracts.py`), always the same ones for the same number of cases; the simulator is
`tests/optimizer/cash_simulator.py`. Ends with code 1 where they disagree.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field, replace

from hypothesis import HealthCheck, Phase, given, settings

from benchmarks.machine import RESULTS, machine, sentence, table
from models.errors import Infeasible, OfftakeError
from scenarios.files import scenario_from
from tests.optimizer.build import Data, solved
from tests.optimizer.cash_breaches import FORBIDDEN
from tests.optimizer.cash_clauses import INVOICES
from tests.optimizer.cash_contract import contracts_of, volumes_of, worlds
from tests.optimizer.cash_prices import price
from tests.optimizer.cash_simulator import disagreements
from tests.optimizer.random_contracts import TERMS, contracts

PAGE = RESULTS / "random-contracts.md"
SHOWN = 20  # disagreements that the page lists


@dataclass
class Tally:
    """What was seen so far."""

    cases: int = 0
    without_plan: int = 0
    amounts: int = 0
    having: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TERMS, 0))  # contracts by clause
    paying: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TERMS, 0))  # of these, the ones in which the clause moves money
    faults: list[str] = field(default_factory=list)


def look(data: Data, tally: Tally) -> None:
    """Solve one contract and compare."""
    tally.cases += 1
    document = scenario_from(data)
    try:
        plan = solved(data)
        found = disagreements(document, plan)
    except Infeasible:
        tally.without_plan += 1
        return
    except OfftakeError as fault:  # a refusal of the audit is a disagreement too
        tally.faults.append(f"{data['name']}: {fault}")
        return
    tally.amounts += len(plan.costs)
    tally.faults += [f"{data['name']} ({', '.join(x['kind'] for x in data['offers'][0]['clauses'])}): {x}" for x in found]
    used: set[str] = set()
    for world in worlds(document):
        for contract in contracts_of(world, plan, volumes_of(plan)):
            for kind, terms in contract.terms.items():
                billed = kind in INVOICES and any(abs(amount) > 1e-6 for _, _, amount in INVOICES[kind](terms, contract))
                without = replace(contract, terms={name: x for name, x in contract.terms.items() if name != kind})
                moved = any(abs(price(contract, p, t) - price(without, p, t)) > 1e-9 for p, t in contract.each())
                used |= {kind} if billed or moved else set()
    for clause in data["offers"][0]["clauses"]:
        tally.having[clause["kind"]] += 1
        tally.paying[clause["kind"]] += clause["kind"] in used


def run(cases: int, seconds: float) -> Tally:
    """Look at so many contracts, or at as many as there is time for."""
    tally, until = Tally(), time.monotonic() + seconds

    @settings(max_examples=cases, deadline=None, derandomize=True, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(contracts())
    def each(data: Data) -> None:
        if time.monotonic() < until:
            look(data, tally)

    each()
    return tally


def page(tally: Tally, measured: str) -> str:
    """The result as Markdown."""
    rows = [[kind, str(tally.having[kind]), str(tally.paying[kind]), "yes" if kind in FORBIDDEN else ""] for kind in sorted(TERMS)]
    shown = "\n".join(f"- {fault}" for fault in tally.faults[:SHOWN]) or "No disagreement was found."
    return f"""# Random contracts against a plain simulator of cash

`python -m benchmarks.random_contracts --cases {tally.cases}`. {measured}

{tally.cases} random contracts with {tally.amounts} amounts in their plans ({tally.without_plan} without a plan); every amount, and the objectives of solver,
plan and audit, were compared with a simulator that shares no code with them, to one part in a million. {len(tally.faults)} disagreements.

{table(["clause", "contracts with it", "in which it moves money", "volumes checked"], rows)}

{shown}
"""


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000, help="contracts to draw")
    parser.add_argument("--seconds", type=float, default=7200.0, help="begin no contract after this long")
    parser.add_argument("--dry", action="store_true", help="write no page")
    asked = parser.parse_args()
    measured = sentence(machine())
    tally = run(asked.cases, asked.seconds)
    text = page(tally, measured)
    if not asked.dry:
        PAGE.write_text(text, encoding="utf-8")
    print(text)
    return 1 if tally.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
