"""Makes the bundled case `fibre-generated`: the fibre case with a market view in the place of futures given one by one.

`python -m benchmarks.fibre_generated` writes `scenarios/library/fibre-generated.json`. Regimes and branches of demand are those of `fibre_market`; what
moves within them is added here. Every number says where it comes from: "public", "derived" from such, or "assumed".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import fibre_scenario
from benchmarks.fibre_market import BRANCH_YEAR, BRANCHES, CATCH_UP, FIRST_REGIME, REGIMES, SUPPLIERS, WEEKS, Regime
from benchmarks.layout import save

TARGET = Path(__file__).parents[1] / "scenarios" / "library" / "fibre-generated.json"
FUTURES = 48  # enough for a plan in seconds; raise it for a sharper one

# Which future has come true is taken to be known right after signing, so what can wait until 2028 would wait with perfect foresight: left out.
LEFT_OUT = ("second-outside-later",)

# As in the case with given futures, but measured future by future and priced, so that every future can be planned on its own. Assumed prices: volume
# beyond a share at a tenth of the price of cable, a bridge loan at 10 %.
RULES = [
    {"kind": "domestic_share", "name": "Domestic content policy", "min": 0.6, "in": "every_future", "violation_price": 1_500},
    {"kind": "supplier_share", "name": "Not all eggs in one basket", "supplier": "maker", "max": 0.7, "in": "every_future", "violation_price": 2_800},
    {"kind": "fill_rate", "name": "Service level", "min": 0.98, "in": "every_future", "violation_price": 5_000_000},
    {"kind": "budget", "name": "Cash plan of 2027", "period": "2027", "max": 800_000_000, "in": "every_node", "violation_price": 0.1},
    {"kind": "exclusive", "name": "One outside plant contract with the maker", "offers": ["maker-outside-6y", "maker-outside-3y"]},
]


def regimes() -> list[dict[str, Any]]:
    """The four regimes of `fibre_market`, from the loosest to the tightest."""
    return [
        {
            "id": name,
            "initial": 1.0 if name == FIRST_REGIME else 0.0,
            "moves": x.moves,
            "spot": [{"price_factor": x.price, "available_factor": CATCH_UP if x.served == 1 else x.served, "lead_periods": round(x.lead_weeks / WEEKS, 4)}],
            "index": {"inputs": x.inputs},
            **({"allocation": allocation} if (allocation := _allocation(x)) else {}),
        }
        for name, x in REGIMES.items()
    ]


def _allocation(regime: Regime) -> list[dict[str, Any]]:
    """What suppliers still deliver in a regime, and how late; who is not listed delivers everything in time."""
    return [{"supplier": k, "deliverable_share": regime.deliverable[k], "weeks_late": regime.late_weeks[k]} for k in SUPPLIERS if k in regime.deliverable]


def demand() -> dict[str, Any]:
    """The branches of `fibre_market`; around them (assumed) phases slip, so that sites stray by 15 % for a year or two, the portfolio by 8 %."""
    turns = []
    for name, (probability, factors) in BRANCHES.items():
        reached = [x for x in factors if x != 1.0]
        if reached:
            steps = reached.index(reached[-1]) + 1
            turns.append({"id": name, "probability": probability, "factor": reached[-1], "from_period": str(BRANCH_YEAR), "phase_in_periods": steps})
    return {
        "common": {"volatility": 0.08, "persistence": 0.7},
        "sites": [{"volatility": 0.15, "persistence": 0.4}],
        "products": [{"volatility": 0.04, "persistence": 0.8}],
        "branches": turns,
    }


def uncertainty() -> dict[str, Any]:
    """The market view. Volatilities, rates of outages and correlations are assumed.

    Rivals. Public: one carrier reserved 10 % of the large maker's world capacity in each of two years (2024); two hyperscalers signed for years, for up to
    six billion (2026). Assumed: the probabilities, what such a deal takes from this market, and how far prices and lead times follow.
    """
    fading = {"kind": "mean_reverting", "volatility": 0.15, "speed": 1.0, "jumps": {"rate_per_year": 0.1, "mean": 0.2, "deviation": 0.1}}
    outage = {"maker": 0.03, "second": 0.05, "importer": 0.08}
    return {
        "kind": "generated",
        "futures": FUTURES,
        "seed": 1,
        "regimes": regimes(),
        "demand": demand(),
        "spot": [{"price": fading, "follows_demand": 1.0}],
        "index": [{"index": "inputs", "level": {"kind": "mean_reverting", "volatility": 0.05, "speed": 0.5}}],
        "disruptions": [
            {"supplier": k, "rate_per_year": rate, "mean_years": 0.5, "deliverable_share": 0.4, "weeks_late": 8} for k, rate in outage.items()
        ],
        "rivals": [
            {"id": "hyperscaler", "name": "Another hyperscaler signs for years", "probability": 0.1, "probability_in": {"tight": 0.35, "crisis": 0.5},
             "market_share": 0.3, "price_factor": 1.15, "added_lead_periods": 0.1, "periods": 3},
            {"id": "carrier", "name": "A carrier reserves capacity for two years", "probability": 0.1, "probability_in": {"glut": 0.02},
             "market_share": 0.1, "price_factor": 1.05, "added_lead_periods": 0.04, "periods": 2},
        ],
        "correlations": [
            {"between": ["regime", "demand"], "value": 0.3},
            {"between": ["spot:spot-outside", "spot:spot-inside"], "value": 0.6},
            {"between": ["spot:spot-outside", "index:inputs"], "value": 0.3},
        ],
    }  # fmt: skip


ABOUT = (
    "The fibre case with a market view instead of given futures: regimes from glut to crisis, demand that strays and branches, outages of suppliers, and "
    f"rivals who lock in capacity. {FUTURES} futures are drawn from it; other seeds give others to try a plan on. "
    "Illustrative: public facts where there are any, assumptions elsewhere."
)


def data() -> dict[str, Any]:
    """The whole scenario as it stands in the file."""
    fibre = fibre_scenario.data()
    return {
        **fibre,
        "name": "Optical fibre for eight data-centre campuses, futures drawn from a market view",
        "description": ABOUT,
        "offers": [offer for offer in fibre["offers"] if offer["id"] not in LEFT_OUT],
        "rules": RULES,
        "uncertainty": uncertainty(),
        "solve": {"gap": 0.001, "time_limit_seconds": 300, "seed": 1},
    }


if __name__ == "__main__":
    save(data(), TARGET)
    print(f"{TARGET.name}: {FUTURES} futures drawn, {TARGET.stat().st_size / 1000:,.0f} kB")
