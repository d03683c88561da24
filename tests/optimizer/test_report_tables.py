"""Tables of a plan: they add up, carry their units, are documented, and no spreadsheet runs them."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from optimizer.engine import solve
from optimizer.report import html_report, tables, write_tables
from optimizer.report_charts import charts
from optimizer.report_text import names_of
from scenarios.files import read_scenario
from tests.optimizer.report_plan import FORMULA, UNITS, report_plan

LIBRARY = Path(__file__).parents[2] / "scenarios" / "library"
NAMES = [
    *("summary", "awards", "award_volumes", "offers", "capacity_opened", "futures", "fill_rates", "flow_summaries", "cost_summaries", "rules", "baselines"),
    *("quality", "cost_quantiles", "stability", "stability_offers", "tree", "tree_correlations"),
    *("what_ifs", "stressed_plans", "break_even", "break_even_values", "doubts", "frontier", "frontier_volumes", "frontier_dominated"),
    *("flows", "costs", "phases"),
]


def test_tables_are_the_promised_ones_in_order() -> None:
    """A table is missing, extra or out of order, so that scripts which read plans break."""
    assert list(tables(report_plan())) == NAMES


def test_documentation_names_every_column() -> None:
    """A column exists that docs/plan.md does not explain, or its order there differs."""
    text = (Path(__file__).parents[2] / "docs" / "plan.md").read_text("utf-8")
    for name, frame in tables(report_plan()).items():
        section = re.search(rf"^### {name}\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
        assert section, name
        assert re.findall(r"^\| `(\w+)`", section[1], re.MULTILINE) == list(frame.columns), name


def test_empty_tables_keep_their_columns() -> None:
    """A plan without contracts gives tables without headers."""
    empty = tables(report_plan(baselines="none", awards=(), offers=(), capacity_opened=(), rules=(), flows=(), costs=(), flow_summaries=(), fill_rates=()))
    full = tables(report_plan())
    assert {name: list(frame.columns) for name, frame in empty.items()} == {name: list(frame.columns) for name, frame in full.items()}


def test_cost_dimensions_sum_to_the_expected_cost() -> None:
    """A breakdown of cost has lost or doubled an amount."""
    plan = report_plan()
    sums = tables(plan)["cost_summaries"].groupby("dimension")["present"].sum()
    assert sums.pop("cash_period") == pytest.approx(plan.summary.expected_cash)
    assert set(sums.index) == {"category", "supplier", "source", "period"}
    assert sums.to_numpy() == pytest.approx(plan.summary.expected_cost)


def test_ledger_rows_sum_to_the_expected_cost_and_to_every_future() -> None:
    """The ledger's table does not add up to page one."""
    plan = report_plan()
    costs = tables(plan)["costs"]
    assert (costs["probability"] * costs["present"]).sum() == pytest.approx(plan.summary.expected_cost)
    futures = tables(plan)["futures"]
    assert (futures["probability"] * futures["cost"]).sum() == pytest.approx(plan.summary.expected_cost)
    assert (futures["probability"] * futures["tail_share"]).sum() == pytest.approx(plan.summary.tail)


def test_flows_and_their_summaries_agree() -> None:
    """Means over the futures differ from the rows per node that they summarise."""
    found = tables(report_plan())
    flows = found["flows"].assign(mean=lambda rows: rows["probability"] * rows["volume"])
    keys = ["kind", "source", "product", "site", "period"]
    rows = flows.groupby(keys)["mean"].sum()
    summaries = found["flow_summaries"].query("kind != 'shortage'")
    assert rows.to_dict() == pytest.approx(summaries.set_index(keys)["mean"].to_dict())


def test_supply_demand_and_shortage_balance() -> None:
    """Delivered plus unmet volume differs from demand, with nothing in stock or on its way."""
    sums = tables(report_plan())["flow_summaries"].groupby("kind")["mean"].sum()
    assert sums["deliver"] + sums["receive"] + sums["unmet"] == pytest.approx(sums["demand"])


def test_volumes_carry_their_units() -> None:
    """A volume stands in a table without the unit of its product."""
    found = tables(report_plan())
    for name in ("award_volumes", "flows", "flow_summaries"):
        assert (found[name]["unit"] == found[name]["product"].map(UNITS)).all(), name
    assert found["offers"].set_index("offer")["unit"].to_dict() == {"north-frame": UNITS["cable"], "kit-option": UNITS["kit"], "costly": ""}
    assert set(found["futures"]["unit"]) == {"mixed units"}


def test_parts_of_a_solved_plan_sum_to_the_whole() -> None:
    """The engine's rows and the tables made of them disagree."""
    scenario = read_scenario(LIBRARY / "quickstart.json")
    plan = solve(scenario)
    found = tables(plan)
    sums = found["cost_summaries"].groupby("dimension")["present"].sum()
    assert sums.pop("cash_period") == pytest.approx(plan.summary.expected_cash)
    assert sums.to_numpy() == pytest.approx(plan.summary.expected_cost)
    assert (found["costs"]["probability"] * found["costs"]["present"]).sum() == pytest.approx(plan.summary.expected_cost)
    means = found["flow_summaries"].groupby("kind")["mean"].sum()
    assert means["demand"] == pytest.approx(plan.summary.expected_demand)
    drawn = {chart.id: chart for chart in charts(plan, names_of(scenario), scenario.period_ids)}
    assert {"supply-0", "commitments-0", "spend", "categories"} <= set(drawn)
    assert html_report(plan, scenario).endswith("</html>\n")


def test_csv_protects_texts_and_leaves_numbers(tmp_path: Path) -> None:
    """A text from a scenario runs as a formula in a spreadsheet, or a negative number became text."""
    plan = report_plan()
    paths = write_tables(plan, tmp_path / "plan")
    assert [path.stem for path in paths] == NAMES
    assert [row["text"] for row in _read(tmp_path / "plan" / "rules.csv")] == ["At least 60 % from domestic suppliers.", "'" + FORMULA, "'-97 % fill rate"]
    assert "'+line" in (tmp_path / "plan" / "capacity_opened.csv").read_text("utf-8")
    amounts = [row["amount"] for row in _read(tmp_path / "plan" / "costs.csv")]
    assert min(map(float, amounts)) == min(line.amount for line in plan.costs) < 0
    for path in paths:
        for row in _read(path):
            assert not [cell for cell in row.values() if cell[:1] in ("=", "+", "@") or (cell[:1] == "-" and not re.fullmatch(r"-[\d.e+-]+", cell))], path.name


def test_csv_needs_an_existing_parent(tmp_path: Path) -> None:
    """A mistyped folder is silently made, parents and all."""
    with pytest.raises(FileNotFoundError):
        write_tables(report_plan(), tmp_path / "no" / "such")


def test_csv_replaces_older_tables(tmp_path: Path) -> None:
    """A second run into the same folder fails or leaves the first run's numbers."""
    write_tables(report_plan(), tmp_path)
    write_tables(report_plan(scale=2.0), tmp_path)
    rows = {row["figure"]: row["value"] for row in _read(tmp_path / "summary.csv")}
    assert float(rows["expected_cost"]) == report_plan(scale=2.0).summary.expected_cost


def _read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))
