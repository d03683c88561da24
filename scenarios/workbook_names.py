"""What the sheets of a scenario workbook are called, and the few words of its columns that no document has."""

FORMAT = "offtake-workbook/1"
ABOUT = "About"

SETTINGS = {"scenario": "", "uncertainty": "uncertainty", "solve": "solve frontier stress"}
"""Sheets of single values, and the fields of a scenario that they hold; the first holds all others."""

SHEETS = {
    "periods": "periods", "sites": "sites", "products": "products", "demand": "demand", "shortage": "shortage", "shortage.steps": "shortage_steps",
    "suppliers": "suppliers", "suppliers.capacity": "capacity", "suppliers.capacity_steps": "capacity_steps", "offers": "offers",
    "offers.alternatives": "alternatives", "offers.alternatives.price": "alternative_prices", "offers.alternatives.volume_per_period": "alternative_volumes",
    "offers.clauses": "clauses", "offers.clauses.tiers": "tiers", "offers.clauses.fees": "exit_fees",
    "offers.clauses.notices": "cancellation_fees",
    "offers.delivery_cost": "offer_delivery", "rules": "rules", "spot": "spot",
    "spot.blocks": "spot_blocks", "spot.delivery_cost": "spot_delivery", "storage": "storage", "transfers": "transfers", "substitutions": "substitutions",
    "indices": "indices", "currencies": "currencies", "tariffs": "tariffs", "uncertainty.futures": "futures", "uncertainty.futures.demand": "future_demand",
    "uncertainty.futures.spot_price": "future_spot_price", "uncertainty.futures.spot_available": "future_spot_available",
    "uncertainty.futures.spot_lead": "future_spot_lead", "uncertainty.futures.deliverability": "future_deliverability",
    "uncertainty.futures.lateness": "future_lateness", "uncertainty.futures.index": "future_index", "uncertainty.futures.fx": "future_fx",
    "uncertainty.nodes": "nodes", "uncertainty.nodes.demand": "node_demand", "uncertainty.nodes.spot_price": "node_spot_price",
    "uncertainty.nodes.spot_available": "node_spot_available", "uncertainty.nodes.spot_lead": "node_spot_lead",
    "uncertainty.nodes.deliverability": "node_deliverability", "uncertainty.nodes.lateness": "node_lateness", "uncertainty.regimes": "regimes",
    "uncertainty.regimes.spot": "regime_spot", "uncertainty.regimes.allocation": "regime_allocation", "uncertainty.demand.sites": "demand_sites",
    "uncertainty.demand.products": "demand_products", "uncertainty.demand.branches": "demand_branches", "uncertainty.spot": "spot_processes",
    "uncertainty.index": "index_processes", "uncertainty.fx": "fx_processes", "uncertainty.disruptions": "disruptions", "uncertainty.rivals": "rivals",
    "uncertainty.correlations": "correlations", "stress.what_ifs": "what_ifs", "stress.groups": "future_groups",
}  # fmt: skip
"""Sheets of tables by where their rows stand in a scenario, in the order of the workbook."""

NEEDED = ("periods", "sites", "products", "demand", "shortage")
SHOWN = (*NEEDED, "suppliers", "capacity", "offers", "alternatives", "clauses", "tiers", "rules", "spot")
"""Sheets that a workbook shows even when they are empty; the others are hidden until they hold something."""

KEYS = {
    "suppliers": ("supplier",), "shortage": ("product", "site"), "spot": ("spot",), "offers": ("offer",), "alternatives": ("alternative",),
    "clauses": ("clause",), "futures": ("future",), "nodes": ("node",), "regimes": ("regime",),
}  # fmt: skip
"""What the columns are called by which another sheet names a row of this one."""
OWN = {"shortage": ("product", "site"), "clauses": ("kind",)}  # the fields of a row that they repeat; otherwise its id
MAPPINGS = {"index": ("index", "level"), "fx": ("currency", "rate")}  # key and value of a table whose rows are the entries of a mapping
REFERS = {
    "site": "sites", "from_site": "sites", "to_site": "sites", "product": "products", "substitute": "products", "supplier": "suppliers", "offer": "offers",
    "needs": "offers", "spot": "spot", "index": "indices", "period": "periods", "start": "periods", "from_period": "periods", "future": "futures",
    "node": "nodes", "parent": "nodes", "regime": "regimes",
}  # fmt: skip
"""Fields that name a row of another sheet, by its id."""
ONE_CELL = ("shape", "branching")  # series that do not run over the scenario's periods
