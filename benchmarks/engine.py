"""What the engine adds to the solver's time, and how long the bundled case takes as a whole process.

    python -m benchmarks.engine                  prints the table for 20 and 100 futures and for `offtake solve fibre`
    python -m benchmarks.engine --futures 20     only that size

The ratio is engine time (read, build, compile, solve, audit, report; no baselines) over the time spent inside HiGHS. Next to it stands the same
compiled problem given to HiGHS's own mixed-integer search. All times are of one run on this machine; only ratios carry over.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

from benchmarks.reference import known, scenario
from models.options import override
from optimizer.engine import solve
from optimizer.instance import build_instance
from optimizer.model import build_model
from optimizer.solve.highs import solve_problem
from optimizer.solve.problem import compile_problem
from scenarios.tree import build_tree


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--futures", type=int, nargs="*", default=[20, 100])
    parser.add_argument("--gap", type=float, default=1e-3)
    parser.add_argument("--highs-mip", action="store_true", help="also let HiGHS's own mixed-integer search solve the same problem (slow)")
    parser.add_argument("--no-fibre", action="store_true")
    given = parser.parse_args()
    print(f"{'futures':>8} {'engine s':>9} {'HiGHS s':>9} {'ratio':>7} {'objective':>14} {'gap':>8} {'off optimum':>12}  phases")
    for futures in given.futures:
        problem = scenario(futures=futures)
        started = time.perf_counter()
        plan = solve(problem, override(problem.solve, gap=given.gap, baselines=False, time_limit_seconds=1800.0))
        engine = time.perf_counter() - started
        phases = {phase.name: phase.seconds for phase in plan.provenance.phases}
        inside = phases["solve (inside HiGHS)"]
        low_high = known(futures)
        off = f"{(plan.summary.objective - low_high[0]) / low_high[0]:12.1e}" if low_high else f"{'unknown':>12}"
        rest = ", ".join(f"{name} {seconds:.2f}" for name, seconds in phases.items() if "inside" not in name)
        print(
            f"{futures:8d} {engine:9.2f} {inside:9.2f} {engine / inside:7.3f} {plan.summary.objective:14.2f} {plan.summary.gap:8.1e} {off}  {rest}", flush=True
        )
        if given.highs_mip:
            instance = build_instance(problem, build_tree(problem))
            answer = solve_problem(compile_problem(build_model(instance)), gap=given.gap, seconds=1800.0)
            print(
                f"{'':8} HiGHS's own search: {answer.seconds:.2f} s, {answer.seconds / inside:.1f} x the search's; objective {answer.objective:.2f}", flush=True
            )
    if not given.no_fibre:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "api.cli", "solve", "fibre"], check=True, stdout=subprocess.DEVNULL)
        print(f"offtake solve fibre, whole process: {time.perf_counter() - started:.2f} s")
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "api.cli", "--help"], check=True, stdout=subprocess.DEVNULL)
        print(f"offtake --help, whole process: {time.perf_counter() - started:.2f} s")


if __name__ == "__main__":
    main()
