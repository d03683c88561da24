"""What the report shows of a tree that futures were bundled to; nothing where they were not."""

from __future__ import annotations

import pytest

from models.tree_report import CorrelationKept, Figures, Kept, TreeReport
from optimizer.report import html_parts, tables
from optimizer.report_tree import tree_tables
from scenarios.files import scenario_from
from scenarios.reduction_report import kept, report_of
from scenarios.tree import build_tree, paths_of
from tests.models.edits import edited
from tests.models.generated import generated
from tests.optimizer.report_plan import report_plan


def figures(scale: float) -> Figures:
    """Figures that are easy to recognise."""
    return Figures(mean=10.0, deviation=2.0 * scale, p5=7.0, p50=10.0, p95=13.0 * scale, p99=15.0 * scale)


REPORT = TreeReport(
    words=("1,000 futures became a tree of 1, 4, 12 nodes: 12 courses of events are left.",),
    futures=1000,
    nodes=(1, 4, 12),
    drivers=(
        Kept(name="demand for cable", period="2027", futures=figures(1.0), tree=figures(1.0)),
        Kept(name="price of spot-us", period="2028", futures=figures(1.0), tree=figures(0.5)),
    ),
    costs=(Kept(name="bought on the spot market only", period=None, futures=figures(1e6), tree=figures(1e6)),),
    correlations=(CorrelationKept(one="demand for cable", other="price of spot-us", period="2028", futures=0.25, tree=None),),
)


def test_every_driver_is_in_the_table_with_both_sides() -> None:
    """A figure of the tree stands beside another figure of the futures, or is missing."""
    frame = tables(report_plan(tree=REPORT))["tree"].set_index("driver")
    assert len(frame) == 3
    assert frame.loc["price of spot-us", ["deviation_futures", "deviation_tree", "p99_futures", "p99_tree"]].tolist() == [2.0, 1.0, 15.0, 7.5]
    assert frame.loc["rough total cost, bought on the spot market only", "p95_tree"] == 13e6
    assert tables(report_plan(tree=REPORT))["tree_correlations"].iloc[0, :3].tolist() == ["demand for cable", "price of spot-us", "2028"]


def test_what_moved_most_is_read_first() -> None:
    """A reader would stop before the line that matters."""
    drivers, correlations = tree_tables(report_plan(tree=REPORT))
    assert [row[0] for row in drivers.cells] == ["price of spot-us", "demand for cable"]
    assert drivers.cells[0][2:4] == ("2", "1")
    assert correlations.cells == [("demand for cable", "price of spot-us", "2028", "0.25", "–")]


@pytest.mark.parametrize("report", [REPORT, None])
def test_the_page_has_words_and_tables_or_nothing(report: TreeReport | None) -> None:
    """A plan for a few nodes would not say so, or every other plan would speak of a tree it does not have."""
    body = html_parts(report_plan(tree=report))["body"]
    for text in ('id="tree"', "12 courses of events are left", "What the tree kept of every driver", "Correlations that moved most"):
        assert (text in body) is (report is not None)


def test_only_bundled_futures_are_reported_on() -> None:
    """Every plan would pay for a report that compares a thing with itself, or a bundled one would go without."""
    bundled = scenario_from(generated(futures=32))
    tree = build_tree(bundled)
    assert report_of(bundled, tree) == kept(bundled, paths_of(bundled), tree)
    for other in (scenario_from(generated(futures=8, tree=None)), scenario_from(edited()), scenario_from(edited(("uncertainty", {"kind": "certain"})))):
        assert report_of(other, build_tree(other)) is None
