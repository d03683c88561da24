"""Contract files that can't be meant: each mistake is one finding, with its place and what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models.errors import InvalidScenario
from tests.optimizer.replays import edited, read

ROW = {"product": "lng", "period": "2029", "volume": 50}
Edit = Callable[[dict[str, Any]], Any]


def one(edit: Edit) -> Edit:
    """An edit of the file's only contract."""
    return lambda x: edit(x["contracts"][0])


BAD: tuple[tuple[Edit, str, str], ...] = (
    (one(lambda c: c["takes"].pop(1)), "contracts[0].takes", "says nothing of 'lng in 2027'"),
    (one(lambda c: c["takes"].append({**ROW, "period": "2027", "product": "lpg"})), "contracts[0].takes[3].product", "there is no product 'lpg'"),
    (one(lambda c: c["takes"].append(ROW)), "contracts[0].takes[3].period", "2029 is not over (`today` is 2028)"),
    (one(lambda c: c["takes"].append({**ROW, "period": "2031"})), "contracts[0].takes[3].period", "there is no period '2031'"),
    (one(lambda c: c["takes"][0].update(volume=-1)), "contracts[0].takes[0].volume", "at least 0"),
    (one(lambda c: c["takes"][0].update(volume=1e308)), "contracts[0].takes[0].volume", "at most"),
    (one(lambda c: c["takes"].append(c["takes"][0])), "contracts[0].takes[3]", "a second row for 'lng' in 2026"),
    (one(lambda c: c["takes"][0].update(site="moon")), "contracts[0].takes[0].site", "there is no site 'moon'"),
    (one(lambda c: c["invoices"][2].update(id="A-1")), "contracts[0].invoices[2].id", "'A-1' is there already, as invoices[0]"),
    (one(lambda c: c["invoices"][0].update(total=901)), "contracts[0].invoices[0].total", "the lines add up to 900.00"),
    (one(lambda c: c["invoices"][0].update(lines=[])), "contracts[0].invoices[0]", "give `lines`, or a `total`"),
    (one(lambda c: c["invoices"][1].update(total=1e308)), "contracts[0].invoices[1].total", "at most"),
    (one(lambda c: c["invoices"][1].update(period="2030")), "contracts[0].invoices[1].period", "2030 is not over"),
    (one(lambda c: c.update(offer="nobody")), "contracts[0].offer", "there is no offer 'nobody'"),
    (one(lambda c: c.update(alternative="gold")), "contracts[0].alternative", "it has 'base'"),
    (one(lambda c: c["volumes"].append({"product": "lng", "period": "2027", "volume": 90})), "contracts[0].volumes[1]", "a second committed volume"),
    (one(lambda c: c["volumes"][0].update(period="2027")), "contracts[0].volumes", "says nothing of 'lng in 2026'"),
    (one(lambda c: c["chosen"][0].update(clause="luck")), "contracts[0].chosen[0].clause", "has no clause 'luck'"),
    (one(lambda c: c.update(notices=[{"clause": "early_termination", "period": "2029"}])), "contracts[0].notices[0].period", "2029 is not over"),
    (lambda x: x["contracts"].append(x["contracts"][0]), "contracts[1].offer", "a second row for offer 'frame'"),
    (lambda x: x.update(today="2040"), "today", "there is no period '2040'"),
    (lambda x: x["observed"]["index"].update(oil=[1, 1.2]), "observed.index.oil", "has 2 values, but 3 periods are over"),
    (lambda x: x["observed"]["index"].update(gold=[1, 1, 1]), "observed.index.gold", "there is no index 'gold'"),
    (lambda x: x["observed"].update(lateness=[{"weeks": [0, 0, 0]}]), "observed.lateness[0]", "give `offer` or `supplier`"),
    (lambda x: x.update(sites=[{"site": "port", "product": "lng", "stock": 5}]), "sites[0].stock", "no storage for 'lng' at 'port'"),
    (lambda x: x.update(orders=[{"spot": "spot", "period": "2029", "volume": 1}]), "orders[0].period", "2029 is not over"),
    (lambda x: x.update(opened=[{"supplier": "producer", "step": "line"}]), "opened[0].step", "has no capacity step 'line'"),
    (lambda x: x.update(contracts=[]), "contracts", "at least 1"),
    (lambda x: x["scenario"].update(periods=[]), "scenario.periods", "at least 1"),
)


@pytest.mark.parametrize(("edit", "path", "words"), BAD)
def test_a_mistake_is_one_finding_with_its_place(edit: Edit, path: str, words: str) -> None:
    """A typing error in a file that is kept for years would become a wrong account, or a riddle."""
    with pytest.raises(InvalidScenario) as caught:
        read(edited(edit))
    assert [x.path for x in caught.value.findings] == [path]
    assert words in caught.value.findings[0].message


def test_mistakes_are_told_together() -> None:
    """Each run would bring up one more."""
    with pytest.raises(InvalidScenario) as caught:
        read(edited(BAD[0][0], BAD[8][0], BAD[21][0]))
    assert [x.path for x in caught.value.findings] == [BAD[0][1], BAD[8][1], BAD[21][1]]
