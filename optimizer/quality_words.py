"""What fresh futures say about a plan, in sentences for page one."""

from __future__ import annotations

from models.quality import Estimate, OutOfSample, Replications, Rolling, Stability

SCALES = ((1e9, " billion"), (1e6, " million"), (1.0, ""))


def plus_minus(estimate: Estimate, currency: str) -> str:
    """An amount with half the width of its interval, to as many digits as the half width has to say: USD 412.3 ± 2.9 million."""
    half = max(estimate.high - estimate.value, estimate.value - estimate.low)
    scale, word = next((s, w) for s, w in SCALES if abs(estimate.value) >= s or s == 1.0)
    digits = digits_for(half / scale)
    return f"{currency} {estimate.value / scale:,.{digits}f} ± {half / scale:,.{digits}f}{word}"


def digits_for(half: float) -> int:
    """Decimals that show two digits of a half width, at most four."""
    if half <= 0:
        return 2
    return next((digits for digits in range(4) if half >= 10 ** (1 - digits)), 4)


def share(value: float) -> str:
    """A share in per cent with two digits that say something."""
    return f"{100 * value:,.0f} %" if abs(value) >= 0.1 else f"{100 * value:.2g} %"


def sentences_of(
    currency: str, promised: float, sampled: OutOfSample | None, replicated: Replications | None, rolled: Rolling | None, stable: Stability | None
) -> tuple[str, ...]:
    """One sentence for each thing that was found out. `promised`: the plan's objective on the futures it was made for."""
    said = []
    if sampled is not None:
        said.append(_sampled(currency, promised, sampled))
    if replicated is not None:
        said.append(_replicated(replicated))
    if stable is not None:
        last = stable.lines[-1]
        said.append(f"The award is the same in {last.same_award} of {last.runs} runs with other draws of {last.futures:,} futures.")
    if rolled is not None:
        more = f" ({share(rolled.lost.value / rolled.foresight.value)})" if rolled.foresight.value > 0 else ""
        said.append(
            f"Re-planned every period with only what is then known, it costs {plus_minus(rolled.lost, currency)} more{more} "
            "than if a future were known as soon as contracts are signed, which is what a fan of futures assumes."
        )
    return tuple(said)


def _sampled(currency: str, promised: float, sampled: OutOfSample) -> str:
    by = {x.figure: x for x in sampled.figures}
    said = [f"On {sampled.futures:,} fresh futures the expected cost is {plus_minus(by['expected_cost'], currency)}"]
    objective, short = by.get("objective"), by["shortage_probability"].value
    if objective is not None and abs(promised) > 1e-9:
        off = objective.value - promised
        near = objective.low <= promised <= objective.high
        than = "than the plan promises"
        said.append(
            "in line with what the plan promises" if near else f"risk included {share(abs(off) / abs(promised))} {'more' if off > 0 else 'less'} {than}"
        )
    if short > 0:
        said.append(f"and some demand stays unmet with a probability of {share(short)}")
    return ", ".join(said) + "."


def _replicated(found: Replications) -> str:
    behind = f"({100 * found.confidence:.0f} % confidence, {found.replications:,} replications of {found.futures:,} futures)"
    if found.relative_gap_high is None:
        return f"This award stays within {found.gap_high:,.0f} of the best there is {behind}."
    return f"This award stays best within {share(found.relative_gap_high)} {behind}."
