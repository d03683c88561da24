"""The plan's faces: tidy tables, CSV files, and one HTML file that opens without a network. All from the `Plan` document alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.plan import Plan
from models.sheet import ContractSheet
from optimizer import report_text as report_text  # for pages that show figures of their own in the words of the report
from optimizer.report_frontier import frontier_contents
from optimizer.report_pages import ASSETS as ASSETS  # for pages that bring the style and script themselves
from optimizer.report_pages import page, specs, template
from optimizer.report_quality import quality_contents
from optimizer.report_stress import stress_contents
from optimizer.report_tables import MIXED, offer_units
from optimizer.report_text import shared_unit
from optimizer.report_tree import tree_contents

if TYPE_CHECKING:
    import pandas as pd

    from models.frontier import Frontier
    from models.scenario import Scenario
    from optimizer.report_ledger import Found as NegotiationFound
    from optimizer.report_ledger import Told
    from scenarios.fitting import Fit


def tables(plan: Plan) -> dict[str, pd.DataFrame]:
    """Tidy tables by name, columns in a fixed order; `docs/plan.md` says what each column means. A None of the plan is a missing value."""
    return _frames(_contents(plan))


def _frames(contents: Mapping[str, tuple[Sequence[str], Iterable[Sequence[Any]]]]) -> dict[str, pd.DataFrame]:
    import pandas as pd

    return {name: pd.DataFrame(list(rows), columns=list(columns)) for name, (columns, rows) in contents.items()}


def write_tables(plan: Plan, directory: Path) -> list[Path]:
    """Write one CSV (UTF-8) per table and return their paths. `directory` is created if its parent exists.

    A text that begins with = + - or @ gets a leading ' so that no spreadsheet runs it as a formula; numbers stay as they are.
    Raises OSError, with every file either complete or untouched.
    """
    return _written(_contents(plan), directory)


def _written(contents: Mapping[str, tuple[Sequence[str], Iterable[Sequence[Any]]]], directory: Path) -> list[Path]:
    """One CSV per table."""
    from pandas.api.types import is_numeric_dtype

    from scenarios.files import write_whole

    directory.mkdir(exist_ok=True)
    written = []
    for name, frame in _frames(contents).items():
        path = directory / f"{name}.csv"
        texts = {str(column): frame[column].map(_harmless) for column in frame if not is_numeric_dtype(frame[column])}
        write_whole(path, frame.assign(**texts).to_csv(index=False, lineterminator="\n"))
        written.append(path)
    return written


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _contents(plan: Plan) -> dict[str, tuple[Sequence[str], Iterable[Sequence[Any]]]]:
    """Columns and rows of each table."""
    cur, unit, units = plan.currency, shared_unit(plan) or MIXED, plan.units
    taken = offer_units(plan)
    awards = ("offer", "supplier", "alternative", "node", "period", "probability")
    awarded = [
        (*attrgetter(*awards)(a), v.product, v.period, v.volume, units.get(v.product, ""), a.probability * v.volume) for a in plan.awards for v in a.volumes
    ]
    flow = ("kind", "source", "product", "site", "node", "period", "probability", "volume")
    spread = ("kind", "source", "product", "site", "period", "mean", "p5", "p50", "p95")
    offered = ("offer", "supplier", "signed", "signing_probability", "alternative", "expected_volume", "expected_cost")
    future = ("future", "probability", "cost", "cash", "demand", "shortage", "fill_rate", "tail_share")
    cost = ("node", "period", "probability", "source_kind", "source", "clause", "category", "amount", "present")
    plain = {
        "capacity_opened": (("supplier", "step", "node", "probability"), plan.capacity_opened),
        "fill_rates": (("product", "site", "unit", "expected_demand", "expected_asked", "expected_shortage", "fill_rate"), plan.fill_rates),
        "rules": (("path", "kind", "text", "hard", "value", "limit", "where", "binding", "violation", "penalty"), plan.rules),
        "phases": (("name", "seconds"), plan.provenance.phases),
    }
    simple = {name: (columns, _rows(columns, items)) for name, (columns, items) in plain.items()}
    return {
        "summary": (("figure", "value", "unit"), _summary(plan, unit)),
        "awards": (
            (*awards, "committed_value", "currency", "clauses"),
            [(*attrgetter(*awards)(a), a.committed_value, cur, " ".join(a.clauses)) for a in plan.awards],
        ),
        "award_volumes": ((*awards[:5], "probability", "product", "delivery_period", "volume", "unit", "expected_volume"), awarded),
        "offers": ((*offered, "unit", "currency"), [(*row, taken.get(row[0], ""), cur) for row in _rows(offered, plan.offers)]),
        "capacity_opened": simple["capacity_opened"],
        "futures": ((*future, "unit", "currency"), [(*row, unit, cur) for row in _rows(future, plan.futures)]),
        "fill_rates": simple["fill_rates"],
        "flow_summaries": ((*spread, "unit"), [(*row, units.get(row[2], "")) for row in _rows(spread, plan.flow_summaries)]),
        "cost_summaries": (
            ("dimension", "key", "expected", "present", "currency"),
            [(*row, cur) for row in _rows(("dimension", "key", "expected", "present"), plan.cost_summaries)],
        ),
        "rules": simple["rules"],
        "baselines": _baselines(plan),
        **quality_contents(plan),
        **tree_contents(plan),
        **stress_contents(plan),
        **frontier_contents(plan.frontier),
        "flows": ((*flow, "unit"), [(*row, units.get(row[2], "")) for row in _rows(flow, plan.flows)]),
        "costs": ((*cost, "currency"), [(*row, cur) for row in _rows(cost, plan.costs)]),
        "phases": simple["phases"],
    }


def _rows(columns: Sequence[str], items: Iterable[Any]) -> list[tuple[Any, ...]]:
    return list(map(attrgetter(*columns), items))


def _summary(plan: Plan, unit: str) -> list[tuple[str, float | None, str]]:
    """One figure per row: page one, the worth of the baselines, and the audit."""
    units = {"gap": "share", "risk_weight": "share", "tail": "share", "fill_rate": "share", "shortage_probability": "share"}
    units |= dict.fromkeys(("expected_demand", "expected_shortage", "shortage_cvar"), unit)
    rows: list[tuple[str, float | None, str]] = [(name, value, units.get(name, plan.currency)) for name, value in plan.summary]
    b = plan.baselines
    for name in ("value_of_contracts", "vss", "evpi"):
        rows.append((name, getattr(b, name) if b else None, plan.currency))
        if b and name != "value_of_contracts":
            interval = getattr(b, f"{name}_interval") or (None, None)
            rows += [(f"{name}_low", interval[0], plan.currency), (f"{name}_high", interval[1], plan.currency)]
    rows += [("audit_relative_difference", plan.audit.relative_difference, "share"), ("audit_largest_violation", plan.audit.largest_violation, "share")]
    return rows


def _baselines(plan: Plan) -> tuple[Sequence[str], list[Sequence[Any]]]:
    """The plan in the first row, the baselines below; `difference` is to the plan's objective."""
    s = plan.summary
    columns = ("name", "objective", "bound", "expected_cost", "cvar", "fill_rate", "difference", "currency", "note")
    rows: list[Sequence[Any]] = [("plan", s.objective, s.bound, s.expected_cost, s.cvar, s.fill_rate, 0.0, plan.currency, "")]
    for b in plan.baselines.baselines if plan.baselines else ():
        difference = None if b.objective is None else b.objective - s.objective
        rows.append((b.name, b.objective, b.bound, b.expected_cost, b.cvar, b.fill_rate, difference, plan.currency, b.note))
    return columns, rows


