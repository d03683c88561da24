"""Time and memory against the number of futures: `python -m benchmarks.scale --futures 20 50 100 200`.

Each size runs in a fresh process. Phases are those that the engine reports, whatever their names. The growth exponent b of `seconds = a futures^b` is the
slope of a least-squares line through the logarithms; the same for memory. Beside the engine's time stands one cold pass over all futures
(`benchmarks.cold_pass`), measured without the engine: no method can do with much less.

Writes scale.json, scale.md and scale.svg to `benchmarks/results` (`--out` another folder, `--name` another name).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.isolated import Run, isolated
from benchmarks.machine import RESULTS, machine, save, sentence, table
from benchmarks.peers.__main__ import gap_of, total
from benchmarks.peers.engine import HIGHS, PART
from benchmarks.picture import COLOURS, Line, Panel, picture

DRAWN = 4  # phases with a line of their own: those that take longest at the largest size
SHORTEST = 1e-3  # seconds below which a phase is not drawn
GRACE = 900.0  # seconds beyond the limit of a solve, for making the problem


@dataclass(frozen=True)
class Size:
    """What was measured at one number of futures."""

    futures: int
    run: Run
    cold: Run | None

    @property
    def phases(self) -> dict[str, float]:
        """Seconds by phase as the engine names them."""
        return dict(self.run.value["details"])

    @property
    def seconds(self) -> float:
        """The engine's time from document to audited plan."""
        return total(self.run)

    @property
    def yardstick(self) -> float | None:
        """Seconds of the cold pass."""
        return self.cold.value["yardstick"] if self.cold is not None and self.cold.ok else None


def measure(futures: int, gap: float, seconds: float, cold_pass: bool = True, method: str = "", **sizes: int) -> Size:
    """One size: the engine, and the cold pass unless it is not wanted."""
    run = isolated("benchmarks.peers.engine:solve", {"futures": futures, "gap": gap, "seconds": seconds, "method": method, **sizes}, seconds + GRACE)
    cold = isolated("benchmarks.cold_pass:measure", {"futures": futures, "ways": "kept", **sizes}, seconds + GRACE) if cold_pass else None
    return Size(futures, run, cold)


def exponent(futures: list[int], values: list[float]) -> float:
    """Slope of the least-squares line through the logarithms; not a number with fewer than two sizes."""
    if len(futures) < 2:
        return float("nan")
    return float(np.polyfit(np.log(futures), np.log(values), 1)[0])


def names_of(found: list[Size]) -> list[str]:
    """Every phase that occurs, in the order of the engine; parts of a phase (in brackets) after it."""
    names = list(dict.fromkeys(name for size in found for name in size.phases))
    return [name for name in names if any(size.phases.get(name, 0.0) >= SHORTEST / 10 for size in found)]


def sizes_table(found: list[Size]) -> str:
    """Futures down, phases across."""
    done = [size for size in found if size.run.ok]
    names = names_of(done)
    rows = []
    for size in found:
        if not size.run.ok:
            rows.append([f"{size.futures:,}", "-", "-", f"{size.run.peak_gib:.2f}", *["-"] * (len(names) + 1), size.run.error.splitlines()[0][:60]])
            continue
        cold = f"{size.yardstick:.2f}" if size.yardstick is not None else "-"
        took = [f"{size.phases.get(name, 0.0):.2f}" for name in names]
        rows.append(
            [
                f"{size.futures:,}",
                f"{size.seconds:.2f}",
                cold,
                f"{size.run.peak_gib:.2f}",
                *took,
                f"{gap_of(size.run.value):.1e}",
                size.run.value["note"].split(",")[0],
            ]
        )
    return table(["futures", "total s", "cold pass s", "peak GiB", *names, "gap", "method"], rows)


def growth_table(found: list[Size]) -> str:
    """Exponent of the total, of memory and of each phase, with its share of the time at the largest size."""
    done = [size for size in found if size.run.ok]
    last = done[-1]
    rows = [["total", f"{exponent([x.futures for x in done], [x.seconds for x in done]):.2f}", "100 %"]]
    for name in names_of(done):
        long = [x for x in done if x.phases.get(name, 0.0) >= SHORTEST]
        slope = exponent([x.futures for x in long], [x.phases[name] for x in long])
        rows.append([name, f"{slope:.2f}", f"{last.phases.get(name, 0.0) / last.seconds:.0%}".replace("%", " %")])
    cold = [x for x in done if x.yardstick is not None]
    rows.append(["cold pass (yardstick)", f"{exponent([x.futures for x in cold], [x.yardstick or 0.0 for x in cold]):.2f}", "-"])
    rows.append(["peak memory", f"{exponent([x.futures for x in done], [x.run.peak_gib for x in done]):.2f}", "-"])
    return table(["what", "growth exponent", f"of the time at {last.futures:,} futures"], rows)


