"""Values that everything at the table is made of: what the whole portfolio costs without an offer, and with a package signed.

    no_deal(o)   V0: best objective when offer o can't be signed, everything else at its current terms and re-optimised
    signed(x)    W:  best objective when package x is signed (an offer that is signed later: when it may be signed at these terms)

Both come from the same tree, rules and risk, and are searched to a gap of 0: at the usual gap a solver says "do not sign" just below the walk-away price.
What is cut short by the clock comes back as an interval. A scenario whose futures stand in one problem is compiled once, and packages are spliced into it
(`splice`); a search begins with the parts that the search before has left (`solve.search`). Anything else is built anew for every value.
Reference: Geoffrion & Nauss (1977), Parametric and postoptimality analysis in integer linear programming, Management Science 23(5).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from models.errors import Cancelled, InvalidScenario, TimeLimit
from models.negotiation import Interval, Package
from models.options import SolveSettings
from models.rules import Force
from models.scenario import Scenario
from optimizer.contracts import build_contracts
from optimizer.halt import Halt
from optimizer.instance import Instance, build_instance
from optimizer.negotiation.levers import offer_named, packaged_among_others, price_of, with_offer
from optimizer.negotiation.places import Key, Places, key_of
from optimizer.negotiation.remap import extended, remapped
from optimizer.negotiation.splice import Base, Misfit, make_base
from optimizer.outcome import Outcome, read_outcome
from optimizer.size import boundless
from optimizer.solve.choice import MANY, choose
from optimizer.solve.extensive import solve as solve_extensive
from optimizer.solve.form_whole import ExtensiveForm
from optimizer.solve.forms import Form
from optimizer.solve.guess import first_guess
from optimizer.solve.highs import Answer, Distant, Interrupted, Live
from optimizer.solve.lagrange import signed
from optimizer.solve.leaves import Start
from optimizer.solve.problem import Problem, values_of
from optimizer.solve.scaling import Factors
from optimizer.solve.search import MOST_BINARIES, Guess, Search, binary
from scenarios.tree import Floats, build_tree, fan_paths

EXACT = 0.0  # gap of a value
FINEST = 1e-7  # gap where futures are taken apart, which can't prove less
HELD_STEPS = 2_500  # most steps of the primal method from a plan's basis to that of the same plan at another price; beyond, the dual method is sooner there


@dataclass(frozen=True)
class Solved:
    """One value, and what happens there."""

    lower: float  # infinite where no plan keeps the hard rules
    upper: float
    outcome: Callable[[], Outcome] | None  # what happens in the best plan found; None without one
    instance: Instance
    lesson: Start | None = None  # for searches over much the same problem
    names: tuple[Any, Any] = ((), ())  # its rows and columns
    x: Floats | None = None  # its best solution

    @property
    def interval(self) -> Interval:
        return Interval(lower=self.lower, upper=self.upper)

    @property
    def possible(self) -> bool:
        """Whether any plan keeps the hard rules."""
        return bool(np.isfinite(self.upper))


class Desk:
    """Values for one scenario, each found once. Safe to ask from several threads for different offers' values. `afresh`: packages are built from their
    terms alone, so that a value asked for without `near` is the same to the last digit whatever was asked before it."""

    def __init__(self, scenario: Scenario, settings: SolveSettings | None = None, *, stop: threading.Event | None = None, afresh: bool = False) -> None:
        self.scenario = scenario
        self.settings = settings or scenario.solve
        self.stop, self.afresh = stop, afresh
        self.deadline = time.monotonic() + self.settings.time_limit_seconds
        self.solves = 0
        self.tree = build_tree(scenario)
        self.instance = build_instance(scenario, self.tree)
        if endless := boundless(self.instance):
            raise InvalidScenario(endless)
        self._known: dict[Key | str, Solved] = {}
        self._lock = threading.RLock()
        self._alive = threading.local()

    def left(self) -> float:
        """Seconds left. Raises TimeLimit when there are none, Cancelled when the caller has stopped."""
        if self.stop is not None and self.stop.is_set():
            raise Cancelled
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeLimit(self.settings.time_limit_seconds)
        return left

    @cached_property
    def base(self) -> Base | None:
        """The compiled scenario; None where its futures are taken apart, or what it charges can't be read off."""
        if fan_paths(self.tree) is not None and len(self.tree.leaves) >= MANY and not isinstance(self._form(self.scenario), ExtensiveForm):
            return None
        try:
            return make_base(self.instance)
        except Misfit:
            return None

    @cached_property
    def places(self) -> Places:
        """Where packages are put into the compiled scenario."""
        assert self.base is not None
        return Places(self.scenario, self.base, afresh=self.afresh)

    def _form(self, scenario: Scenario) -> Form:
        return choose(scenario, build_instance(scenario, self.tree), self.settings)

    def best(self) -> Solved:
        """The best plan with every offer as it stands."""
        with self._lock:
            if "" not in self._known:
                base = self.base
                self._known[""] = self._anew(self.scenario) if base is None else self._search(base.problem, self.instance, None)
            return self._known[""]

    def no_deal(self, offer: str) -> Solved:
        """The best plan in which an offer is not signed."""
        o = self._index(offer)
        if offer in self._known:
            return self._known[offer]
        best = self.best()
        with self._lock:
            if offer not in self._known:
                if best.outcome is not None and not best.outcome().signed[o].any():
                    self._known[offer] = best  # what is best of all does without it
                else:
                    self._known[offer] = self._without(offer, best.lesson)
            return self._known[offer]

    def _without(self, offer: str, begin: Start | None) -> Solved:
        if (base := self.base) is None:
            return self._anew(_forced(self.scenario, offer, None, signed=False))
        index, columns = base.problem.keys["signed"]
        own = columns[index[:, 0] == self._index(offer)]
        problem = base.problem.fixed(own, np.zeros(len(own)))
        return self._search(problem, self.instance, begin, self.places.factors, remember=False)  # nobody's search begins with its parts

    def side_by_side(self, package: Package) -> None:
        """Find what a package costs signed and what no deal does, each on a thread of its own and from nothing, where neither they nor the best plan are
        known: together they take little longer than the best plan, which is the cheaper of the two when the package is the offer as it stands."""
        if self.afresh or self.base is None or self._known:
            return
        package = self._plainly(package)
        with ThreadPoolExecutor(min(2, max(1, self.settings.threads))) as pool:
            without = pool.submit(self._without, package.offer, None)
            with_it = pool.submit(self._spliced, package, None, anew=True)
            self._known[package.offer], self._known[key_of(package)] = without.result(), with_it.result()

    def signed(self, package: Package, near: Package | None = None, *, basis: Any = None, anew: bool = False) -> Solved:
        """The best plan in which the package is signed. `near`: a package of the same alternative solved before, with whose parts the search
        begins, the first of them from `basis` if one is given; by default the offer as it stands. `anew`: not with its parts, because they are far, but with
        its relaxation, or from `basis`; from nothing where nothing is known. Raises InvalidScenario for a package that can't be."""
        package = self._plainly(package)
        key = key_of(package)
        if key in self._known:
            return self._known[key]
        found = self._built(package) if self.base is None else self._spliced(package, near, basis=basis, anew=anew)
        self._known[key] = found
        return found

    def aside(self, package: Package, near: Package, basis: Any, halt: Halt) -> Solved:
        """What `signed` says `anew` of a package, found for somebody who may do without: it is neither known nor counted until somebody keeps it. Raises
        Cancelled once `halt` is set, and Misfit for a package that is not spliced."""
        package = self._plainly(package)
        known = self._known.get(key_of(package))
        return self._spliced(package, near, basis=basis, anew=True, halt=halt) if known is None else known

    def keep(self, package: Package, found: Solved) -> None:
        """Know and count what was found aside."""
        key = key_of(self._plainly(package))
        self.solves += key not in self._known
        self._known[key] = found

    def _plainly(self, package: Package) -> Package:
        """The package without a price that is the one offered."""
        as_offered = package.price is not None and package.price == price_of(self.scenario, package.model_copy(update={"price": None}))
        return package.model_copy(update={"price": None}) if as_offered else package

    def basis_without(self, package: Package) -> Any:
        """The basis from which no deal was found, among the rows and columns of a package that is spliced; None where they are others. Near where the package
        is hardly used because it is dear."""
        lesson = self.no_deal(package.offer).lesson
        if self.base is None or lesson is None:
            return None
        with suppress(Misfit):
            begin = remapped(replace(lesson, leaves=()), self.places.slot(self._index(package.offer)), self.places.at(package).spliced.problem)
            return None if begin is None else begin.basis
        return None

    @property
    def spliceable(self) -> bool:
        """Whether packages are put into a compiled scenario; compiles it."""
        return self.base is not None and self.places.base is self.base

    def prepare(self, package: Package) -> None:
        """Compile a package's terms, if they can be put into the compiled scenario and are kept there."""
        if self.base is not None and not self.afresh:
            with suppress(Misfit, InvalidScenario):  # whoever asks for its value is told
                self.places.prepare(self._plainly(package))

    def forget(self, package: Package) -> None:
        """Drop what was compiled of a package's terms; its values stay."""
        if self.base is not None:
            self.places.forget(package)

    def gain(self, package: Package) -> Interval:
        """What signing the package is worth against no deal."""
        return difference(self.no_deal(package.offer), self.signed(package))

    def _index(self, offer: str) -> int:
        return self.scenario.offers.index(offer_named(self.scenario, offer))

    def _spliced(self, package: Package, near: Package | None, *, basis: Any = None, anew: bool = False, halt: Halt | None = None) -> Solved:
        try:
            placed = self.places.at(package)
        except Misfit:
            if halt is not None:
                raise
            return self._built(package)
        begin = self._begin(package, near, placed.spliced.problem, anew) if self._known or not anew else None
        if begin is not None and (anew or not begin.leaves):
            begin = Start(basis or begin.basis, far=True)
        elif begin is not None and basis is not None:
            begin = replace(begin, leaves=(replace(begin.leaves[0], basis=basis), *begin.leaves[1:]))
        return self._search(placed.problem, placed.instance, begin, placed.factors, halt)

    def held(self, package: Package, solved: Solved, basis: Any = None) -> tuple[float, float, Any] | None:
        """What a package costs when signed is what another plan of the same terms signs, how fast that rises with the price, and the basis; infinite where
        that can't be. `basis`: that of such a plan at a price nearby. None where plans can't be held, because the package is not spliced. Raises Cancelled and
        TimeLimit."""
        if self.base is None or solved.x is None or solved.lesson is None or not solved.lesson.leaves:
            return None
        try:
            placed = self.places.at(package)
        except Misfit:
            return None
        if solved.names != placed.problem.names:
            return None
        live = self._live(placed.problem, placed.factors)
        at, basis = np.round(solved.x[live.integers]), basis or solved.lesson.leaves[0].basis
        try:
            try:
                found = live.solve(at, at, basis, self.left(), self.stop, close=HELD_STEPS)
            except Distant:
                found = live.solve(at, at, basis, self.left(), self.stop)
        except Interrupted as cut:
            raise (Cancelled() if str(cut) == "user" else TimeLimit(self.settings.time_limit_seconds)) from None
        if found is None:
            return np.inf, 0.0, basis
        slope = self.places.slope(package, found.x, signed(placed.problem, found.multipliers()))
        return None if slope is None else (found.objective, slope, found.basis)

    def slope(self, package: Package, solved: Solved) -> float | None:
        """How fast cost rises with a package's price where it was solved, as the multipliers of its best part say: exact where nothing changes hands there.
        None where the package was not spliced."""
        if solved.x is None or solved.lesson is None or solved.lesson.leaves[0].multipliers is None:
            return None
        return self.places.slope(package, solved.x, solved.lesson.leaves[0].multipliers)

    def _live(self, problem: Problem, factors: Factors | None) -> Live:
        """A relaxation to be solved; where `chained`, that of the problem before in the chain, if the two differ in figures only."""
        chain: list[Live] | None = getattr(self._alive, "chain", None)
        if chain and chain[0].become(problem, factors):
            return chain[0]
        found = Live(problem, self.settings.seed, factors=factors)
        if chain is not None and factors is not None:
            chain[:] = [found]
        return found

    @contextmanager
    def chained(self, chain: list[Live]) -> Iterator[None]:
        """Problems that this thread solves inside, and inside other blocks with the same (at first empty) chain, take each other's place in one solver where
        they differ in figures only. It remembers a little of what it has solved, in the last digits, so that what is solved inside has to be the same each
        time, in the same order."""
        self._alive.chain = chain
        try:
            yield
        finally:
            self._alive.chain = None

    def _begin(self, package: Package, near: Package | None, problem: Problem, far: bool) -> Start | None:
        """The parts that the search for a neighbour has left, or its relaxation where they are `far`."""
        plain = Package(offer=package.offer, alternative=package.alternative)
        if key_of(package) == key_of(plain):
            o, best = self._index(package.offer), self.best()
            begin = remapped(best.lesson, self.places.slot(o), problem)
            forced = offer_named(self.scenario, package.offer).sign == "now" and best.outcome is not None and not best.outcome().signed[o].any()
            return Start(begin.basis, far=True) if begin is not None and forced else begin  # what signs another offer instead is far
        alike = near is not None and (near.offer, near.alternative) == (package.offer, package.alternative)  # others' parts are parts of another space
        neighbour = self.signed(near if near is not None and alike else plain)
        return extended(neighbour.lesson, neighbour.names, problem, far=far)

    def _built(self, package: Package) -> Solved:
        """A package's value from a model that is built for it."""
        scenario = with_offer(self.scenario, packaged_among_others(self.scenario, package))
        now = offer_named(scenario, package.offer).sign == "now"
        if package.alternative is not None:
            others = [a.id for a in offer_named(scenario, package.offer).alternatives if a.id != package.alternative]
            for other in others:
                scenario = _forced(scenario, package.offer, other, signed=False)
        return self._anew(_forced(scenario, package.offer, package.alternative, signed=True) if now else scenario)

    def _anew(self, scenario: Scenario) -> Solved:
        """A value of a scenario that is built for it."""
        form = self._form(scenario)
        gap = EXACT if isinstance(form, ExtensiveForm) else max(FINEST, self.settings.gap)
        self.solves += 1
        answer = form.solve(self.settings.model_copy(update={"gap": gap}), seconds=self.left(), stop=self.stop)
        instance = build_instance(scenario, self.tree)
        return self._solved(answer, instance, None, lambda x: read_outcome(instance, build_contracts(instance), form.values(x)))

    def _search(
        self, problem: Problem, instance: Instance, begin: Start | None, scaled: Factors | None = None, halt: Halt | None = None, *, remember: bool = True
    ) -> Solved:
        """A value of a compiled problem; with a `halt`, one that is found aside. `remember` its parts, for whoever begins with them."""
        self.solves += halt is None
        stop = halt or self.stop
        keys = problem.keys  # the rest of it is large, and nobody asks for it once it is solved

        def outcome(x: Floats) -> Outcome:
            return read_outcome(instance, build_contracts(instance), values_of(keys, x))

        if not (problem.integer.any() and binary(problem) and problem.integer.sum() <= MOST_BINARIES):
            answer = solve_extensive(problem, gap=EXACT, seconds=self.left(), seed=self.settings.seed, stop=stop)
            return self._solved(answer, instance, None, outcome)

        def guessed() -> Guess | None:
            return first_guess(problem, self.tree, seconds=self.left(), seed=self.settings.seed)[0]

        guess = guessed() if begin is None else None
        search = Search(
            problem, EXACT, self.left(), self.settings.seed, stop=stop, guess=guess, begin=begin, remember=remember, otherwise=guessed,
            live=self._live(problem, scaled),
        )  # fmt: skip
        found = self._solved(search.run(), instance, search.lesson(), outcome)
        return replace(found, names=problem.names, x=search.incumbent)

    def _solved(self, answer: Answer, instance: Instance, lesson: Start | None, outcome: Callable[[Floats], Outcome]) -> Solved:
        if answer.stop_reason == "user":
            raise Cancelled
        if answer.status == "infeasible":
            return Solved(np.inf, np.inf, None, instance)
        if answer.x is None:
            raise TimeLimit(self.settings.time_limit_seconds, answer.bound if np.isfinite(answer.bound) else None)
        x = answer.x
        return Solved(min(answer.bound, answer.objective), answer.objective, Once(lambda: outcome(x)), instance, lesson)


class Once:
    """A value that is worked out when it is first asked for."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make, self._made, self._lock = make, None, threading.Lock()

    def __call__(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


def difference(one: Solved, other: Solved) -> Interval:
    """one - other, as far as proven."""
    return Interval(lower=one.lower - other.upper, upper=one.upper - other.lower)


def _forced(scenario: Scenario, offer: str, alternative: str | None, *, signed: bool) -> Scenario:
    """The scenario with a decision taken."""
    rule = Force(kind="force", offer=offer, alternative=alternative, signed=signed)
    return scenario.model_copy(update={"rules": (*scenario.rules, rule)})
