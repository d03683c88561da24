"""What the report shows of fresh futures: tables, a chart, sentences; nothing where nothing was tried."""

from __future__ import annotations

import re

import pytest

from models.quality import (
    CostQuantile,
    Estimate,
    FigureEstimate,
    OutOfSample,
    Quality,
    Replications,
    Rolling,
    Stability,
    StabilityLine,
    StabilityOffer,
)
from optimizer.report import html_parts, html_report, tables
from optimizer.report_quality import quality_tables
from optimizer.report_text import Names
from tests.optimizer.report_plan import report_plan


def estimate(value: float, half: float) -> Estimate:
    """A symmetric interval."""
    return Estimate(value=value, low=value - half, high=value + half)


def quality() -> Quality:
    """Everything that can be tried, with figures that are easy to recognise."""
    figures = {"expected_cost": 412e6, "cvar": 500e6, "objective": 440e6, "cost_p95": 480e6, "cost_p99": 520e6}
    found = [FigureEstimate.model_validate({"figure": k, "value": v, "low": v - 3e6, "high": v + 3e6}) for k, v in figures.items()]
    found += [FigureEstimate(figure="fill_rate", value=0.97, low=0.96, high=0.98), FigureEstimate(figure="shortage_probability", value=0.2, low=0.1, high=0.3)]
    levels = (0.05, 0.5, 0.95, 0.99)
    return Quality(
        out_of_sample=OutOfSample(
            futures=2000, asked=2000, batches=16, confidence=0.95, figures=tuple(found), not_kept=0.0, method="By batches",
            quantiles=tuple(CostQuantile(level=x, chosen=400e6 + 100e6 * x, fresh=405e6 + 100e6 * x) for x in levels),
        ),
        replications=Replications(
            replications=10, futures=200, confidence=0.95, gap=1e6, gap_high=3.3e6, relative_gap_high=0.008, objective=440e6,
            evpi=estimate(20e6, 2e6), vss=None, method="by replications",
        ),
        rolling=Rolling(
            paths=40, confidence=0.95, cost=estimate(418e6, 9e6), foresight=estimate(413e6, 9e6), clairvoyant=estimate(395e6, 9e6),
            lost=estimate(5e6, 1e6), stuck=0.0, policy="mean of the rest",
        ),
        stability=Stability(
            lines=(StabilityLine(futures=200, runs=10, same_award=9, objective_mean=439e6, objective_spread=2e6),),
            offers=(
                StabilityOffer(futures=200, offer="north-frame", product="cable", signed_share=0.9, volume_mean=5900.0, volume_spread=80.0, plan_volume=6000.0),
            ),
        ),
        sentences=("This award stays best within 0.8 %.",),
        notes=("A fresh future counts as known right after signing.",),
    )  # fmt: skip


def test_every_estimate_is_in_the_table_with_its_own_counterpart() -> None:
    """A figure of the trial is missing from the tables, or stands beside another figure of the plan."""
    plan = report_plan(quality=quality())
    frame = tables(plan)["quality"]
    rows = frame.set_index(["part", "figure"])
    assert len(rows) == 7 + 2 + 4
    assert rows.loc[("fresh", "expected_cost"), "chosen"] == plan.summary.expected_cost
    assert rows.loc[("fresh", "fill_rate"), ["chosen", "value", "unit"]].tolist() == [plan.summary.fill_rate, 0.97, "share"]
    assert rows.loc[("fresh", "cost_p95"), "chosen"] == 495e6
    assert rows.loc[("replications", "gap"), "high"] == 3.3e6
    assert rows.loc[("rolling", "lost"), ["low", "value", "high"]].tolist() == [4e6, 5e6, 6e6]


def test_tables_are_read_in_words() -> None:
    """The report shows shares as money, or an interval that has no lower end as if it had one."""
    found = {table.title: table for table in quality_tables(report_plan(quality=quality()), Names())}
    fresh = {row[0]: row for row in found["The plan on fresh futures"].cells}
    assert fresh["Fill rate"][2:] == ("97 %".replace(" ", "\u00a0"), "96 % to 98 %".replace(" %", "\u00a0%"))
    gap = found["How far from the best there is"].cells[0]
    assert gap[-1] == "at most $3.3\u00a0M"
    assert found["Does the award stay the same with other futures?"].cells[0][1] == "9 of 10 runs"
    assert found["Offers and committed volumes with other futures"].cells[0][3] == "90\u00a0%"


def test_page_shows_the_section_and_the_chart() -> None:
    """The report keeps to itself how far its figures hold."""
    parts = html_parts(report_plan(quality=quality()))
    assert 'id="quality"' in parts["body"]
    assert "This award stays best within 0.8 %." in parts["body"]
    assert "A fresh future counts as known right after signing." in parts["body"]
    assert [trace["name"] for trace in parts["charts"]["fresh"]["data"]] == ["Futures the plan was made for", "Fresh futures"]
    assert parts["charts"]["fresh"]["data"][1]["x"] == pytest.approx([410, 455, 500, 504])


def test_plan_without_a_trial_has_no_such_section() -> None:
    """A plan for given futures shows an empty section, or fails to be shown."""
    html = html_report(report_plan())
    assert not re.search(r'id="quality"|data-chart="fresh"', html)
    assert tables(report_plan())["quality"].empty


def test_notes_alone_are_shown() -> None:
    """A plan that could not be tried does not say so."""
    said = Quality(out_of_sample=None, replications=None, rolling=None, stability=None, sentences=(), notes=("Nothing was tried.",))
    assert "Nothing was tried." in html_report(report_plan(quality=said))
