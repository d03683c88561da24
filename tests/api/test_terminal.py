"""The terminal report and the progress displays."""

from __future__ import annotations

import io
import re
import threading
from typing import Any

import pytest
from rich.console import Console

from api.batch import Run
from api.live import STOPPING, BatchDisplay, SolveDisplay, fraction_done, seconds, status_line
from api.page import MoneyScale, clean, figure, fitting_widths, percent
from api.summary import print_summary
from api.terminal import print_report
from models.plan import Award, AwardVolume, FillRateLine, Plan
from optimizer.progress import Progress
from tests.api.plans import synthetic_plan


def report(plan: Plan, width: int = 80, **console: Any) -> str:
    """The report as text."""
    held = io.StringIO()
    print_report(plan, Console(file=held, width=width, markup=False, highlight=False, **console))
    return held.getvalue()


def flat(text: str) -> str:
    """`text` with its line breaks and indents undone."""
    return re.sub(r"\s+", " ", text)


# --- figures -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (4000.0, "4,000"), (26_775.4, "26,775"), (123.45, "123.5"), (12.345, "12.35"), (0.5, "0.50"), (0.0012, "0.0012"), (-1234.5, "-1,234")],
)
def test_figure(value: float, text: str) -> None:
    """If this fails, numbers lack separators, or carry more or fewer decimals than help."""
    assert figure(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.631, "63.1 %"),
        (0.0125, "1.25 %"),
        (0.00008, "0.008 %"),
        (1e-6, "0.0001 %"),
        (1e-9, "<0.0001 %"),
        (-1e-17, "0 %"),
        (0.9996, "99.96 %"),
        (0.99999, ">99.99 %"),
        (0.9994, "99.9 %"),
        (-0.005, "-0.5 %"),
    ],
)
def test_percent(share: float, text: str) -> None:
    """If this fails, a small gap reads as none, or a share is out by a factor of 100."""
    assert percent(share) == text


@pytest.mark.parametrize(
    ("largest", "amount", "cell", "text"),
    [
        (612e6, 612.4e6, "612.40", "USD 612.40 million"),
        (12e9, 12_345.678e6, "12,345.68", "USD 12,345.68 million"),
        (612e6, 800.0, "<0.01", "USD <0.01 million"),
        (612e6, -800.0, ">-0.01", "USD >-0.01 million"),
        (612e6, 0.0, "0.00", "USD 0.00 million"),
        (612e6, -0.0001, "0.00", "USD 0.00 million"),
        (50_000, 1234.5, "1,234", "USD 1,234"),
        (50_000, -0.2, ">-1", "USD >-1"),
        (500, 12.345, "12.35", "USD 12.35"),
    ],
)
def test_money(largest: float, amount: float, cell: str, text: str) -> None:
    """If this fails, an amount is shown in the wrong unit, or one that is there is shown as nothing."""
    scale = MoneyScale.fitting("USD", largest)
    assert (scale.cell(amount), scale.text(amount)) == (cell, text)


# --- the report ----------------------------------------------------------------------------------------------------------------------------


def test_sentences_come_before_tables() -> None:
    """If this fails, the reader meets figures before the decision."""
    said = report(synthetic_plan())
    heads = [
        "Two campuses",
        "Sign 'maker-long-term'",
        "Key figures",
        "Contracts to sign",
        "Expected cost by category",
        "What the plan is worth",
        "Rules",
        "Proof",
    ]
    places = [said.index(head) for head in heads]
    assert places == sorted(places)


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_fits_the_terminal(width: int) -> None:
    """If this fails, lines wrap in the middle of a table, or stretch beyond what can be read."""
    assert max(map(len, report(synthetic_plan(), width).splitlines())) <= min(width, 100)


def test_page_one() -> None:
    """If this fails, a figure of page one is missing, without its unit, or not what the plan says."""
    said = flat(report(synthetic_plan(), width=100))
    for phrase in (
        "optimal: gap 0.006 %, asked for 0.01 %",
        "Risk-adjusted cost USD 612.40 million",
        "no plan can be below USD 612.36 million",
        "Worst 10 % of futures USD 660.85 million",
        "unmet with probability 10 %",
        "336 thousand fibre-km",
        "2027–2029 4,000 318.00",
        "Not signed: importer-frame.",
        "Opens capacity step 'new-line' of maker at signing.",
        "purchase 415.20 71.6 % 452.30",
        "Total 580.10 635.10",
        "Signing contracts saves USD 127.80 million",
        "instead of the average one saves USD 12.90 million (VSS), between 12.80 and 12.94 as far as proven.",
        "saves USD 12.90 million",
        "another USD 13.70 million (EVPI): no forecast is worth more.",
        "domestic share at least 60 % hard 88 % kept",
        "Audit passed",
        "2e-12 (relative) from the solver's",
        "Exact check of all 812 rows passed.",
    ):
        assert phrase in said, phrase


