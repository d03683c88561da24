"""Words and numbers of the report: only stored numbers, none rounded to all or nothing, missing ones explained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from optimizer.report import html_report
from optimizer.report_plotly import round_steps
from optimizer.report_text import baseline_sentences, facts, money, percent, proof, tiny, verdict, volume
from tests.optimizer.report_plan import report_plan


@pytest.mark.parametrize("baselines", ["all", "one missing", "none"])
def test_every_number_of_page_one_is_stored_in_the_plan(baselines: str) -> None:
    """Page one shows a number that is not in the plan."""
    plan = report_plan(baselines=baselines)
    stored = set(_numbers(plan))
    texts = [verdict(plan), proof(plan), *baseline_sentences(plan), *(text for fact in facts(plan) for text in (fact.figure, fact.sentence))]
    html = html_report(plan)
    assert all(text in html for text in texts)
    for text in texts:
        shown = [float(value) for value in re.findall(r'<data value="([^"]+)"', text)]
        assert not set(shown) - stored, text
        bare = re.sub(r"<data .*?</data>", "", text)
        assert not re.search(r"\d", bare.replace("&#39;", "")), f"a number outside <data>: {bare}"


def test_missing_baselines_are_explained() -> None:
    """A baseline without a plan shows None or a zero, or its reason is lost."""
    told = " ".join(baseline_sentences(report_plan(baselines="one missing")))
    assert "It breaks the hard rule &lt;budget&gt;" in told
    assert "None" not in told
    assert "No baselines were asked for" in baseline_sentences(report_plan(baselines="none"))[0]
    assert "–" in html_report(report_plan(baselines="one missing"))


def test_every_baseline_is_told_with_its_value() -> None:
    """VSS, EVPI or the value of contracts is missing on page one."""
    plan = report_plan(baselines="all")
    assert plan.baselines is not None
    told = baseline_sentences(plan)
    assert len(told) == 3
    for text, value in zip(told, (plan.baselines.value_of_contracts, plan.baselines.vss, plan.baselines.evpi), strict=True):
        assert value is not None
        assert money(value, "USD") in text


@pytest.mark.parametrize(
    ("change", "phrase"), [({"status": "feasible", "stop_reason": "time"}, "time limit"), ({"status": "feasible", "stop_reason": "user"}, "stopped")]
)
def test_unproven_plans_say_so(change: dict[str, Any], phrase: str) -> None:
    """A plan from a search that was cut short looks proven."""
    text = verdict(report_plan(**change))
    assert phrase in text
    assert "Optimal" not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (412.3e6, "$412.3 M"),
        (999_960_000, "$1 B"),
        (1.2345e9, "$1.234 B"),
        (-18.5e6, "−$18.5 M"),
        (123_456.7, "$123,457"),
        (9.5, "$9.50"),
        (0.0, "$0"),
        (-1e-12, "$0"),
    ],
)
def test_money_is_compact(value: float, text: str) -> None:
    """An amount is shown with the wrong scale, sign or rounding."""
    assert money(value, "USD").replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.832, "83 %"),
        (0.0123, "1.2 %"),
        (0.9997, "99.97 %"),
        (1.0, "100 %"),
        (0.0, "0 %"),
        (1e-8, "under 0.0001 %"),
        (1 - 1e-8, "over 99.9999 %"),
        (1.1, "110 %"),
        (-0.05, "−5 %"),
    ],
)
def test_shares_never_round_to_all_or_nothing(share: float, text: str) -> None:
    """A rare shortage is shown as none, or 99.97 % as everything."""
    assert percent(share).replace("\u00a0", " ") == text


def test_volumes_and_differences_are_readable() -> None:
    """A volume loses its unit or separators, or a relative difference is shown as 0.000."""
    assert volume(31_200.4, "thousand f-km") == "31,200\u00a0thousand f-km"
    assert volume(0.5, "t") == "0.5\u00a0t"
    assert tiny(2.3e-12) == "2\u00a0×\u00a010⁻¹²"
    assert round_steps(4.06, 9.5) == [5.0, 6.0, 7.0, 8.0, 9.0]


def _numbers(value: Any) -> Iterator[float]:
    """Every number in a document."""
    if isinstance(value, bool):
        return
    if isinstance(value, (int, float)):
        yield float(value)
    elif isinstance(value, BaseModel):
        for _, part in value:
            yield from _numbers(part)
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _numbers(part)
