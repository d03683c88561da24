"""Every check across the tables of a scenario, each with what triggers it and the exact words it says."""

from __future__ import annotations

import ast
import inspect
import sys
from typing import Any

import pytest

from models import checker, checks, offer_checks, uncertainty_checks
from models.errors import MAX_FINDINGS, Finding, InvalidScenario
from tests.models.edits import REMOVED, Edit, edited, findings

ONE = "has 1 values, but there are 3 periods (2027 to 2029); give one value per period"
TIERS = {"kind": "incremental_tiers", "tiers": [{"from_volume": 0, "to_volume": 100}, {"from_volume": 100, "discount": 0.1}]}
KIT = ("products[+]", {"id": "kit", "unit": "pieces"})
KIT_SHORTAGE = ("shortage[+]", {"product": "kit", "kind": "lost", "cost_per_unit": 5})
KIT_IN_KM = ("products[+]", {"id": "kit", "unit": "thousand fibre-km"})
NODES = [
    {"id": "a", "parent": None, "period": "2027", "probability": 0.5},
    {"id": "b", "parent": None, "period": "2027", "probability": 0.5},
    {"id": "aa", "parent": "a", "period": "2028", "probability": 1},
    {"id": "ba", "parent": "b", "period": "2028", "probability": 1},
    {"id": "aaa", "parent": "aa", "period": "2029", "probability": 1},
    {"id": "baa", "parent": "ba", "period": "2029", "probability": 1},
]
TREE: Edit = ("uncertainty", {"kind": "tree", "nodes": NODES})
FUTURES = "uncertainty.futures"

