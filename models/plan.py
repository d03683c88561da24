"""The plan: what to sign, how much to commit, what to leave to the spot market, what it costs in every future, and the proof.

Money is in the scenario's currency, volumes in the products' units. `expected` amounts are weighted by probability. "Present" values are
discounted to signing; everything else is nominal. Node ids are `now` for signing and the tree's ids otherwise.
"""

from __future__ import annotations

from typing import Literal

from models.base import Document
from models.frontier import Frontier
from models.quality import Quality
from models.stress import StressTest
from models.tree_report import TreeReport

Status = Literal["optimal", "feasible"]
StopReason = Literal["gap", "time", "user"]


class Summary(Document):
    """The figures of page one."""

    objective: float
    """Risk-adjusted cost that is minimised: (1 - weight) x expected cost + weight x CVaR (present value, penalties included)."""
    bound: float
    """No plan can have a lower objective."""
    gap: float
    """(objective - bound) / |objective|."""
    expected_cost: float
    """Mean over futures of discounted cash plus shortage and rule penalties."""
    cvar: float
    """Mean cost of the worst `tail` share of futures."""
    risk_weight: float
    tail: float
    expected_cash: float
    """Mean discounted cash, penalties left out."""
    expected_penalty: float
    """Mean discounted shortage and rule penalties."""
    expected_demand: float
    """Mean total demand (volumes of all products added up; read per product in `fill_rates` where units differ)."""
    expected_shortage: float
    """Mean over futures of unmet volume, counted in every period it stays unmet."""
    fill_rate: float
    """1 - expected shortage / expected volume asked for, which is new demand plus what is carried over from the period before."""
    shortage_probability: float
    """Probability of a future with any unmet demand."""
    shortage_cvar: float
    """Mean unmet volume of the worst `tail` share of futures, by shortage."""
    worst_expected_cost: float | None = None
    """With `risk.ambiguity`: the expected cost under the worst probabilities within reach, which the objective counts; none = probabilities as given."""


class AwardVolume(Document):
    """Committed volume of one product in one period."""

    product: str
    period: str
    volume: float


class Award(Document):
    """An alternative signed, at signing (`now`) or at a later node."""

    offer: str
    supplier: str
    alternative: str
    node: str
    period: str | None
    """None: signed now."""
    probability: float
    volumes: tuple[AwardVolume, ...]
    committed_value: float
    """Committed volume x price (after tiers, before anything moves it) over the window, nominal, in the scenario's currency at the signing rate."""
    clauses: tuple[str, ...]
    """Each clause in a sentence."""


class OfferOutcome(Document):
    """What became of each offer on the table."""

    offer: str
    supplier: str
    signed: bool
    """Now, or at some later node."""
    signing_probability: float
    alternative: str | None
    """The alternative signed now; none when not signed now."""
    expected_volume: float
    expected_cost: float
    """Mean present value of everything this offer charges."""


class CapacityOpened(Document):
    """A supplier's capacity step that is opened."""

    supplier: str
    step: str
    node: str
    probability: float


class FlowLine(Document):
    """One volume at one node. `kind`: take and deliver (contract), make_up, carry_forward, make_good, expedite, buffer_stock, expansion, step_in,
    capacity_share, deferral, rolling_forecast and cancellation_0, _1, ... by periods of notice (chosen under these clauses), given_up (committed volume,
    where it is decided to end a contract), order and receive (spot), stock, transfer, substitute, unmet, demand."""

    kind: str
    source: str
    """Offer, spot market, or the other site of a transfer; empty otherwise."""
    product: str
    site: str
    """Empty for takes, orders and what is chosen under a clause, which have no site."""
    node: str
    period: str
    probability: float
    volume: float


class FlowSummary(Document):
    """A volume's distribution over the futures in one period; the kind `shortage` is unmet volume over all sites, for its quantiles."""

    kind: str
    source: str
    product: str
    site: str
    period: str
    mean: float
    p5: float
    p50: float
    p95: float


class CostLine(Document):
    """One ledger row: what `source` charges under `clause` at one node, nominal and discounted. Negative amounts are credits."""

    node: str
    period: str
    probability: float
    source_kind: str
    """offer, spot, site, transfer, substitution, supplier (capacity step) or rule."""
    source: str
    clause: str
    category: str
    amount: float
    present: float


class CostSummary(Document):
    """Expected cost by one dimension: category, supplier, source (`kind:id`) and period each sum to the expected cost, cash_period to the expected cash."""

    dimension: str
    key: str
    expected: float
    """Nominal."""
    present: float
    """Discounted; these sum to `summary.expected_cost`."""