def html_report(plan: Plan, scenario: Scenario | None = None) -> str:
    """The report as one HTML file: own style, own scripts, no network. `scenario` lends its names; ids stand in without it."""
    return page("report.html", _content(plan, scenario))


def html_fit(fit: Fit) -> str:
    """The picture of what was fitted to a history, as one HTML file like the report."""
    from optimizer.report_fit import content

    return page("charts.html", content(fit))


def html_frontier(found: Frontier, scenario: Scenario | None = None) -> str:
    """Frontiers as one HTML file like the report."""
    from optimizer.report_frontier import content
    from optimizer.report_text import names_of

    return page("charts.html", content(found, names_of(scenario)))


def told_negotiation(found: NegotiationFound, scenario: Scenario | None = None) -> tuple[Told, ...]:
    """An answer of the negotiation desk in parts, each with sentences and tables."""
    from optimizer.report_ledger import told

    return told(found, scenario)


def html_negotiation(found: NegotiationFound, scenario: Scenario | None = None) -> str:
    """An answer of the negotiation desk as one HTML file like the report."""
    from optimizer.report_ledger import content

    return page("negotiation.html", content(found, scenario))


def html_negotiation_parts(found: NegotiationFound, scenario: Scenario | None = None) -> dict[str, Any]:
    """The same for a page that brings style and scripts itself, like `html_parts`."""
    from optimizer.report_ledger import content

    parts = content(found, scenario)
    return {"verdict": "", "heading": parts["heading"], "body": template("negotiation_body.html").render(**parts), "charts": specs(parts["charts"])}


