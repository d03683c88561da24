"""`offtake negotiate`: questions to the negotiation desk. What is typed becomes a question (`models.questions`); `api.negotiating` gets it answered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api import negotiate_session
from api.exit_codes import ExitCode
from api.options import AsJson, Seed, Threads, option

if TYPE_CHECKING:
    from api.negotiating import Given
    from models.questions import Question

app = typer.Typer(no_args_is_help=True, help="What terms are worth, when to walk away, what to counter with, what to let them choose from.")
app.add_typer(negotiate_session.app, name="session")

Scenario = Annotated[str, typer.Argument(metavar="SCENARIO", help="A scenario (JSON or .xlsx), '-' for standard input, or the name of a bundled scenario.")]
Offer = Annotated[str, typer.Argument(metavar="OFFER", help="The offer that is negotiated.")]
Offers = Annotated[list[str] | None, typer.Argument(metavar="[OFFER]...", help="Offers; without any, all of them.", show_default=False)]
Alternative = Annotated[str | None, option("--alternative", metavar="ID", text="The alternative that is negotiated (default: all of them, as a menu).")]
Price = Annotated[float | None, option("--price", metavar="PRICE", text="Headline price per unit (default: as offered).")]
Set = Annotated[list[str] | None, option("--set", metavar="LEVER=VALUE", text="Another term, e.g. take_or_pay.fraction=0.7; may be given several times.")]
Brought = Annotated[Path | None, option("--desk", metavar="FILE.json", text="Menus, views of suppliers and the margin (docs/negotiation.md).")]
Margin = Annotated[float | None, option("--margin", metavar="MONEY", text="What a deal must gain over no deal at least (default: the desk file's, or 0).")]
Share = Annotated[float, option("--share", metavar="SHARE", text="Share of the supplier's types whose gain is counted with (default: 0.5).")]
Output = Annotated[Path | None, option("--output", "-o", metavar="FILE", text="Write the answer here: .json, .html or .xlsx (with charts), or .csv.")]
TimeLimit = Annotated[float | None, option("--time-limit", metavar="SECONDS", text="Give up after this long.")]


def _asked(scenario: str, question: Callable[[], Question], given: Given) -> ExitCode:
    """Get a question answered."""
    from api.negotiating import ask

    return ask(scenario, question, given)


@app.command()
def levers(scenario: Scenario, offers: Offers = None, output: Output = None, as_json: AsJson = False) -> ExitCode:
    """List what can be negotiated: every lever, where it stands, its range and step."""
    from api.negotiating import Given
    from api.question import made
    from models.questions import AskLevers

    return _asked(scenario, lambda: made(AskLevers, offers=tuple(offers or ())), Given(output, as_json))


@app.command()
def ledger(
    scenario: Scenario,
    offers: Offers = None,
    price: Price = None,
    terms: Set = None,
    alternative: Alternative = None,
    both_ways: Annotated[bool, option("--both-ways", text="Also a step toward the supplier of every lever.")] = False,
    pairs: Annotated[bool, option("--pairs", text="Also every two of the steps worth most, together.")] = False,
    output: Output = None,
    as_json: AsJson = False,
    time_limit: TimeLimit = None,
    seed: Seed = None,
    threads: Threads = None,
) -> ExitCode:
    """Say what one step of every term is worth, in money and on the price: from the terms as offered, or from a package (--price, --set) of one offer."""
    from api.negotiating import Given, at_hand
    from api.question import made
    from models.questions import AskLedger

    named, given = tuple(offers or ()), Given(output, as_json, time_limit, seed, threads)
    return _asked(
        scenario,
        lambda: made(AskLedger, offers=named, package=at_hand(named, alternative, price, terms), both_ways=both_ways, pairs=pairs),
        given,
    )


@app.command()
def walkaway(
    scenario: Scenario, offer: Offer, price: Price = None, terms: Set = None, alternative: Alternative = None, margin: Margin = None, brought: Brought = None,
    output: Output = None, as_json: AsJson = False, time_limit: TimeLimit = None, seed: Seed = None, threads: Threads = None,
) -> ExitCode:  # fmt: skip
    """Say up to which price an offer is worth signing."""
    from api.negotiating import Given, desk_of, package_of
    from api.question import made
    from models.questions import AskWalkAway

    given = Given(output, as_json, time_limit, seed, threads)
    return _asked(scenario, lambda: made(AskWalkAway, package=package_of(offer, alternative, price, terms), desk=desk_of(brought, margin)), given)


@app.command()
def curve(
    scenario: Scenario, offer: Offer, terms: Set = None, alternative: Alternative = None,
    low: Annotated[float | None, option("--low", metavar="PRICE", text="Lowest price (default: 70 % of the headline price).")] = None,
    high: Annotated[float | None, option("--high", metavar="PRICE", text="Highest price (default: 130 % of the headline price).")] = None,
    points: Annotated[int, option("--points", metavar="NUMBER", text="Prices tried, where not all that matter can be found (default: 11).")] = 11,
    output: Output = None, as_json: AsJson = False, time_limit: TimeLimit = None, seed: Seed = None, threads: Threads = None,
) -> ExitCode:  # fmt: skip
    """Trace how the price moves what is committed and taken."""
    from api.negotiating import Given, package_of
    from api.question import made
    from models.questions import AskCurve

    given = Given(output, as_json, time_limit, seed, threads)
    return _asked(scenario, lambda: made(AskCurve, package=package_of(offer, alternative, None, terms), low=low, high=high, points=points), given)


@app.command()
def zone(
    scenario: Scenario, offer: Offer, brought: Brought = None, price: Price = None, terms: Set = None, alternative: Alternative = None, margin: Margin = None,
    share: Share = 0.5, output: Output = None, as_json: AsJson = False, time_limit: TimeLimit = None, seed: Seed = None, threads: Threads = None,
) -> ExitCode:  # fmt: skip
    """Show at which prices and terms both sides gain, by what is believed about the supplier."""
    from api.negotiating import Given, desk_of, package_of
    from api.question import made
    from models.questions import AskZone

    given = Given(output, as_json, time_limit, seed, threads)
    return _asked(scenario, lambda: made(AskZone, package=package_of(offer, alternative, price, terms), desk=desk_of(brought, margin), share=share), given)


@app.command()
def bargain(
    scenario: Scenario, offer: Offer, brought: Brought = None, terms: Set = None, alternative: Alternative = None,
    power: Annotated[float, option("--power", metavar="SHARE", text="Our share of bargaining power (default: 0.5).")] = 0.5,
    share: Share = 0.5, output: Output = None, as_json: AsJson = False, time_limit: TimeLimit = None, seed: Seed = None, threads: Threads = None,
) -> ExitCode:  # fmt: skip
    """Name the packages that solutions of bargaining theory pick."""
    from api.negotiating import Given, desk_of, package_of
    from api.question import made
    from models.questions import AskBargain

    given = Given(output, as_json, time_limit, seed, threads)
    package = lambda: package_of(offer, alternative, None, terms)  # noqa: E731
    return _asked(scenario, lambda: made(AskBargain, package=package(), desk=desk_of(brought), power=power, share=share), given)


@app.command()
def counter(
    scenario: Scenario, offer: Offer,
    target: Annotated[str, option("--target", metavar="GAIN", text="What we want to gain: money, or '60%' of the most that we can.")],
    brought: Brought = None, price: Price = None, terms: Set = None, alternative: Alternative = None, margin: Margin = None, share: Share = 0.5,
    output: Output = None, as_json: AsJson = False, time_limit: TimeLimit = None, seed: Seed = None, threads: Threads = None,
) -> ExitCode:  # fmt: skip
    """Find the smallest counter-offer to their package (--price, --set)."""
    from api.negotiating import Given, desk_of, package_of, target_of
    from api.question import made
    from models.questions import AskCounter

    given = Given(output, as_json, time_limit, seed, threads)
    theirs = lambda: package_of(offer, alternative, price, terms)  # noqa: E731
    return _asked(scenario, lambda: made(AskCounter, package=theirs(), desk=desk_of(brought, margin), share=share, **target_of(target)), given)


@app.command()
def packages(
    scenario: Scenario, offer: Offer, brought: Brought = None,
    cost: Annotated[float | None, option("--cost", metavar="MONEY", text="What each is to cost (default: what the package of --price and --set does).")] = None,
    price: Price = None, terms: Set = None, alternative: Alternative = None, margin: Margin = None,
    count: Annotated[int, option("--count", metavar="NUMBER", text="How many, up to 6 (default: 3).")] = 3,
    output: Output = None, as_json: AsJson = False, time_limit: TimeLimit = None, seed: Seed = None, threads: Threads = None,
) -> ExitCode:  # fmt: skip
    """Make packages that are the same to us, to let the supplier choose from."""
    from api.negotiating import Given, desk_of, package_of
    from api.question import made
    from models.questions import AskPackages

    given = Given(output, as_json, time_limit, seed, threads)
    as_good_as = lambda: package_of(offer, alternative, price, terms)  # noqa: E731
    return _asked(scenario, lambda: made(AskPackages, package=as_good_as(), desk=desk_of(brought, margin), cost=cost, count=count), given)


@app.command()
def brief(
    scenario: Scenario, offer: Offer, brought: Brought = None, price: Price = None, terms: Set = None, alternative: Alternative = None, margin: Margin = None,
    share: Share = 0.5, output: Output = None, as_json: AsJson = False, time_limit: TimeLimit = None, seed: Seed = None, threads: Threads = None,
) -> ExitCode:  # fmt: skip
    """Answer everything about one offer at once: walk-away price, ledger, curve and, with a view of the supplier, zone and packages."""
    from api.negotiating import Given, desk_of, package_of
    from api.question import made
    from models.questions import AskBrief

    given = Given(output, as_json, time_limit, seed, threads)
    return _asked(scenario, lambda: made(AskBrief, package=package_of(offer, alternative, price, terms), desk=desk_of(brought, margin), share=share), given)


@app.command()
def sheet(
    scenario: Scenario, offer: Offer, price: Price = None, terms: Set = None, alternative: Alternative = None,
    output: Annotated[Path | None, option("--output", "-o", metavar="FILE", text="Write the sheet here: .html, .docx, .json, or text (.md, .txt).")] = None,
    as_json: AsJson = False,
) -> ExitCode:  # fmt: skip
    """Write a package as a contract in plain English, with worked examples and sample invoices."""
    from api.negotiating import Given, package_of
    from api.question import made
    from models.questions import AskSheet

    return _asked(scenario, lambda: made(AskSheet, package=package_of(offer, alternative, price, terms)), Given(output, as_json))
