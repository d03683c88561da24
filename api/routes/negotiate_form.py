"""The form of the negotiation desk, for an offer of a bundled scenario or of an earlier run."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.routes.form import groups
from api.routes.results import scenario_of, stored
from api.routes.state import Parts
from api.web import page
from models.scenario import Scenario
from scenarios import library

router = APIRouter(include_in_schema=False)
DEFAULT_CURRENCY: str = Scenario.model_fields["currency"].default


@router.get("/negotiate")
def negotiate_form(parts: Parts, example: str = "quickstart", run: str = "", offer: str = "") -> HTMLResponse:
    """The form of the negotiation desk, for a bundled scenario or that of an earlier run; an earlier question is filled in again."""
    earlier = parts.store.get(run) if run else None
    chosen = example if example in library.names() else "quickstart"
    scenario = json.loads(library.read(chosen) if earlier is None else scenario_of(earlier, parts).decode("utf-8-sig"))
    asked: dict[str, Any] = json.loads(stored(earlier, parts, "body").decode("utf-8-sig")) if earlier and earlier.request.ask else {}
    package = {"offer": (asked.get("offers") or [offer])[0], "alternative": None, "price": None, "terms": {}} | asked.get("package", {})
    return page(
        "negotiate.html",
        caller=parts.caller,
        groups=groups(),
        chosen=chosen,
        earlier=earlier,
        title=scenario["name"],
        currency=scenario.get("currency", DEFAULT_CURRENCY),
        offers=_offers(scenario),
        package=package,
        terms="\n".join(f"{lever} = {value:.12g}" for lever, value in (package["terms"] or {}).items()),
        desk=json.dumps(asked["desk"], indent=1) if asked.get("desk") else "",
    )


def _offers(scenario: dict[str, Any]) -> list[dict[str, str]]:
    """What can be chosen to negotiate: offers, and their alternatives one by one where there are several."""
    names = {x["id"]: x.get("name") or x["id"] for x in scenario.get("suppliers", ())}
    found = []
    for x in scenario.get("offers", ()):
        words = f"{x.get('name') or x['id']}, {names.get(x['supplier'], x['supplier'])}"
        plain = {"offer": x["id"], "supplier": x["supplier"]}
        found.append({**plain, "alternative": "", "words": words})
        several = x["alternatives"] if len(x["alternatives"]) > 1 else ()
        found += [{**plain, "alternative": a["id"], "words": f"{words}: only {a['id']}"} for a in several]
    return found