class FutureLine(Document):
    """One future: what it costs and what is short."""

    future: str
    probability: float
    cost: float
    """Present value, penalties included."""
    cash: float
    """Present value, penalties left out."""
    demand: float
    shortage: float
    fill_rate: float
    tail_share: float
    """Share of this future that lies in the worst `tail` of cost."""


class FillRateLine(Document):
    """Fill rate by product and site; empty site = all sites."""

    product: str
    site: str
    unit: str
    expected_demand: float
    expected_asked: float
    """New demand plus what is carried over from the period before."""
    expected_shortage: float
    fill_rate: float
    """1 - expected shortage / expected asked."""


class Baseline(Document):
    """A plan to compare with, optimised under the same rules unless `note` says otherwise. None: no such plan exists."""

    name: Literal["spot_only", "average_future", "perfect_foresight"]
    objective: float | None
    bound: float | None
    expected_cost: float | None
    cvar: float | None
    fill_rate: float | None
    note: str = ""


class Baselines(Document):
    """The three baselines, and what they say. VSS = EEV - RP, EVPI = RP - WS; None where a baseline has no plan."""

    baselines: tuple[Baseline, ...]
    vss: float | None
    vss_interval: tuple[float, float] | None
    """Interval left open by the gaps."""
    evpi: float | None
    evpi_interval: tuple[float, float] | None
    value_of_contracts: float | None
    """Objective of spot only minus objective of the plan."""


class RuleOutcome(Document):
    """How a rule fared in the plan."""

    path: str
    kind: str
    text: str
    hard: bool
    value: float
    """The measured quantity where it is tightest."""
    limit: float
    where: str
    binding: bool
    violation: float
    """In the rule's unit of violation."""
    penalty: float


class ExactCheck(Document):
    """Rows, bounds, integrality and objective recomputed in exact rational arithmetic."""

    rows_checked: int
    rows_total: int
    largest_violation: float
    """Relative to the row's scale."""
    row: str
    objective_difference: float
    passed: bool


class Audit(Document):
    """The recomputation of the plan by code that shares nothing with the model."""

    passed: bool
    largest_violation: float
    """Relative to the scale of what is compared."""
    where: str
    objective: float
    """From bills and flows."""
    solver_objective: float
    relative_difference: float
    exact: ExactCheck | None
    sandwich: tuple[str, ...]
    """Orderings that were checked, in words; one that fails makes the plan suspect."""
    suspect: bool


class Numerics(Document):
    """Ranges of the model's numbers before and after scaling, and warnings that name fields."""

    rows: int
    columns: int
    integers: int
    nonzeros: int
    coefficient_range: tuple[float, float]
    cost_range: tuple[float, float]
    bound_range: tuple[float, float]
    rhs_range: tuple[float, float]
    scaled_coefficient_range: tuple[float, float]
    warnings: tuple[str, ...]


class Phase(Document):
    """Time spent in one phase."""

    name: str
    seconds: float


class Provenance(Document):
    """Where the plan comes from. Two runs of the same scenario, settings and versions differ only in `created` and `phases`."""

    scenario_sha256: str
    seed: int
    gap_asked: float
    method: str
    foresight: str
    """What the tree assumes about who knows what when."""
    versions: dict[str, str]
    nodes: int
    futures: int
    created: str
    phases: tuple[Phase, ...]


class Plan(Document):
    """The answer to a scenario."""

    format: Literal["offtake-plan/1"]
    scenario: str
    currency: str
    units: dict[str, str]
    """Unit of each product."""
    status: Status
    stop_reason: StopReason
    decision: tuple[str, ...]
    """The decision in a few sentences."""
    warnings: tuple[str, ...]
    summary: Summary
    awards: tuple[Award, ...]
    offers: tuple[OfferOutcome, ...]
    capacity_opened: tuple[CapacityOpened, ...]
    futures: tuple[FutureLine, ...]
    fill_rates: tuple[FillRateLine, ...]
    flow_summaries: tuple[FlowSummary, ...]
    cost_summaries: tuple[CostSummary, ...]
    rules: tuple[RuleOutcome, ...]
    baselines: Baselines | None
    quality: Quality | None = None
    """How far the figures hold on fresh futures; null where it was not asked for, and by default where futures are given."""
    tree: TreeReport | None = None
    """What the tree kept of the futures that were bundled to it; null where they were not."""
    audit: Audit
    numerics: Numerics
    provenance: Provenance
    stress: StressTest | None = None
    """How the plan fares when the world is not what the scenario says; none = not asked for."""
    frontier: Frontier | None = None
    """What less risk would cost; none = not asked for."""
    flows: tuple[FlowLine, ...]
    """Non-zero volumes per node; empty when left out for size (see warnings)."""
    costs: tuple[CostLine, ...]
    """Non-zero ledger rows per node; empty when left out for size."""