def excel_report(plan: Plan, scenario: Scenario | None = None) -> bytes:
    """The plan as an Excel workbook with native charts. `scenario` lends its names; ids stand in without it."""
    from optimizer.report_workbook import plan_workbook

    return plan_workbook(plan, scenario)


def excel_negotiation(found: NegotiationFound, scenario: Scenario | None = None) -> bytes:
    """An answer of the negotiation desk as an Excel workbook with native charts."""
    from optimizer.report_workbook import negotiation_workbook

    return negotiation_workbook(found, scenario)


def html_sheet_parts(sheet: ContractSheet, _: Scenario | None = None) -> dict[str, Any]:
    """A contract sheet for a page that brings style and scripts itself."""
    from optimizer.report_sheet import content

    return {"verdict": "", "heading": f"Contract sheet: {sheet.title}", "body": template("sheet_body.html").render(**content(sheet)), "charts": {}}


def csv_negotiation(found: NegotiationFound) -> str:
    """The rows of an answer of the negotiation desk as CSV, harmless to spreadsheets like `write_tables`."""
    import csv
    import io

    from optimizer.report_ledger import rows_of

    rows = rows_of(found)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _harmless(cell) for name, cell in row.items()} for row in rows)
    return buffer.getvalue()


def html_sheet(sheet: ContractSheet) -> str:
    """A contract sheet as one HTML file like the report, without scripts."""
    from optimizer.report_sheet import content

    return page("sheet.html", content(sheet))


def text_sheet(sheet: ContractSheet) -> str:
    """A contract sheet as plain text of at most 80 columns, which is Markdown as well."""
    from optimizer.report_sheet import text_of

    return text_of(sheet)


def word_sheet(sheet: ContractSheet) -> bytes:
    """A contract sheet as a Word file (.docx). Raises ExtraMissing where the extra `word` isn't installed."""
    from optimizer.report_word import word_of

    return word_of(sheet)


def word_is_there() -> None:
    """Whether Word files can be written here. Raises ExtraMissing."""
    from optimizer.report_word import check

    check()


def write_sheet(sheet: ContractSheet, path: Path) -> None:
    """Write a contract sheet whole or not at all, in the form that the file's name ends with: .html, .docx, .json, or text."""
    from scenarios.files import write_whole

    forms: dict[str, Callable[[ContractSheet], str | bytes]] = {".html": html_sheet, ".docx": word_sheet, ".json": ContractSheet.model_dump_json}
    write_whole(path, forms.get(path.suffix.lower(), text_sheet)(sheet))


def write_frontier_tables(found: Frontier, directory: Path) -> list[Path]:
    """Write one CSV per table of the frontiers, like `write_tables`."""
    return _written(frontier_contents(found), directory)


def html_parts(plan: Plan, scenario: Scenario | None = None) -> dict[str, Any]:
    """The report for a page that brings `report.css`, `report.js` (both in ASSETS) and Plotly itself: `verdict` and `body` as HTML without styles
    or scripts, `charts` as the data that `report.js` draws."""
    content = _content(plan, scenario)
    body = template("report_body.html").render(**content)
    return {"verdict": str(content["text"].verdict(plan)), "body": body, "charts": specs(content["charts"])}


def _content(plan: Plan, scenario: Scenario | None) -> dict[str, Any]:
    """What the templates speak of."""
    from optimizer import report_frontier, report_quality, report_stress, report_tables, report_tree
    from optimizer.report_charts import charts

    names = report_text.names_of(scenario)
    drawn = list(charts(plan, names, _periods(plan, scenario)))
    return {
        "plan": plan,
        "names": names,
        "text": report_text,
        "figures": report_text.Figures(plan),
        "tables": report_tables,
        "quality": report_quality,
        "tree": report_tree,
        "stress": report_stress,
        "frontier": report_frontier,
        "charts": drawn,
    }


def _periods(plan: Plan, scenario: Scenario | None) -> list[str]:
    """Ids of the periods, in order."""
    if scenario is not None:
        return list(scenario.period_ids)
    return list(dict.fromkeys(line.period for line in plan.flow_summaries))
