"""Rolling forecast: what is taken stays near what was forecast.

To the buyer: a supplier that can plan asks for less commitment; what is said a period before has to be nearly right.
f[n] forecast given at node n for the period h later, decided with what is known at n; V committed, rho deliverable share, Q volume taken (without what is
taken on top of the period's own terms). The buyer chooses f. In rows about takes, a is the ancestor of n h periods before, if it lies in the window.

    forecast_within_commitment:   f[j,p,n] <= V[j,p,t(n) + h]     (0 where that lies behind the window)
    take_within_forecast_above:   Q[j,p,n] <= (1 + up) rho[n] f[j,p,a]
    take_within_forecast_below:   Q[j,p,n] >= (1 - down) rho[n] f[j,p,a]

Where nothing binds from below, the most is forecast and the clause says nothing, so it has no rows. Nothing is charged, and everything is linear.
Reference: Tsay & Lovejoy (1999), Quantity flexibility contracts and supply chain performance, Manufacturing & Service Operations Management 1(2).
Worked number: forecast 800, 10 % either way: 720 to 880 a year later; where half can be delivered, 360 to 440.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import RollingForecast as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.obligation import Election
from optimizer.clauses.rescheduling import earlier
from optimizer.clauses.statement import Amounts, Statement
from optimizer.rows import Bounds, Index
from optimizer.wording import Example, Setting, number, percent, periods
from scenarios.tree import Floats


@dataclass(frozen=True)
class RollingForecast:
    """See the module's text."""

    terms: Terms

    def election(self) -> Election | None:
        return Election("rolling_forecast", "forecast", ahead=self.terms.periods_ahead) if self.terms.down < 1 else None

    def build(self, deal: Deal) -> None:
        if self.election() is None:
            return
        window, ahead = set(deal.nodes), self.terms.periods_ahead
        within: dict[Index, Bounds] = {}
        above: dict[Index, Bounds] = {}
        below: dict[Index, Bounds] = {}
        for j, p, n in [(j, p, n) for n in deal.nodes for j in deal.js for p in deal.ps]:
            then, before = deal.period(n) + ahead, deal.ancestor(n, ahead)
            planned = [(-1.0, deal.volume_in(j, p, then, deal.signing_node(n)))] if then < deal.contract.offer.end else []
            within[j, p, n] = (None, [(1.0, deal.elected(j, p, n)), *planned], 0.0)
            if before in window:
                said, taken, share = deal.elected(j, p, before), deal.own_take(j, p, n), deal.deliverable(n)
                above[j, p, n] = (None, [*taken, (-(1.0 + self.terms.up) * share, said)], 0.0)
                below[j, p, n] = (0.0, [*taken, (-(1.0 - self.terms.down) * share, said)], None)
        deal.rows("forecast_within_commitment", within)
        deal.rows("take_within_forecast_above", above)
        deal.rows("take_within_forecast_below", below)

    def bill(self, statement: Statement) -> Amounts:  # noqa: ARG002
        return {}

    def breach(self, statement: Statement) -> Floats:
        """Forecasts beyond the commitment, and takes outside the band around what was forecast."""
        if self.election() is None:
            return statement.nothing
        forecast = statement.chosen("rolling_forecast")
        due = (statement.period - statement.start >= self.terms.periods_ahead) & (statement.in_force > 0)
        said = statement.deliverable * earlier(statement, forecast, self.terms.periods_ahead)
        over = np.where(due, statement.own_take - said * (1.0 + self.terms.up), 0.0)
        under = np.where(due, said - said * self.terms.down - statement.own_take, 0.0)
        beyond = forecast - statement.planned_in(self.terms.periods_ahead)
        return np.asarray(np.max([over, under, beyond, np.zeros_like(over)], axis=0).max(axis=0))

    def levers(self) -> tuple[Lever, ...]:
        return (
            Lever("down", "share of the forecast", 0.0, 1.0, 0.05, "higher", "forecast band below"),
            Lever("up", "share of the forecast", 0.0, 10.0, 0.05, "higher", "forecast band above"),
        )

    def explain(self) -> str:
        if self.election() is None:
            return "Forecasts bind nobody."
        return (
            f"What is forecast {periods(self.terms.periods_ahead)} ahead is taken to at least {100 * (1 - self.terms.down):g} % and at most "
            f"{100 * (1 + self.terms.up):g} %."
        )

    def wording(self, setting: Setting) -> str:
        ahead, least, most = periods(self.terms.periods_ahead), percent(1.0 - self.terms.down), percent(1.0 + self.terms.up)
        if self.election() is None:
            return f"Forecasts that the Buyer gives {ahead} ahead bind neither party: between {least} and {most} of anything may be taken."
        return (
            f"In each period the Buyer forecasts for each product what it will take {ahead} later, at most the volume committed for that period, in any part "
            f"of a {setting.unit}. In that period it takes at least {least} and at most {most} of the forecast, or of the part of it that can be "
            f"delivered, within what the contract allows otherwise. A forecast is not changed afterwards. For periods that begin less than {ahead} after the "
            "window has begun there is no forecast. What is taken on top of a period's own terms does not count. The clause sets no payment."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume, ahead = setting.volume, self.terms.periods_ahead
        if self.election() is None or ahead > 10:
            return (Example(("no forecast binds",), (volume,), (volume,)),)
        said = volume / (1.0 + self.terms.up)
        most, least = volume, (1.0 - self.terms.down) * said
        step = min(setting.step, 0.1 * said)
        cases = [("the most that may be taken", most), (f"{number(step)} more", most + step), ("the least", least), (f"{number(step)} less", least - step)]
        found = []
        for shows, take in cases:
            if take >= 0:
                says = ("forecast given", *("taken as forecast",) * (ahead - 1), shows)
                takes = (volume, *(volume,) * (ahead - 1), take)
                found.append(Example(says, (volume,) * (ahead + 1), takes, chosen=(said, *(0.0,) * ahead)))
        return tuple(found)
