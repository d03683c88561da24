"""How large a model would get, before anything is built."""

from __future__ import annotations

from optimizer.instance import Instance


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
