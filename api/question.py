"""Questions to the negotiation desk as they are sent: read together with the scenario they are about, and checked before any work is done."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from api.exit_codes import UsageProblem
from models.bargain import Bargain, CounterOffer, EquivalentPackages, Zone
from models.errors import Finding, InvalidScenario
from models.negotiation import Package, PriceVolumeCurve, TermLedger, WalkAway
from models.questions import QUESTIONS, AskBargain, AskBrief, AskCounter, AskPackages, AskReplay, AskWhy, AskZone, Brief, OfferLevers, Question
from models.replay import Replay
from models.scenario import Scenario
from models.session import Session
from models.session_questions import SESSION_QUESTIONS, AskSessionStart, SessionQuestion
from models.sheet import ContractSheet
from models.suppliers import SupplierView
from models.why import Why
from scenarios import library
from scenarios.files import check_json, parse_document, parse_scenario

WHAT = "question"  # what messages call it
NEED_A_VIEW = (AskZone, AskBargain, AskCounter, AskPackages)  # of the supplier
NAMES: dict[str, type[Question]] = {kind.model_fields["ask"].default: kind for kind in QUESTIONS}
SESSION_NAMES: dict[str, type[SessionQuestion]] = {kind.model_fields["ask"].default: kind for kind in SESSION_QUESTIONS}
ALL: dict[str, type[Question | SessionQuestion]] = {**NAMES, **SESSION_NAMES}
ANSWERS: dict[str, Any] = {
    "levers": OfferLevers, "ledger": TermLedger, "walkaway": WalkAway, "curve": PriceVolumeCurve, "zone": Zone, "bargain": Bargain, "counter": CounterOffer,
    "packages": EquivalentPackages, "sheet": ContractSheet, "brief": Brief, "why": Why, "replay": Replay, **dict.fromkeys(SESSION_NAMES, Session),
}  # fmt: skip
Q = TypeVar("Q", bound=Question | SessionQuestion)


def read_question(raw: bytes, ask: str) -> tuple[Scenario, Question | SessionQuestion]:
    """A scenario and the question about it, from a body `{"scenario": {...} or a bundled scenario's name, ...}`. Raises InvalidScenario."""
    try:
        data = check_json(raw)
    except InvalidScenario as error:
        raise InvalidScenario(error.findings, WHAT) from None
    if not isinstance(data, dict):
        raise InvalidScenario([Finding("", "must be an object with `scenario` and what is asked about it")], WHAT)
    data, about = dict(data), data.get("scenario")
    data.pop("scenario", None)
    found: list[Finding] = []
    scenario = question = None
    try:
        scenario = _scenario(about)
    except InvalidScenario as error:
        found += [placed(x, "scenario") for x in error.findings]
    try:
        question = parse_document(json.dumps(data).encode(), ALL[ask], WHAT)
    except InvalidScenario as error:
        found += error.findings
    if scenario is None or question is None:
        raise InvalidScenario(found, WHAT)
    if not isinstance(question, SessionQuestion):
        check_question(scenario, question)
    elif not isinstance(question, AskSessionStart):
        _check_session(scenario, question.session)
    return scenario, question


def _check_session(scenario: Scenario, session: Session) -> None:
    """Whether a session is as it was written, by this version and about this scenario. Raises InvalidScenario."""
    from optimizer.negotiation.seals import check_scenario, check_seals, check_version  # a second of imports, as below

    try:
        check_version(session)
        check_scenario(session, scenario)
        check_seals(session)
    except InvalidScenario as error:
        raise InvalidScenario([placed(x, "session") for x in error.findings], WHAT) from None


def scenario_in(raw: bytes) -> bytes:
    """The scenario of a body that was checked, as JSON."""
    about: Any = json.loads(raw.decode("utf-8-sig"))["scenario"]
    return library.read(about) if isinstance(about, str) else json.dumps(about).encode()


def _scenario(about: Any) -> Scenario:
    if isinstance(about, str):
        if about not in library.names():
            raise InvalidScenario([Finding("", "there is no bundled scenario of that name; `/v1/examples` lists them. Or send a whole scenario")])
        return parse_scenario(library.read(about))
    if about is None:
        raise InvalidScenario([Finding("", "this field is required: a scenario, or the name of a bundled one")])
    return parse_scenario(json.dumps(about).encode())


def made(kind: type[Q], **fields: Any) -> Q:
    """A question of options that were given one by one. Raises UsageProblem with the option's name for what can't be."""
    from pydantic import ValidationError

    try:
        return kind(**fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = str(first["loc"][-1]) if first["loc"] else ""
        told = first["msg"].removeprefix("Value error, ")
        raise UsageProblem(f"{OPTIONS.get(where, where) + ': ' if where else ''}{told[:1].lower()}{told[1:]}.") from None


OPTIONS = {
    "price": "--price", "terms": "--set", "alternative": "--alternative", "low": "--low", "high": "--high", "points": "--points", "share": "--share",
    "power": "--power", "target": "--target", "target_share": "--target", "cost": "--cost", "count": "--count", "margin": "--margin", "offers": "OFFER",
    "offer": "OFFER", "rules": "--rule", "parts": "--part",
}  # fmt: skip


def check_question(scenario: Scenario, question: Question) -> None:
    """Whether the scenario has what the question speaks of, and the question what its answer needs. Raises InvalidScenario with every finding."""
    from optimizer.negotiation.levers import offer_named, packaged  # a second of imports, which a document full of mistakes needn't wait for

    found: list[Finding] = []
    try:
        if isinstance(package := getattr(question, "package", None), Package):
            packaged(scenario, package)
    except InvalidScenario as error:
        found += [placed(x, "package") for x in error.findings]
    named = [(f"offers[{i}]", offer) for i, offer in enumerate(getattr(question, "offers", ()))]
    named += [(f"desk.menus[{i}].offer", menu.offer) for i, menu in enumerate(question.desk.menus)]
    for path, offer in named:
        try:
            offer_named(scenario, offer)
        except InvalidScenario as error:
            found += [Finding(path, x.message) for x in error.findings]
    if isinstance(question, AskReplay):
        from models.contract_checks import contract_findings

        found += contract_findings(scenario, question)
    if isinstance(question, AskWhy):
        from optimizer.why import rules_named  # likewise

        known = ", ".join(f"rules[{i}] ({x.name or x.kind})" for i, x in enumerate(scenario.rules)) or "none"
        told = f"there is no such rule; the scenario has: {known}"
        found += [Finding(f"rules[{i}]", told) for i, rule in enumerate(question.rules) if not rules_named(scenario, rule)]
    suppliers = [x.id for x in scenario.suppliers]
    for i, view in enumerate(question.desk.suppliers):
        if view.supplier not in suppliers:
            found.append(Finding(f"desk.suppliers[{i}].supplier", f"there is no supplier '{view.supplier}'; the scenario has: {', '.join(suppliers)}"))
    if not found and isinstance(question, NEED_A_VIEW) and view_of(scenario, question) is None:
        supplier = offer_named(scenario, question.package.offer).supplier
        told = f"nothing says what is believed about supplier '{supplier}'; give a view of it (`docs/negotiation.md` has one)"
        found.append(Finding("desk.suppliers", told))
    if found:
        raise InvalidScenario(found, WHAT)


def view_of(scenario: Scenario, question: AskZone | AskBargain | AskCounter | AskPackages | AskBrief) -> SupplierView | None:
    """What is believed about the supplier across the table; None if nothing is."""
    supplier = next(x.supplier for x in scenario.offers if x.id == question.package.offer)
    return next((x for x in question.desk.suppliers if x.supplier == supplier), None)


def placed(finding: Finding, inside: str) -> Finding:
    """A finding about a part, as one about the whole."""
    path = finding.path if not finding.path or finding.path.startswith("[") else f".{finding.path}"
    return Finding(f"{inside}{path}", finding.message)