def finding(found: list[Size]) -> str:
    """The result in one sentence; the title of the picture."""
    done = [size for size in found if size.run.ok]
    if len(done) < 2:
        return f"{done[0].futures:,} futures: {done[0].seconds:,.1f} s, {done[0].run.peak_gib:.2f} GiB" if done else "Nothing could be measured"
    futures = [size.futures for size in done]
    time, memory = exponent(futures, [x.seconds for x in done]), exponent(futures, [x.run.peak_gib for x in done])
    return f"From {futures[0]:,} to {futures[-1]:,} futures, time grows with exponent {time:.2f} and memory with {memory:.2f}"


def finest(phases: dict[str, float]) -> list[str]:
    """Phases, longest first: parts instead of the phase that they are part of, where there are parts."""
    parts = [name for name in phases if PART in name and name != HIGHS]
    apart = {name.split(PART)[0] for name in parts}
    return sorted((name for name in phases if name not in apart and name != HIGHS), key=lambda name: -phases[name])


def where(found: list[Size]) -> str:
    """What takes longest at the largest size."""
    last = next(size for size in reversed(found) if size.run.ok)
    longest = finest(last.phases)[0]
    return f"At {last.futures:,} futures, {longest} takes {100 * last.phases[longest] / last.seconds:.0f} % of {last.seconds:,.1f} s."


def drawing(found: list[Size], gap: float, heading: str) -> str:
    """Time by phase and memory against futures."""
    done = [size for size in found if size.run.ok]
    lines = [Line("total", tuple((x.futures, x.seconds) for x in done), COLOURS[0])]
    for name, colour in zip(finest(done[-1].phases)[:DRAWN], COLOURS[1:], strict=False):
        points = tuple((x.futures, x.phases[name]) for x in done if x.phases.get(name, 0.0) >= SHORTEST)
        lines += [Line(name, points, colour)] if points else []
    cold = tuple((x.futures, x.yardstick) for x in done if x.yardstick is not None)
    lines += [Line("one cold pass", cold, COLOURS[-1], dashed=True)] if cold else []
    memory = Line("peak", tuple((x.futures, x.run.peak_gib) for x in done), COLOURS[1])
    panels = (Panel("Time, seconds", "futures", tuple(lines)), Panel("Peak memory, GiB", "futures", (memory,)))
    return picture(finding(found), f"{where(found)} Reference problem, gap {gap:g}, logarithmic axes. {heading}", panels)


def main() -> int:
    """Measure, print and write as the command line asks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description="Time and memory of the engine against the number of futures.")
    parser.add_argument("--futures", type=int, nargs="+", default=[20, 50, 100, 200])
    parser.add_argument("--gap", type=float, default=1e-3)
    parser.add_argument("--time-limit", type=float, default=3600.0, help="seconds for each solve")
    parser.add_argument("--method", default="", help="force a method, where the settings know one")
    parser.add_argument("--no-cold-pass", action="store_true")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result files")
    parser.add_argument("--name", default="scale", help="name of the result files")
    given = parser.parse_args()
    here, found = machine(), []
    paths: list[Path] = []
    for futures in sorted(given.futures):
        size = measure(futures, given.gap, given.time_limit, not given.no_cold_pass, given.method)
        print(f"  {futures:,} futures: " + (size.run.error or f"{size.seconds:.2f} s, {size.run.peak_gib:.2f} GiB"), flush=True)
        found.append(size)
        if any(x.run.ok for x in found):  # written after each size: the larger ones take long
            paths = write(found, given.gap, here, given.out, given.name)
    if not paths:
        return 1
    print("\n" + paths[1].read_text(encoding="utf-8") + "\nwritten: " + ", ".join(str(path) for path in paths))
    return 0 if all(size.run.ok for size in found) else 1


def write(found: list[Size], gap: float, here: dict[str, Any], folder: Path, name: str) -> list[Path]:
    """Write numbers, page and picture; their paths."""
    notes = "A phase with brackets is part of the phase of that name. The cold pass is one linear problem per future, without the engine."
    parts = [f"# {finding(found)}", where(found), f"Measured {sentence(here)}. Gap asked for: {gap:g}.", f"![Time and memory]({name}.svg)"]
    text = "\n\n".join([*parts, sizes_table(found), growth_table(found), notes])
    record = [
        {"futures": x.futures, "error": x.run.error, **x.run.value, "peak_gib": x.run.peak_gib, "cold_pass": x.cold.value if x.cold else {}} for x in found
    ]
    paths = save(name, here, {"gap": gap, "sizes": record}, text, folder)
    drawn = folder / f"{name}.svg"
    drawn.write_text(drawing(found, gap, f"{here['date'][:10]}, {here['cores']} cores."), encoding="utf-8")
    return [*paths, drawn]


if __name__ == "__main__":
    raise SystemExit(main())
