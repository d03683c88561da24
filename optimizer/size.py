"""What is too large, before anything is built: the model, or a number that means "no limit"."""

from __future__ import annotations

from models.errors import Finding, InvalidScenario
from optimizer.instance import Instance

MOST_OF_DEMAND = 1e8  # a committable volume beyond this multiple of the largest demand makes a solver's tolerances meaningless


def estimate_nonzeros(instance: Instance) -> float:
    """Rough count of matrix nonzeros: what grows with nodes times sites, within about a factor of two."""
    nodes, sites = instance.tree.size, len(instance.scenario.sites)
    found = 0.0
    for offer in instance.offers:
        covered = float(((instance.tree.period >= offer.start) & (instance.tree.period < offer.end)).sum())
        products = len(offer.products)
        found += covered * products * (4.0 * len(offer.sites) + 6.0 * len(offer.alternatives) * (1 + len(offer.clauses)))
    found += nodes * sites * 4.0 * len(instance.spots)
    found += nodes * (5.0 * len(instance.shortage) + 3.0 * len(instance.stocks) + 3.0 * len(instance.lanes) + 3.0 * sites * len(instance.swaps))
    return found


def refuse_giant(instance: Instance, most: int) -> None:
    """Raise InvalidScenario where the model would have more nonzeros than `most`."""
    estimate = estimate_nonzeros(instance)
    if estimate > most:
        said = f"the model would have about {estimate:,.0f} nonzeros, more than `solve.max_nonzeros` = {most:,}; use fewer futures, or raise it"
        raise InvalidScenario([Finding("", said)])


def boundless(instance: Instance) -> list[Finding]:
    """Committable volumes so far beyond anything that is asked for that no solver's answer could be trusted with them."""
    most = MOST_OF_DEMAND * float(instance.tree.states.demand.sum(axis=(1, 2)).max(initial=0.0))
    found = []
    for offer in instance.offers:
        for j, alternative in enumerate(offer.alternatives):
            largest = float(alternative.high.max())
            if largest > most > 0:
                path = f"offers[{offer.index}].alternatives[{j}].volume_per_period"
                said = f"`max` is {largest:,.6g}, more than a hundred million times the largest demand of a period; give what the supplier could really commit"
                found.append(Finding(path, said))
    return found