def test_a_search_cut_short_says_so() -> None:
    """If this fails, the best plan of an unfinished search passes for the optimum."""
    summary = synthetic_plan().summary.model_copy(update={"gap": 0.031})
    said = flat(report(synthetic_plan(status="feasible", stop_reason="time", summary=summary)))
    assert "not proven optimal: gap 3.1 %, asked for 0.01 %, the time limit came first" in said
    assert "stopped by you" in flat(report(synthetic_plan(status="feasible", stop_reason="user", summary=summary)))


def test_doubts_come_first() -> None:
    """If this fails, a plan that the audit doubts looks like any other."""
    audit = synthetic_plan().audit.model_copy(update={"suspect": True})
    said = report(synthetic_plan(audit=audit, warnings=("Prices in spot[0] vary by a factor of 1e8.",)))
    assert said.index("The audit has doubts") < said.index("Sign 'maker-long-term'") < said.index("factor of 1e8") < said.index("Key figures")
    assert "Audit SUSPECT" in said


def test_nothing_signed_no_baselines_no_rules() -> None:
    """If this fails, a plan with empty tables can't be shown."""
    said = report(synthetic_plan(awards=(), offers=(), capacity_opened=(), baselines=None, rules=(), cost_summaries=()))
    assert "everything is left to the spot market" in said
    assert "What the plan is worth" not in said
    assert "Rules ─" not in said


def test_a_missing_baseline_says_why() -> None:
    """If this fails, a baseline without a plan shows an empty row and no reason."""
    found = synthetic_plan().baselines
    assert found is not None
    none = {"objective": None, "bound": None, "expected_cost": None, "cvar": None, "fill_rate": None, "note": "no plan keeps the domestic share"}
    lines = (found.baselines[0].model_copy(update=none), *found.baselines[1:])
    said = flat(report(synthetic_plan(baselines=found.model_copy(update={"baselines": lines, "value_of_contracts": None, "vss": None}))))
    assert "spot market only: no plan keeps the domestic share" in said
    assert "spot market only – – – –" in said
    assert "(VSS)" not in said


def test_worth_nothing() -> None:
    """If this fails, a worth of nothing is boasted of, or a difference of rounding is shown as an amount."""
    found = synthetic_plan().baselines
    assert found is not None
    none = {"vss": 3.0, "vss_interval": (0.0, 3.0), "evpi": -1e-6, "value_of_contracts": 0.0}
    said = flat(report(synthetic_plan(baselines=found.model_copy(update=none))))
    assert "would have found a plan as good: VSS is nothing." in said
    assert "Knowing the future would save nothing (EVPI)" in said
    assert "Signing contracts saves nothing against" in said


def test_products_in_different_units_are_not_added_up() -> None:
    """If this fails, fibre-kilometres and connectors are added up, or a volume stands without its unit."""
    rates = (
        FillRateLine(
            product="cable", site="", unit="thousand fibre-km", expected_demand=26_775.0, expected_asked=26_775.0, expected_shortage=336.0, fill_rate=0.98745
        ),
        FillRateLine(
            product="connector", site="", unit="pieces", expected_demand=1_000_000.0, expected_asked=1_000_000.0, expected_shortage=0.0, fill_rate=1.0
        ),
    )
    volumes = tuple(
        AwardVolume(product=p, period=t, volume=v) for p, rising in (("cable", 10), ("connector", 0)) for t, v in (("2027", 500.0), ("2028", 500.0 + rising))
    )
    later = Award(
        offer="frame", supplier="maker", alternative="base", node="n3", period="2027", probability=0.25, volumes=volumes, committed_value=9e6, clauses=()
    )
    units = {"cable": "thousand fibre-km", "connector": "pieces"}
    said = flat(report(synthetic_plan(units=units, fill_rates=rates, awards=(later,)), width=100))
    assert "in the worst 10 %" not in said
    assert "336 of 26,775 thousand fibre-km asked for are unmet" in said
    assert "0 of 1,000,000 pieces asked for are unmet" in said
    assert "frame (base) 2027 (25 %)" in said
    assert "500 to 510 thousand" in said
    assert "500 pieces" in said


def test_long_ids_are_kept_whole_where_they_fit() -> None:
    """If this fails, an offer's id is broken in two on a terminal of 80 columns."""
    award = synthetic_plan().awards[0].model_copy(update={"offer": "offer-with-a-name-of-29-chars"})
    assert "offer-with-a-name-of-29-chars" in report(synthetic_plan(awards=(award,)))


def test_widths_break_no_word_while_there_is_room() -> None:
    """If this fails, ids and numbers are cut in two, or a table is wider than the page."""
    heads = ["Offer", "Per period (thousand fibre-km)", "Commits (USD million)"]
    rows = [("second-outside-later (base)", "8,666 to 12,380", "1,866.08"), ("a", "2", "3")]
    assert fitting_widths(heads, rows, 80) == [27, 30, 21]
    assert fitting_widths(heads, rows, 50) == [27, 15, 8]
    assert sum(fitting_widths(heads, rows, 45)) == 45
    tight = fitting_widths(heads, rows, 37)
    assert sum(tight) <= 37
    assert tight[0] >= len("second-outside-later")
    assert tight[2] == len("1,866.08")
    assert sum(fitting_widths(heads, rows, 20)) == 20
    assert fitting_widths(heads, [], 80) == [5, 30, 21]


