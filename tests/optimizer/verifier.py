"""The verifier: a clause's `build` (Pyomo) against its `bill` and `breach` (NumPy), volume by volume.

Committed volumes V and takes Q are held at points of a grid that holds threshold - 1, threshold and threshold + 1 of everything the clause compares;
which tier or binary serves them is left open. At every point the contract forbids, the model must be infeasible. At every other point the clause's
own charges are minimised and maximised, and both must be the bill, node by node; a clause that says that it is exact only at a minimum must
bill the minimum. Re-billing an optimum would miss formulations that are too tight; this does not.

The points that are allowed are solved together, as one problem of unconnected blocks.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import sparse

from optimizer.bill import statement_of
from optimizer.clauses.base import Restricts
from optimizer.clauses.statement import Statement
from optimizer.contracts import build_contracts
from optimizer.instance import build_instance, shape_of
from optimizer.solve.highs import solve_problem
from optimizer.solve.problem import Problem
from scenarios.tree import build_tree
from tests.optimizer.points import Point, outcome_of, parts_of, with_choices, with_endings, with_events, with_orders
from tests.optimizer.tiny import Frame, Tiny, tiny, tiny_scenario

TOLERANCE = 1e-6  # relative to the largest charge at the point
FORBIDDEN = 1e-3  # a breach of this much volume is one; grid points keep or miss a threshold by 1
MOST_SINGLES = 24
MOST_FORBIDDEN = 16  # tried for each reason
MOST_DECIDED = 48  # the same where the buyer decides things
OPEN_BAND = {"kind": "volume_band", "down": 1.0, "up": 1.0}


class Disagreement(AssertionError):
    """The model and the bill tell different stories about the same volumes."""


@dataclass(frozen=True)
class Case:
    """One clause with terms to verify. `takes` gives the levels of Q to try for a V and a deliverable share."""

    name: str
    clause: Mapping[str, Any]
    volumes: tuple[float, ...]
    takes: Callable[[float, float], Sequence[float]]
    beside: tuple[Mapping[str, Any], ...] = (OPEN_BAND,)  # other clauses of the offer; the band is open so that it forbids nothing by itself
    charges: tuple[str, ...] = ()  # kinds of clause whose charges are compared; none = the clause's own
    exact: bool = True  # whether the maximum, too, must be the bill
    terms: Mapping[str, Any] = field(default_factory=dict)  # of the tiny scenario: low, high, profile, rules, weeks, levels
    singles: int = MOST_SINGLES  # single takes that are moved; half as many points are mixed. Fewer where something is decided at each point

    def __str__(self) -> str:
        return self.name


def verify(case: Case, frame: Frame) -> int:
    """Compare model and bill at all points; returns how many there were. Raises Disagreement."""
    what = tiny(tiny_scenario(frame, (*case.beside, case.clause), **case.terms))
    if not case.exact and not any(getattr(clause, "exact_only_at_minimum", False) for clause in what.contract.clauses):
        raise Disagreement(f"{case.name}: no clause of the offer says that its charge is exact only at a minimum, so the maximum must be compared too")
    allowed: list[tuple[Point, Any]] = []
    forbidden: list[tuple[Point, str]] = []
    rng = random.Random(f"{frame} {case.name}")
    standing = (x for volumes in points(case, what) for bought in with_orders(what, volumes, rng) for x in with_events(what, bought))
    decided = (left for volumes in standing for left in with_endings(what, volumes, rng))
    for point in (chosen for left in decided for chosen in with_choices(what, left, rng)):
        statement = statement_of(what.instance, what.contract.offer, what.contract, outcome_of(what.instance, what.contract, point))
        reason = breach_of(what, point, statement)
        if reason:
            forbidden.append((point, reason))
        else:
            allowed.append((point, bill_of(case, what, statement)))
    _compare(case, what, allowed)
    tried = []
    for reason in sorted({reason for _, reason in forbidden}):
        found = [x for x in forbidden if x[1] == reason]
        decides = what.contract.elections or what.contract.endings
        tried += rng.sample(found, min(MOST_DECIDED, len(found))) if decides else found[:MOST_FORBIDDEN]
    for point, reason in tried:
        if solve_problem(_held(what, [point])).status != "infeasible":
            raise Disagreement(f"{case.name}: the contract forbids ({reason}) what the model allows: {_words(point)}")
    return len(allowed) + len(tried)


def verify_price(clause: Mapping[str, Any], frame: Frame, **terms: Any) -> None:
    """Compare the price that is data for the model with the price as billed, at every node of the window. Raises Disagreement."""
    scenario = tiny_scenario(frame, (clause,), **terms)
    instance = build_instance(scenario, build_tree(scenario))
    contract = build_contracts(instance)[0]
    nodes = list(contract.nodes)
    for alternative in range(2):
        volume = np.zeros((len(contract.offer.products), len(instance.years), instance.tree.size))
        volume[:, contract.offer.start : contract.offer.end, list(contract.signing_nodes)] = 500.0
        take = np.zeros(volume.shape[::2])
        outcome = outcome_of(
            instance,
            contract,
            Point(alternative, volume, take, np.zeros((len(contract.elections), *take.shape)), np.zeros((len(contract.endings), instance.tree.size))),
        )
        price = statement_of(instance, contract.offer, contract, outcome).price
        if np.abs(price - contract.price[alternative])[:, nodes].max() > 1e-9:
            raise Disagreement(f"{clause}: the model's price is {contract.price[alternative][:, nodes]}, the bill's {price[:, nodes]}")


def points(case: Case, what: Tiny) -> list[Point]:
    """Nothing signed; every V with every level of Q at all nodes; single takes moved to another level; everything mixed."""
    rng = random.Random(f"{case.name} {what.scenario.name}")
    products, nodes = range(len(what.contract.offer.products)), what.contract.nodes
    count = range(max(len(case.takes(v, 1.0)) for v in case.volumes))
    nothing = point(case, what, None, lambda: 0.0, lambda _: 0)
    found = [replace(nothing, take=np.zeros_like(nothing.take)), replace(nothing, take=np.ones_like(nothing.take))]
    for v in case.volumes:
        found += [point(case, what, rng.randrange(2), lambda v=v: v, lambda _, k=k: k) for k in count]
    for _ in range(case.singles):
        v, usual, other, moved = rng.choice(case.volumes), rng.choice(count), rng.choice(count), (rng.choice(products), rng.choice(nodes))
        found.append(point(case, what, rng.randrange(2), lambda v=v: v, lambda x, at=moved, a=usual, b=other: b if x == at else a))
    for _ in range(
        case.singles // 2 if what.contract.elections else 0
    ):  # what is chosen late depends on what was taken early, so periods differ and products don't
        v, by_period = rng.choice(case.volumes), [rng.choice(count) for _ in what.instance.years]
        found.append(point(case, what, rng.randrange(2), lambda v=v: v, lambda x, a=by_period: a[what.instance.tree.period[x[1]]]))
    for _ in range(case.singles // 2):
        found.append(point(case, what, rng.randrange(2), lambda: rng.choice(case.volumes), lambda _: rng.choice(count)))
    return found


def point(case: Case, what: Tiny, alternative: int | None, pick: Callable[[], float], level: Callable[[tuple[int, int]], int]) -> Point:
    """A point: `pick` gives each committed volume, `level((p, n))` which of the case's levels is taken."""
    contract, tree = what.contract, what.instance.tree
    offer, profile = contract.offer, contract.offer.alternatives[0].profile
    share, shape = tree.states.deliverable[:, offer.index], shape_of(profile, offer.end - offer.start)
    volume, take = np.zeros((len(offer.products), len(what.instance.years), tree.size)), np.zeros((len(offer.products), tree.size))
    for p in range(len(offer.products)):
        for m in contract.signing_nodes if alternative is not None else ():
            each = [pick() for _ in shape] if profile.kind == "free" else [pick()] * len(shape)
            volume[p, offer.start : offer.end, m] = np.array(each) * shape
        for n in contract.nodes:
            v = float(volume[p, tree.period[n], contract.signed_at[n]])
            levels = case.takes(v, float(share[n]))
            most = 2.0 * share[n] * v if OPEN_BAND in case.beside else np.inf  # what the open band grants, so that it is the clause that decides
            take[p, n] = min(max(levels[level((p, n)) % len(levels)], 0.0), most)
    return Point(alternative, volume, take, np.zeros((len(contract.elections), *take.shape)), np.zeros((len(contract.endings), tree.size)))