# what is edited -> what is said, all of it
CASES: dict[str, tuple[list[Edit], list[str]]] = {
    # ids
    "site twice": ([("sites[+]", {"id": "ohio"})], ["sites[2]: the id 'ohio' is used twice; every site needs an id of its own"]),
    "offer twice": (
        [("offers[1].id", "maker-long-term"), (f"{FUTURES}[2].deliverability", [])],
        ["offers[1]: the id 'maker-long-term' is used twice; every offer needs an id of its own"],
    ),
    "alternative twice": (
        [("offers[0].alternatives[1].id", "base")],
        ["offers[0].alternatives[1]: the id 'base' is used twice; every alternative needs an id of its own"],
    ),
    "future twice": ([(f"{FUTURES}[1].id", "normal")], ["uncertainty.futures[1]: the id 'normal' is used twice; every future needs an id of its own"]),
    "node twice": ([TREE, ("uncertainty.nodes[5].id", "aaa")], ["uncertainty.nodes[5]: the id 'aaa' is used twice; every node needs an id of its own"]),
    "period called now": (
        [("periods", ["now", "2028", "2029"]), ("offers[0].window.start", "now"), ("rules[1].period", "2028")],
        ["periods[0]: the id 'now' stands for the signing moment; call the period something else"],
    ),
    "own currency listed": (
        [("currencies", [{"id": "USD", "rate": [1, 1, 1]}])],
        ["currencies[0].id: 'USD' is the scenario's own currency; list foreign currencies only"],
    ),
    # references
    "unknown site, close": ([("demand[0].site", "ohi")], ["demand[0].site: there is no site 'ohi'; did you mean 'ohio'?"]),
    "unknown site, far": ([("demand[0].site", "x")], ["demand[0].site: there is no site 'x'"]),
    "unknown product in shortage": (
        [("shortage[+]", {"product": "x", "kind": "lost", "cost_per_unit": 1})],
        ["shortage[1].product: there is no product 'x'"],
    ),
    "unknown supplier of an offer": ([("offers[0].supplier", "x")], ["offers[0].supplier: there is no supplier 'x'"]),
    "unknown currency of an offer": ([("offers[0].currency", "EUR")], ["offers[0].currency: there is no currency 'EUR'"]),
    "unknown index of a clause": ([("offers[0].clauses[2].index", "x")], ["offers[0].clauses[2].index: there is no index 'x'"]),
    "unknown class of sites": (
        [("sites[0].service_class", "core"), ("rules[+]", {"kind": "fill_rate", "min": 0.9, "product": "cable", "service_class": "cor"})],
        ["rules[3].service_class: no site is of class 'cor' ('core')"],
    ),
    "unknown origin of a tariff": (
        [("suppliers[0].origin", "far"), ("tariffs", [{"origin": "fra", "rate": [0.1, 0.1, 0.1]}])],
        ["tariffs[0].origin: no supplier and no spot market has the origin 'fra' ('far')"],
    ),
    "unknown incumbent": (
        [("rules[+]", {"kind": "switching_cost", "incumbents": ["x", "x"], "product": "cable", "per_unit": 1, "volume": [1]})],
        [
            "rules[3].incumbents[0]: there is no supplier 'x'",
            "rules[3].incumbents[1]: there is no supplier 'x'",
            "rules[3].incumbents: a supplier is listed twice",
            "rules[3].volume: has 1 values, but there are 3 periods (2027 to 2029); give one value per period",
        ],
    ),
    "unknown offer of a rule": ([("rules[+]", {"kind": "force", "offer": "x"})], ["rules[3].offer: there is no offer 'x'"]),
    "unknown offer among a rule's": ([("rules[+]", {"kind": "exclusive", "offers": ["importer-frame", "x"]})], ["rules[3].offers[1]: there is no offer 'x'"]),
    "unknown period of a rule": ([("rules[1].period", "2031")], ["rules[1].period: there is no period '2031'"]),
    "unknown index in a future": ([(f"{FUTURES}[1].index", {"x": [1, 1, 1]})], ["uncertainty.futures[1].index.x: there is no index 'x'"]),
    "unknown spot market in a future": (
        [(f"{FUTURES}[0].spot_price", [{"spot": "x", "price": [1, 1, 1]}])],
        ["uncertainty.futures[0].spot_price[0].spot: there is no spot market 'x'"],
    ),
    "unknown supplier in a future": (
        [(f"{FUTURES}[1].lateness[0].supplier", "x")],
        ["uncertainty.futures[1].lateness[0].supplier: there is no supplier 'x'"],
    ),
    # series
    "demand series too short": ([("demand[0].volume", [1])], [f"demand[0].volume: {ONE}"]),
    "spot series too short": ([("spot[0].price", [1])], [f"spot[0].price: {ONE}"]),
    "capacity series too short": ([("suppliers[0].capacity[0].volume", [1])], [f"suppliers[0].capacity[0].volume: {ONE}"]),
    "index series too short": ([("indices[0].level", [1])], [f"indices[0].level: {ONE}"]),
    "currency series too short": ([("currencies", [{"id": "EUR", "rate": [1]}])], [f"currencies[0].rate: {ONE}"]),
    "factor series too short": ([(f"{FUTURES}[0].demand_factor", [1])], [f"uncertainty.futures[0].demand_factor: {ONE}"]),
    "lateness series too short": ([(f"{FUTURES}[1].lateness[0].weeks", [1])], [f"uncertainty.futures[1].lateness[0].weeks: {ONE}"]),
    # units
    "unit of demand": (
        [("demand[0].unit", "km")],
        ["demand[0].unit: the volumes are given in 'km', but 'cable' is measured in 'thousand fibre-km'; convert them, or correct the unit"],
    ),
    "unit of a spot market": (
        [("spot[0].unit", "km")],
        ["spot[0].unit: the volumes are given in 'km', but 'cable' is measured in 'thousand fibre-km'; convert them, or correct the unit"],
    ),
    "unit of an offer": (
        [("offers[0].unit", "km")],
        ["offers[0].unit: the volumes are given in 'km', but 'cable' is measured in 'thousand fibre-km'; convert them, or correct the unit"],
    ),
    "unit in a future": (
        [(f"{FUTURES}[0].demand", [{"site": "ohio", "product": "cable", "volume": [1, 1, 1], "unit": "km"}])],
        [
            "uncertainty.futures[0].demand[0].unit: the volumes are given in 'km', but 'cable' is measured in 'thousand fibre-km'; "
            "convert them, or correct the unit"
        ],
    ),
    "units added up by rules": (
        [KIT, KIT_SHORTAGE],
        [
            f"rules[{i}].product: without a `product` the rule would add up volumes in different units ('pieces', 'thousand fibre-km'); give a rule per product"
            for i in (0, 2)
        ],
    ),
    "substitution between units": (
        [KIT, KIT_SHORTAGE, ("rules", []), ("substitutions", [{"product": "cable", "substitute": "kit"}])],
        ["substitutions[0].ratio: 'cable' is measured in 'thousand fibre-km', 'kit' in 'pieces'; say how much of the substitute replaces one unit"],
    ),
    # tables
    "demand row twice": (
        [("demand[+]", {"site": "ohio", "product": "cable", "volume": [1, 1, 1]})],
        ["demand[2]: a second row for site 'ohio' and product 'cable'; keep one"],
    ),
    "shortage row twice": (
        [("shortage[+]", {"product": "cable", "kind": "lost", "cost_per_unit": 1})],
        ["shortage[1]: a second row for product 'cable' at all sites; keep one"],
    ),
    "shortage costs nothing": (
        [KIT_IN_KM, ("demand[+]", {"site": "ohio", "product": "kit", "volume": [1, 1, 1]})],
        ["shortage: no row says what a shortage of 'kit' costs (demanded in demand[2]); add one"],
    ),
    "storage row twice": (
        [("storage[+]", {"site": "ohio", "product": "cable"})],
        ["storage[1]: a second row for site 'ohio' and product 'cable'; keep one"],
    ),
    "initial stock does not fit": ([("storage[0].initial", 900)], ["storage[0].initial: the initial stock 900 does not fit into the capacity 800"]),
    "transfer twice": (
        [("transfers[+]", {"product": "cable", "from_site": "ohio", "to_site": "texas"})],
        ["transfers[1]: a second row for this product and pair of sites; keep one"],
    ),
    "transfer to itself": ([("transfers[0].to_site", "ohio")], ["transfers[0].to_site: a transfer goes from one site to another"]),
    "own substitute": (
        [("substitutions", [{"product": "cable", "substitute": "cable", "sites": ["x"]}])],
        ["substitutions[0].sites[0]: there is no site 'x'", "substitutions[0].substitute: a product is no substitute for itself"],
    ),
    # suppliers
    "capacity row twice": (
        [("suppliers[0].capacity[+]", {"product": "cable", "volume": [1, 1, 1]}), ("suppliers[0].capacity_steps[0].product", "cable")],
        ["suppliers[0].capacity[1]: a second row for product 'cable'; keep one"],
    ),
    "capacity step twice": (
        [("suppliers[0].capacity_steps[+]", {"id": "new-line", "volume": 1})],
        ["suppliers[0].capacity_steps[1]: the id 'new-line' is used twice; every capacity step needs an id of its own"],
    ),
    "capacity step of what": (
        [("suppliers[0].capacity", [])],
        ["suppliers[0].capacity_steps[0].product: name the product: 'maker' has 0 capacity rows"],
    ),
    "capacity step on no capacity": (
        [KIT_IN_KM, ("suppliers[0].capacity_steps[0].product", "kit")],
        ["suppliers[0].capacity_steps[0].product: 'maker' has no capacity row for 'kit', so it is unlimited already; add one or drop the step"],
    ),
    # spot
    "blocks do not add up": ([("spot[0].blocks[1].share", 0.4)], ["spot[0].blocks: the shares sum to 0.9; they must sum to 1"]),
    "ladder falls": (
        [("spot[0].blocks[0].price_factor", 2)],
        ["spot[0].blocks: a supply ladder rises: `price_factor` must not fall from block to block"],
    ),
    "no spot price, certain": (
        [("spot[0].price", REMOVED), ("uncertainty", {"kind": "certain"})],
        ["spot[0].price: nothing gives a price for 'spot-us'; add `price`"],
    ),
    "price missing in one future": (
        [("spot[0].price", REMOVED), *((f"{FUTURES}[{i}].spot_price", [{"spot": "spot-us", "price": [1, 2, 3]}]) for i in (0, 2))],
        ["uncertainty.futures[1].spot_price: no price for spot market 'spot-us', which has no base price; add a row here or a base price there"],
    ),
    "delivery cost twice": (
        [("offers[0].delivery_cost[1].site", "ohio")],
        ["offers[0].delivery_cost[1]: a second row for this site and product; keep one"],
    ),
    "delivery cost of another product": (
        [KIT_IN_KM, ("offers[0].delivery_cost[1].product", "kit")],
        ["offers[0].delivery_cost[1].product: 'kit' is not delivered here; expected 'cable'"],
    ),
    # offers
    "product listed twice": ([("offers[0].products", ["cable", "cable"])], ["offers[0].products: a product is listed twice"]),
    "no site": ([("offers[0].sites", [])], ["offers[0].sites: the offer delivers nowhere; list sites, or leave `sites` out for all"]),
    "unknown site of an offer": ([("offers[0].sites", ["x"])], ["offers[0].sites[0]: there is no site 'x'"]),
    "window past the end": (
        [("offers[1].window.periods", 3)],
        ["offers[1].window.periods: 3 periods from '2028' end after the last period '2029'; at most 2"],
    ),
    "window from nowhere": ([("offers[1].window.start", "2020")], ["offers[1].window.start: there is no period '2020'; did you mean '2029'?"]),
    "signed in no period": ([("offers[1].sign", "2020")], ["offers[1].sign: there is no period '2020'; did you mean '2029'?"]),
    "signed too late": (
        [("offers[1].sign", "2029")],
        ["offers[1].sign: it would be signed in '2029', after its window has started in '2028'"],
    ),
    "price of another product": (
        [KIT_IN_KM, ("offers[0].alternatives[0].price", [{"product": "cable", "price": 1}, {"product": "kit", "price": 1}])],
        ["offers[0].alternatives[0].price[1].product: 'kit' is not among the offer's products ('cable')"],
    ),
    "price twice": (
        [("offers[0].alternatives[0].price", [{"product": "cable", "price": 1}, {"product": "cable", "price": 1}])],
        ["offers[0].alternatives[0].price: a product is listed twice"],
    ),
    "price of one product missing": (
        [KIT_IN_KM, ("offers[1].products", ["cable", "kit"]), ("offers[1].alternatives[0].price", [{"product": "cable", "price": 1}])],
        ["offers[1].alternatives[0].price: nothing is given for 'kit'; every product of the offer needs a row"],
    ),
    "shape of another length": (
        [("offers[0].alternatives[0].profile", {"kind": "shaped", "shape": [1, 2]})],
        ["offers[0].alternatives[0].profile.shape: has 2 values, but the window has 3 periods"],
    ),
    "shape of zeros": (
        [("offers[0].alternatives[0].profile", {"kind": "shaped", "shape": [0, 0, 0]})],
        ["offers[0].alternatives[0].profile.shape: is 0 in every period, so nothing could be committed; give some period a share"],
    ),
    # clauses
    "two price clauses": (
        [("offers[0].clauses[+]", {"kind": "escalator", "rate": 0.1})],
        ["offers[0].clauses: an offer has one price clause; found 'indexed_price', 'escalator'"],
    ),
    "currency moves of a contract without a foreign currency": (
        [("offers[0].clauses[+]", {"kind": "currency", "supplier_share": 0.5})],
        ["offers[0].clauses[5]: shares moves of an exchange rate, but the offer is in USD itself; give the offer a `currency`, or leave it out"],
    ),
    "a price compared with no market": (
        [("offers[0].clauses[+]", {"kind": "most_favoured", "spot": "nowhere"})],
        ["offers[0].clauses[5].spot: there is no spot market 'nowhere'"],
    ),
    "a price compared with that of something else": (
        [KIT_IN_KM, ("offers[0].products", ["kit"]), ("offers[0].clauses[+]", {"kind": "most_favoured", "spot": "spot-us"})],
        ["offers[0].clauses[5].spot: the market 'spot-us' sells 'cable', which is not among the offer's products ('kit')"],
    ),
    "clause twice": (
        [("offers[0].clauses[+]", {"kind": "take_or_pay", "fraction": 0.1})],
        ["offers[0].clauses[5]: a second row for the clause 'take_or_pay'; keep one"],
    ),
    "make-up of nothing owed": (
        [("offers[1].clauses[+]", {"kind": "make_up", "price_share": 0.2})],
        ["offers[1].clauses[1]: 'make_up' is about what is owed, and nothing is; add the clause 'take_or_pay', or leave this one out"],
    ),
    "early termination beside incremental tiers": (
        [("offers[1].clauses[+]", TIERS), ("offers[1].clauses[+]", {"kind": "early_termination", "fees": [{"after_periods": 1}]})],
        ["offers[1].clauses[2]: a contract with 'incremental_tiers' can't be ended early: they credit committed volume; use all-units tiers, or leave one out"],
    ),
    "extension of everything": (
        [("offers[1].clauses[+]", {"kind": "extension", "periods": 2})],
        [
            "offers[1].clauses[1]: the extension takes 2 of the 2 periods of the window and is decided 0 before; the window is the whole contract, "
            "extension included, and has to begin before both"
        ],
    ),
    "extension beside an exit": (
        [
            ("offers[1].clauses[+]", {"kind": "extension", "periods": 1}),
            ("offers[1].clauses[+]", {"kind": "early_termination", "fees": [{"after_periods": 1}]}),
        ],
        ["offers[1].clauses[1]: an extension can't stand beside 'early_termination', which counts on volume that may not be wanted; leave one of them out"],
    ),
    "guarantee beside an exit": (
        [
            ("offers[1].clauses[+]", {"kind": "prepayment", "amount": 5, "guarantee_share": 0.5}),
            ("offers[1].clauses[+]", {"kind": "early_termination", "fees": [{"after_periods": 1}]}),
        ],
        [
            "offers[1].clauses[1]: a guaranteed prepayment can't stand beside 'early_termination': what is left of it is forfeited when the buyer ends the "
            "contract"
        ],
    ),
    "event of an unknown index": (
        [("offers[1].clauses[+]", {"kind": "force_majeure", "index": "weather", "from_level": 2})],
        ["offers[1].clauses[1].index: there is no index 'weather'"],
    ),
    "index of an event without a level": (
        [("offers[1].clauses[+]", {"kind": "supplier_default", "index": "inputs"})],
        ["offers[1].clauses[1]: give `index` and `from_level` together: the index tells of the event from that level on"],
    ),
    "deferral beside an exit": (
        [
            ("offers[1].clauses[+]", {"kind": "deferral", "share": 0.2}),
            ("offers[1].clauses[+]", {"kind": "early_termination", "fees": [{"after_periods": 1}]}),
        ],
        ["offers[1].clauses[1]: 'deferral' can't stand beside 'early_termination', which counts on the volume as it was committed; leave one of them out"],
    ),
    "cancellation with a notice as long as the window": (
        [("offers[1].clauses[+]", {"kind": "cancellation", "share": 0.2, "notices": [{"periods": 2}]})],
        ["offers[1].clauses[1]: the shortest notice takes 2 periods, and the window has 2; nothing could be cancelled"],
    ),
    "forecast of what may be put off": (
        [("offers[1].clauses[+]", {"kind": "rolling_forecast", "down": 0.1}), ("offers[1].clauses[+]", {"kind": "deferral", "share": 0.2})],
        ["offers[1].clauses[1]: 'rolling_forecast' can't stand beside 'deferral', which takes away what was forecast; leave one of them out"],
    ),
    "share of an unknown capacity": (
        [("offers[1].clauses[+]", {"kind": "capacity_share", "share": 0.1})],
        ["offers[1].clauses[1]: a share of the capacity of 'importer' needs to know it; add rows to its `capacity` for 'cable'"],
    ),
    "tiers of a shaped profile": (
        [("offers[1].clauses[+]", TIERS | {"kind": "all_units_tiers"}), ("offers[1].alternatives[0].profile", {"kind": "shaped", "shape": [1, 2]})],
        ["offers[1].clauses[1]: all-units tiers need a flat or a free profile; with a shaped one no single volume sets the tier"],
    ),
    "tiers start above 0": (
        [("offers[1].clauses[+]", {"kind": "incremental_tiers", "tiers": [{"from_volume": 10}]})],
        ["offers[1].clauses[1].tiers[0].from_volume: the first tier starts at 10; it must start at 0 (use discount 0 for a tier at full price)"],
    ),
    "tier ends at its start": (
        [("offers[1].clauses[+]", {"kind": "incremental_tiers", "tiers": [{"from_volume": 0, "to_volume": 0}, {"from_volume": 0}]})],
        ["offers[1].clauses[1].tiers[0].to_volume: the tier ends at 0, not above its start 0"],
    ),
    "tiers overlap": (
        [("offers[1].clauses[+]", TIERS), ("offers[1].clauses[1].tiers[1].from_volume", 90)],
        [
            "offers[1].clauses[1].tiers[1].from_volume: overlaps with the tier before it, which ends at 100, while this one starts at 90; "
            "let each tier start where the one before ends"
        ],
    ),
    "open tier is followed": (
        [("offers[1].clauses[+]", TIERS), ("offers[1].clauses[1].tiers[0].to_volume", REMOVED)],
        [
            "offers[1].clauses[1].tiers[1].from_volume: overlaps with the tier before it, which has no upper end, while this one starts at 100; "
            "let each tier start where the one before ends"
        ],
    ),
    "tiers leave a gap": (
        [("offers[1].clauses[+]", TIERS), ("offers[1].clauses[1].tiers[1].from_volume", 110)],
        ["offers[1].clauses[1].tiers[1].from_volume: leaves a gap: the tier before it ends at 100, this one starts at 110"],
    ),
    "discount falls": (
        [("offers[1].clauses[+]", TIERS | {"kind": "all_units_tiers"}), ("offers[1].clauses[1].tiers[0].discount", 0.2)],
        ["offers[1].clauses[1].tiers[1].discount: the discount falls from 0.2 to 0.1; with all-units tiers it must not fall as volume rises"],
    ),
    "last tier ends": (
        [("offers[1].clauses[+]", TIERS), ("offers[1].clauses[1].tiers[1].to_volume", 500)],
        ["offers[1].clauses[1].tiers[1].to_volume: the last tier has no upper end; leave `to_volume` out (the alternative's max limits the volume)"],
    ),
    # rules
    "offer listed twice": (
        [("rules[+]", {"kind": "exclusive", "offers": ["importer-frame", "importer-frame"]})],
        ["rules[3].offers: an offer is listed twice"],
    ),
    "one period, whole horizons": (
        [("rules[1].in", "every_future")],
        ['rules[1].in: with `period`, use "every_node"; "every_future" measures whole horizons'],
    ),
    "minimum above maximum": (
        [("rules[+]", {"kind": "supplier_share", "supplier": "maker", "min": 0.6, "max": 0.5})],
        ["rules[3].min: `min` 0.6 is above `max` 0.5"],
    ),
    "no such alternative": (
        [("rules[+]", {"kind": "force", "offer": "maker-long-term", "alternative": "x"})],
        ["rules[3].alternative: offer 'maker-long-term' has no alternative 'x'"],
    ),
    "unsigned alternative": (
        [("rules[+]", {"kind": "force", "offer": "maker-long-term", "alternative": "base", "signed": False})],
        ["rules[3].alternative: with `signed: false` no alternative can be named"],
    ),
    "requires itself": (
        [("rules[+]", {"kind": "requires", "offer": "importer-frame", "needs": "importer-frame"})],
        ["rules[3].needs: an offer can't require itself"],
    ),
    # uncertainty
    "probabilities of futures": ([(f"{FUTURES}[0].probability", 0.5)], ["uncertainty.futures: the probabilities sum to 0.9; they must sum to 1"]),
    "probabilities of children": (
        [TREE, ("uncertainty.nodes[0].probability", 0.4), ("uncertainty.nodes[2].probability", 0.7)],
        [
            "uncertainty.nodes: the children of signing have probabilities that sum to 0.9; they must sum to 1",
            "uncertainty.nodes: the children of 'a' have probabilities that sum to 0.7; they must sum to 1",
        ],
    ),
    "node called now": (
        [TREE, ("uncertainty.nodes[5].id", "now")],
        ["uncertainty.nodes[5].id: the id 'now' stands for the signing moment; call the node something else"],
    ),
    "parent later": (
        [TREE, ("uncertainty.nodes", [NODES[2], *NODES[:2], *NODES[3:]])],
        [
            "uncertainty.nodes[0].parent: the parent 'a' comes later in the list; put parents before children",
            "uncertainty.nodes[4].parent: the parent 'aa' comes later in the list; put parents before children",
            "uncertainty.nodes[1]: 'a' ends in '2027', but every path must reach the last period '2029'",
        ],
    ),
    "parent unknown": (
        [TREE, ("uncertainty.nodes[4].parent", "x")],
        [
            "uncertainty.nodes[4].parent: the parent 'x' does not exist",
            "uncertainty.nodes[2]: 'aa' ends in '2028', but every path must reach the last period '2029'",
        ],
    ),
    "node in the wrong period": (
        [TREE, ("uncertainty.nodes[4].period", "2028")],
        ["uncertainty.nodes[4].period: is '2028', but it follows 'aa'; expected '2029'"],
    ),
    "node after the end": (
        [TREE, ("uncertainty.nodes[+]", {"id": "x", "parent": "aaa", "period": "2029", "probability": 1})],
        ["uncertainty.nodes[6].period: is '2029', but it follows 'aaa'; expected none (the parent is in the last period)"],
    ),
    "path ends early": (
        [TREE, ("uncertainty.nodes[5]", REMOVED)],
        ["uncertainty.nodes[3]: 'ba' ends in '2028', but every path must reach the last period '2029'"],
    ),
    "demand in a future without a cost of shortage": (
        [KIT_IN_KM, (f"{FUTURES}[0].demand", [{"site": "ohio", "product": "kit", "volume": [1, 1, 1]}])],
        ["uncertainty.futures[0].demand[0]: no row in `shortage` says what a shortage of 'kit' at 'ohio' costs; add one"],
    ),
    "lateness of both": (
        [(f"{FUTURES}[1].lateness[0].offer", "importer-frame")],
        ["uncertainty.futures[1].lateness[0]: name an `offer` or a `supplier`, one of them"],
    ),
    "same thing twice": (
        [(f"{FUTURES}[1].lateness[+]", {"supplier": "maker", "weeks": [0, 0, 0]})],
        ["uncertainty.futures[1].lateness[1]: a second row for the same thing; keep one"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_check_says(name: str) -> None:
    """A mistake across tables would be accepted, or explained in other words than these."""
    edits, expected = CASES[name]
    assert findings(edited(*edits)) == expected


def test_every_check_is_triggered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check could be added, or die, without anybody noticing."""
    said: set[tuple[str, int]] = set()
    say = checker.Checker.say

    def noting(self: checker.Checker, path: str, message: str) -> None:
        frame = sys._getframe(1)
        said.add((frame.f_globals["__name__"], frame.f_lineno))
        say(self, path, message)

    monkeypatch.setattr(checker.Checker, "say", noting)
    for edits, _ in CASES.values():
        findings(edited(*edits))
    for module in (checker, checks, offer_checks, uncertainty_checks):
        calls = [node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "say"]
        lines = {line for name, line in said if name == module.__name__}
        silent = [node.lineno for node in calls if not any(node.lineno <= line <= (node.end_lineno or 0) for line in lines)]
        assert calls
        assert not silent, f"no case triggers the checks in lines {silent} of {module.__name__}"


def test_sound_scenario_has_no_finding() -> None:
    """A sound scenario would be refused."""
    assert findings(edited()) == []
    assert findings(edited(TREE)) == []
    assert findings(edited(KIT, KIT_SHORTAGE, ("rules", []), ("substitutions", [{"product": "cable", "substitute": "kit", "ratio": 1}]))) == []
    assert findings(edited(*((f"{table}[0].unit", "thousand fibre-km") for table in ("demand", "spot", "offers")))) == []


def test_all_findings_come_at_once() -> None:
    """People would have to mend their scenario one mistake at a time."""
    found = findings(edited(("demand[0].site", "x"), ("offers[1].window.periods", 3), ("uncertainty.futures[0].probability", 0.5)))
    assert [text.partition(":")[0] for text in found] == ["demand[0].site", "offers[1].window.periods", "uncertainty.futures"]


@pytest.mark.parametrize(("wrong", "said"), [({"spot": "spot-ux"}, "spot"), ({"price": [1, 1]}, "price"), ({"price": [1, 1, 1, 1]}, "price")])
def test_each_future_is_looked_at(wrong: dict[str, Any], said: str) -> None:
    """A future would pass because one before it looked alike, or a mistake made in many futures be reported once."""
    futures = []
    for i in range(8):
        row = {"spot": "spot-us", "price": [1 + i, 1, 1]} | (wrong if i in (2, 5, 6) else {})
        futures.append({"id": f"f{i}", "probability": 0.125, "spot_price": [row]})
    found = findings(edited(("uncertainty.futures", futures), ("spot[0].price", [1, 1, 1])))
    assert [text.partition(":")[0] for text in found] == [f"uncertainty.futures[{i}].spot_price[0].{said}" for i in (2, 5, 6)]


def test_spelling_hints_stop_when_findings_are_many() -> None:
    """A large table of misspelt ids would be compared with all known ids for minutes."""
    rows: list[dict[str, Any]] = [{"site": f"campus-in-ohi{i}", "product": "cable", "volume": [1, 1, 1]} for i in range(120)]
    found = findings(edited(("sites[+]", {"id": "campus-in-ohio"}), ("demand", rows)))
    assert sum("did you mean" in text for text in found) == checker.MOST_HINTS
    assert len(found) == 120


def test_text_lists_at_most_so_many_findings() -> None:
    """A terminal or an answer would be flooded."""
    error = InvalidScenario([Finding(f"demand[{i}]", "is wrong") for i in range(MAX_FINDINGS + 3)])
    lines = str(error).splitlines()
    assert lines[0] == f"This scenario can't be used: {MAX_FINDINGS + 3} findings."
    assert lines[-1] == "  - and 3 more"
    assert len(lines) == MAX_FINDINGS + 2
