"""Names of rows and columns with ids in the place of integers, made only when somebody asks for one.

    take[maker,base,cable,2027.tight]       offers[maker].take_or_pay.unused_volume_is_paid[base,cable,2027.tight]

What the positions of an index stand for is known by the component's name for the kernel, and by their number within an offer, where all clauses keep
to one order: (node), (product, node), (alternative, product, node), (alternative, product, period, node), (alternative, product, period, tier, node).
Everywhere else the last position is the node and the others stay integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from optimizer.decisions import Kernel

# o offer, c election of a clause, w ending of it, j alternative, p product of the offer, P product, s site, k supplier, m spot market, e capacity step,
# t period, n node, i an integer
KERNEL_LETTERS = {
    "signed": "ojn", "volume": "ojptn", "take": "ojpn", "elected": "ocjpn", "ended": "own", "deliver": "opsn", "order": "min",
    "receive": "msn", "stock": "Psn", "move": "in", "swap": "isn", "unmet": "Psin", "opened": "en",
    "demand_is_served": "Psn", "unmet_within_need": "Psn", "spot_is_received": "mn",
    "takes_within_capacity": "kPn", "commitments_within_capacity": "kPn", "step_needs_commitment": "en", "step_opens_once": "en",
    "step_needs_prepayment": "en",
}  # fmt: skip
OFFER_LETTERS = {1: "n", 2: "pn", 3: "jpn", 4: "jptn", 5: "jptin"}
SITE_ROWS = {"site_reaches_least"}  # of clauses: (site, node)


@dataclass(frozen=True)
class Names:
    """Spells out what Pyomo's row and column data stand for."""

    kernel: Kernel

    def of(self, data: Any, future: str = "") -> str:
        """The name of a row or column; of one future, where its model stands for many."""
        component = data.parent_component()
        index = data.index() if isinstance(data.index(), tuple) else (data.index(),)
        offer = self.offer_of(component.parent_block())
        letters = OFFER_LETTERS.get(len(index), "") if offer is not None else KERNEL_LETTERS.get(component.name, "")
        letters = "sn" if component.local_name in SITE_ROWS else letters
        if len(letters) != len(index):
            letters = "i" * (len(index) - 1) + "n"
        spelled = []
        for letter, i in zip(letters, index, strict=True):
            offer = int(i) if letter == "o" else offer
            spelled.append(self._id(letter, int(i), offer) + (f".{future}" if future and letter == "n" and i > 0 else ""))
        return f"{component.name}[{','.join(spelled)}]"

    def offer_of(self, block: Any) -> int | None:
        """Index of the offer that a block belongs to."""
        parts = str(block.name).split("]")[0].partition("offers[")
        return [x.id for x in self.kernel.instance.offers].index(parts[2]) if parts[1] else None

    def _id(self, letter: str, i: int, offer: int | None) -> str:
        instance = self.kernel.instance
        scenario = instance.scenario
        if letter == "w" and offer is not None:
            return self.kernel.contracts[offer].endings[i].clause
        if letter == "c" and offer is not None:
            return self.kernel.contracts[offer].elections[i].label
        if letter in "jp" and offer is not None:
            contract = self.kernel.contracts[offer]
            return contract.alternatives[i].id if letter == "j" else scenario.products[contract.offer.products[i]].id
        if letter == "n":
            return instance.tree.ids[i]
        if letter == "t":
            return scenario.period_ids[i]
        if letter == "e":
            return f"{scenario.suppliers[instance.steps[i].supplier].id}.{instance.steps[i].id}"
        tables: dict[str, Any] = {"o": scenario.offers, "P": scenario.products, "s": scenario.sites, "k": scenario.suppliers, "m": scenario.spot}
        return str(tables[letter][i].id) if letter in tables else str(i)