def breach_of(what: Tiny, point: Point, statement: Statement) -> str:
    """Why the contract forbids the point; empty where it does not. The committed range is read from the document's alternative, not from its tiers."""
    offer = what.contract.offer
    if point.alternative is None:
        if point.take.any():
            return "takes without a contract"
    else:
        signed = offer.alternatives[point.alternative]
        shape = shape_of(signed.profile, offer.end - offer.start)
        planned = point.volume[:, offer.start : offer.end][:, :, list(what.contract.signing_nodes)]
        low, high = ((x[:, None] * shape)[:, :, None] for x in (signed.low, signed.high))
        if (planned < low - FORBIDDEN).any() or (planned > high + FORBIDDEN).any():
            return "volume out of range"
    for clause in what.contract.clauses:
        if isinstance(clause, Restricts) and clause.breach(statement).max() > FORBIDDEN:
            return str(clause.terms.kind)
    return ""


def bill_of(case: Case, what: Tiny, statement: Statement) -> Any:
    """What the compared clauses bill at every node, in the scenario's currency. [N]"""
    offer = what.contract.offer
    rate = np.array([what.instance.rate(offer, n) for n in range(what.instance.tree.size)])
    wanted = case.charges or (case.clause["kind"],)
    amounts = [amount for clause in what.contract.clauses if clause.terms.kind in wanted for amount in clause.bill(statement).values()]
    return sum(amounts, np.zeros_like(rate)) * rate