def test_many_rows_are_cut_and_counted() -> None:
    """If this fails, a plan with a thousand awards floods the terminal, or hides that there are more."""
    said = report(synthetic_plan(awards=synthetic_plan().awards * 100))
    assert "and 60 more rows" in said


def test_no_color() -> None:
    """If this fails, colour codes end up where they were refused."""
    coloured = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m")
    plan = synthetic_plan(warnings=("Look out.",))
    assert coloured.search(report(plan, force_terminal=True, color_system="standard"))
    assert not coloured.search(report(plan, force_terminal=True, color_system="standard", no_color=True))
    assert "\x1b" not in report(plan)


def test_names_cannot_write_to_the_terminal() -> None:
    """If this fails, a name in a document can colour, erase or reverse what the terminal shows."""
    said = report(synthetic_plan(scenario="[red]a[/red] \x1b[2Jb \x9bc \u202ed", decision=("[bold]Sign[/bold] \x07",)))
    assert "[red]a[/red] ?[2Jb ?c ?d" in said
    assert "[bold]Sign[/bold] ?" in said
    assert clean("two\nlines") == "two\nlines"


def test_summary_of_one_and_of_none() -> None:
    """If this fails, the smallest batches can't be summed up."""
    held = io.StringIO()
    print_summary([Run("only", status="optimal", objective=12.5, currency="EUR", gap=0.0, seconds=1.0, plan="only.plan.json")], Console(file=held, width=80))
    assert "only" in held.getvalue()
    assert "EUR 12.50" in held.getvalue()
    assert "1 scenario: 1 optimal." in held.getvalue()


# --- progress ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (None, "starting"),
        (Progress("build", 0.1), "building the model"),
        (Progress("solve", 1.0, bound=5.0), "searching · bound 5"),
        (Progress("solve", 1.0, incumbent=1234.5, bound=1200.0, gap=0.0279), "searching · best 1,234 · bound 1,200 · gap 2.79 %"),
        (Progress("solve", 1.0, incumbent=1.0, bound=-1e300, gap=float("inf")), None),
        (Progress("something new", 1.0), "something new"),
    ],
)
def test_status_line(event: Progress | None, text: str | None) -> None:
    """If this fails, the line at the terminal leaves out what is known of the search, or can't show it."""
    said = status_line(event)
    assert said == text if text is not None else "gap" not in said


@pytest.mark.parametrize(
    ("value", "text"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (12.4, "12 s"), (59.7, "1 min 00 s"), (3_599.0, "59 min 59 s"), (7_380.0, "2 h 03 min")]
)
def test_seconds(value: float, text: str) -> None:
    """If this fails, a duration is misread."""
    assert seconds(value) == text


def test_fraction_done() -> None:
    """If this fails, a bar runs backwards, beyond its end, or fails on a gap of nothing."""
    assert fraction_done(None, 1e-4) is None
    assert fraction_done(float("inf"), 1e-4) is None
    assert fraction_done(3.0, 1e-4) == 0.0
    assert fraction_done(1e-2, 1e-4) == pytest.approx(0.5)
    assert fraction_done(0.0, 1e-4) == 1.0
    assert fraction_done(0.0, 0.0) == 1.0
    steps = [fraction_done(10.0**-i, 1e-3) for i in range(6)]
    assert steps == sorted(steps)  # type: ignore[type-var]


def test_displays_are_silent_in_a_pipe() -> None:
    """If this fails, progress bars end up in log files."""
    held = io.StringIO()
    console = Console(file=held, width=80)
    with SolveDisplay(console) as display:
        display(Progress("solve", 1.0, 10.0, 9.0, 0.1))
    with BatchDisplay(console, 2, 1e-4) as display:
        display.started("one")
        display.progressed("one", Progress("solve", 1.0, 10.0, 9.0, 0.1))
        display.finished("one")
    assert held.getvalue() == ""
    SolveDisplay(console).stopping()
    assert held.getvalue().split() == STOPPING.split()


def test_displays_draw_on_a_terminal() -> None:
    """If this fails, whoever waits sees nothing, or news from another thread break the display."""
    held = io.StringIO()
    console = Console(file=held, width=80, force_terminal=True, markup=False)
    with SolveDisplay(console) as display:
        display(Progress("solve", 1.0, 10.0, 9.0, 0.1))
        display.stopping()
    assert "gap 10 %" in held.getvalue()
    assert "Ctrl-C again" in held.getvalue()
    with BatchDisplay(console, 2, 1e-4) as display:
        display.started("[b]one")
        threads = [threading.Thread(target=display.progressed, args=("[b]one", Progress("solve", 1.0, 10.0, 9.0, 0.1))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        display.progressed("unknown", Progress("build", 0.0))
        display.finished("two")
        display.stopping()
    shown = held.getvalue()
    assert "[b]one" in shown
    assert "searching, gap 10 %" in shown
    assert "1 of 2" in shown