def charges_of(case: Case, what: Tiny) -> Any:
    """The ledger rows of the compared clauses as a matrix over the problem's columns. [N, C]"""
    of = {id(v): j for j, v in enumerate(what.problem.names[1])}
    wanted = case.charges or (case.clause["kind"],)
    found = sparse.lil_matrix((what.instance.tree.size, len(of)))
    for row in what.kernel.ledger.rows:
        if row.clause in wanted:
            for coefficient, variable in row.terms:
                found[row.node, of[id(variable)]] += coefficient
    return found.tocsr()


def _compare(case: Case, what: Tiny, allowed: list[tuple[Point, Any]]) -> None:
    charges = charges_of(case, what)
    weights = what.instance.tree.probability * what.instance.discount
    problem = _held(what, [point for point, _ in allowed])
    for sense, name in ((1.0, "least"), (-1.0, "most")):
        answer = solve_problem(replace(problem, cost=np.tile(sense * (charges.T @ weights), len(allowed))))
        if answer.x is None:
            culprit = next((point for point, _ in allowed if solve_problem(_held(what, [point])).x is None), None)
            raise Disagreement(f"{case.name}: the contract allows what the model forbids: {_words(culprit) if culprit else 'all points at once'}")
        for (point, bill), x in zip(allowed, answer.x.reshape(len(allowed), -1), strict=True):
            charged = charges @ x
            allowance = TOLERANCE * max(1.0, np.abs(bill).max(), np.abs(charged).max())
            both = sense > 0 or case.exact
            wrong = np.abs(charged - bill).max() > allowance if both else weights @ charged < weights @ bill - allowance
            if wrong:
                told = f"the {name} the model charges per node is {np.round(charged, 6)}, the bill says {np.round(bill, 6)}"
                raise Disagreement(f"{case.name}: {told}: {_words(point)}")


def _held(what: Tiny, held: Sequence[Point]) -> Problem:
    """The problem once per point, with rows that hold the sums over tiers: signed per alternative, V, Q."""
    problem, rows, keys = what.problem, _holds(what), list(_holds(what))
    pick = sparse.csr_matrix(
        (np.ones(sum(map(len, rows.values()))), ([i for i, key in enumerate(keys) for _ in rows[key]], [j for key in keys for j in rows[key]])),
        shape=(len(keys), problem.matrix.shape[1]),
    )
    values = np.concatenate([[_value(point, key) for key in keys] for point in held])
    count = len(held)
    one = sparse.vstack([problem.matrix, pick]).tocsr()
    own = len(problem.row_lower)
    lower, upper = (np.tile(np.concatenate([x, np.zeros(len(keys))]), count) for x in (problem.row_lower, problem.row_upper))
    place = np.concatenate([np.arange(own, own + len(keys)) + i * one.shape[0] for i in range(count)])
    lower[place] = values
    upper[place] = np.where(np.array([key[0] == "signed" for key in keys] * count) & (values > 0), np.inf, values)  # not the verifier keeps it to one tier
    return replace(
        problem,
        matrix=sparse.block_diag([one] * count, format="csr"),
        row_lower=lower,
        row_upper=upper,
        cost=np.zeros(count * one.shape[1]),
        offset=0.0,
        lower=np.tile(problem.lower, count),
        upper=np.tile(problem.upper, count),
        integer=np.tile(problem.integer, count),
    )


def _holds(what: Tiny) -> dict[tuple[Any, ...], list[int]]:
    """Columns to be summed, by what they are: ("signed", alternative), ("volume", p, t, m), ("take", p, n), ("elected", e, p, n), ("ended", w, n),
    ("order", m, n)."""
    found: dict[tuple[Any, ...], list[int]] = {}
    of = {j: i for i in range(len(what.contract.offer.alternatives)) for j in parts_of(what.contract, i)}
    for name in ("signed", "volume", "take", "elected", "ended", "order"):
        index, columns = what.problem.keys[name]
        for key, column in zip(index.tolist(), columns.tolist(), strict=True):
            held = {"signed": (of.get(key[1]), key[2]), "elected": (key[1], *key[3:]), "ended": key[1:], "order": (key[0], key[-1])}.get(name, key[2:])
            found.setdefault((name, *held), []).append(column)
    return found


def _value(point: Point, key: tuple[Any, ...]) -> float:
    if key[0] == "signed":
        return float(key[1] == point.alternative)
    if key[0] == "order":
        return 0.0 if point.ordered is None else float(point.ordered[key[1:]])
    return float({"volume": point.volume, "take": point.take, "elected": point.elected, "ended": point.ended}[key[0]][key[1:]])


def _words(point: Point) -> str:
    at = [tuple(x) for x in np.argwhere(point.volume).tolist()]
    volumes = {f"product {p}, period {t}, node {m}": float(point.volume[p, t, m]) for p, t, m in at}
    taken, chosen = np.round(point.take, 6).tolist(), np.round(point.elected, 6).tolist()
    return f"alternative {point.alternative}, committed {volumes}, taken {taken}, chosen {chosen}, ended {point.ended.tolist()}"
