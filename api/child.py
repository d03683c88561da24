"""What happens inside the child processes: one solves a scenario, one checks documents.

A child talks over one pipe and ends by itself when that pipe closes, so a server that dies leaves nobody behind. It ignores the terminal's
Ctrl-C, which is the server's to act on. Imports stay light: the optimizer is loaded only where a scenario is solved.
"""

from __future__ import annotations

import json
import logging
import math
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from api import logs
from api.exit_codes import error_document, outcome_of
from api.question import placed, read_question
from api.store import Outcome
from api.variations import WHAT as BATCH
from api.variations import scenarios_in
from models.errors import MAX_FINDINGS, Finding, Infeasible, InvalidScenario, OfftakeError
from models.options import SolveSettings
from scenarios.files import dump_scenario, parse_scenario

if TYPE_CHECKING:
    from models.plan import Plan
    from models.scenario import Scenario
    from optimizer.progress import Progress

log = logging.getLogger("offtake.child")
QUIET_SECONDS = 0.2
"""Progress without a new phase or a new best plan is told at most this often."""
INTERNAL = "An error inside Offtake. This is our fault; the server's log has the details."
STOP_REASONS = {"time_limit": "time", "interrupted": "user"}


def solve_child(channel: Connection, solve: str, log_format: str, log_level: str, niceness: int, output: Connection | None = None) -> None:
    """Load the optimizer, receive one scenario (or a question about one) and its settings, send progress, then the outcome. Every line of its log has
    the run and the attempt; what is printed goes to `output`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _speak_into(output)
    logs.set_up(log_format, log_level)
    _give_way(niceness)
    leave_with_the_server()
    _leave_no_semaphores()
    _load(solve)
    try:
        raw, settings, ask, run, attempt = channel.recv()
    except (EOFError, OSError):
        return
    logs.set_up(log_format, log_level, run=run, attempt=attempt)
    log.info("solve begins")
    stop = threading.Event()
    threading.Thread(target=_listen, args=(channel, stop), daemon=True).start()
    tell = Teller(channel).tell
    outcome = _told(lambda: _answer(raw, ask, settings, tell, stop) if ask else _solve(solve, raw, settings, tell, stop))
    channel.send(outcome)
    sys.stderr.flush()
    os._exit(0)  # native libraries may take seconds to unload, and nothing here needs saving


def _give_way(niceness: int) -> None:
    """Let the server go first: a search uses whatever processors it gets, and who asks the server how it is doing waits for one."""
    if hasattr(os, "nice"):
        os.nice(niceness)


def _speak_into(output: Connection | None) -> None:
    """From now on whatever anybody here prints, native libraries included, goes into a pipe that the server reads."""
    if output is None or os.name != "posix":
        return
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            os.dup2(output.fileno(), stream.fileno())
            stream.reconfigure(line_buffering=True)  # type: ignore[attr-defined]
    output.close()


def leave_with_the_server() -> None:
    """From now on end when the server does, also in the middle of loading the optimizer or of checking a document, when nobody reads the pipe."""
    server = multiprocessing.parent_process()
    if server is not None:
        threading.Thread(target=_outlive_nobody, args=(server,), daemon=True).start()


def _outlive_nobody(server: Any) -> None:
    server.join()
    os._exit(1)


def _leave_no_semaphores() -> None:
    """A lock made here (Pyomo makes one) is then deleted from the system at once, not when a process ends in good order, which this one doesn't."""
    if "fork" in multiprocessing.get_all_start_methods():
        multiprocessing.set_start_method("fork", force=True)


def _load(solve: str) -> None:
    """Import what a solve will need. What can't be imported will be said by the run that needs it."""
    for module in (solve.partition(":")[0], "optimizer.report"):
        try:
            import_module(module)
        except Exception:
            log.exception("a module can't be loaded")


def _listen(channel: Connection, stop: threading.Event) -> None:
    """Wait for the wish to stop; leave at once when the server is gone."""
    while True:
        try:
            channel.recv()
        except (EOFError, OSError):
            os._exit(1)
        stop.set()


class Teller:
    """Sends progress to the server, never more often than a person can read."""

    def __init__(self, channel: Connection) -> None:
        self._channel, self._lock = channel, threading.Lock()
        self._last: tuple[str, float | None] | None = None
        self._when = 0.0

    def tell(self, event: Progress) -> None:
        """Called from the solving threads."""
        with self._lock:
            now, what = time.monotonic(), (event.phase, event.incumbent)
            if what == self._last and now - self._when < QUIET_SECONDS:
                return
            if self._last is None or self._last[0] != event.phase:
                log.debug("phase", extra={"phase": event.phase})
            self._last, self._when = what, now
            figures = {name: _finite(getattr(event, name)) for name in ("incumbent", "bound", "gap")}
            self._channel.send({"phase": event.phase, "seconds": event.seconds, **figures})


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _solve(solve: str, raw: bytes, settings: SolveSettings, tell: Callable[[Progress], None], stop: threading.Event) -> Outcome:
    """The plan of a scenario."""
    module, _, name = solve.partition(":")
    scenario = parse_scenario(raw)
    try:
        plan = getattr(import_module(module), name)(scenario, settings, on_progress=tell, stop=stop)
    except Infeasible as error:
        from optimizer.conflict import told_more

        raise told_more(error, scenario, settings, stop) from None
    page = _paged({"plan": _without_rows(plan)}, "html_parts", plan, scenario)
    return Outcome(plan.status, plan.stop_reason, plan.model_dump_json().encode(), page, _headline(plan))


def _answer(raw: bytes, ask: str, settings: SolveSettings, tell: Callable[[Progress], None], stop: threading.Event) -> Outcome:
    """The answer to a question about a scenario. There is no half an answer: one that is stopped is cancelled."""
    from api.asking import answer
    from optimizer.report import told_negotiation

    scenario, question = read_question(raw, ask)
    found = answer(scenario, question, settings, on_progress=tell, stop=stop)
    said: list[str] = []
    if ask != "sheet":
        said = [sentence for part in told_negotiation(found, scenario) for sentence in part.sentences]  # type: ignore[arg-type]
    page = _paged({"plan": {"decision": said}}, "html_sheet_parts" if ask == "sheet" else "html_negotiation_parts", found, scenario)
    return Outcome("optimal", "gap", found.model_dump_json().encode(), page, {"said": said})


def _told(work: Callable[[], Outcome]) -> Outcome:
    """How it ended, whatever happened."""
    try:
        return work()
    except Exception as error:
        if not isinstance(error, OfftakeError):
            log.exception("the solve failed")
        return _failure(error)


def _failure(error: Exception) -> Outcome:
    """What the run says when there is no plan. A stranger's text stays in the server's log: it may quote the scenario."""
    kind = "memory" if isinstance(error, MemoryError) else outcome_of(error).kind
    told = error_document(error)["error"]
    problem = {key: told[key] for key in ("title", "findings", "findings_left_out", "conflicts", "infeasibility", "bound") if told.get(key) is not None}
    problem["detail"] = told["message"] if isinstance(error, OfftakeError | MemoryError) else INTERNAL
    if isinstance(error, InvalidScenario):
        problem["detail"] = str(error).splitlines()[0]  # the rest is listed as findings
    if isinstance(error, Infeasible):
        problem["detail"] = "No plan keeps all hard rules. Loosen one of those named here, or give it a `violation_price`."
    state = {"infeasible": "infeasible", "interrupted": "cancelled"}.get(kind, "failed")
    return Outcome(state, STOP_REASONS.get(kind, kind), problem=problem)  # type: ignore[arg-type]


def _headline(plan: Plan) -> dict[str, Any]:
    s = plan.summary
    figures = {name: getattr(s, name) for name in ("objective", "bound", "gap", "expected_cost", "cvar", "fill_rate", "shortage_probability")}
    return {"currency": plan.currency, **figures, "decision": list(plan.decision), "warnings": list(plan.warnings), "frontier": plan.frontier is not None}


def _without_rows(plan: Plan) -> dict[str, Any]:
    """The plan without its rows per node, which can be many megabytes and which no page shows."""
    return plan.model_copy(update={"flows": (), "costs": ()}).model_dump(mode="json")


def _paged(what: dict[str, Any], draw: str, found: object, scenario: Scenario) -> bytes:
    """What the page of the run shows, drawn by a function of `optimizer.report`. A result must not be lost to a page that can't be drawn, so that is
    logged and left out."""
    try:
        parts = getattr(import_module("optimizer.report"), draw)(found, scenario)
    except Exception:
        log.exception("the page can't be drawn")
        parts = {"verdict": "", "heading": "", "body": "", "charts": {}}
    return json.dumps({**what, **parts}, separators=(",", ":")).encode()


def check_child(channel: Connection) -> None:
    """Check one document after another: for each, send what is in it, or its findings."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    leave_with_the_server()
    while True:
        try:
            task = channel.recv()
        except (EOFError, OSError):
            return
        channel.send(_checked(*task))


def _checked(raw: bytes, ask: str, workbook: bool, wanted: str) -> dict[str, Any]:
    document = None
    try:
        if ask == BATCH:
            return {"batch": _checked_batch(raw)}
        if workbook:
            from scenarios.workbook import json_of

            raw = document = json_of(raw)
        scenario = read_question(raw, ask)[0] if ask else parse_scenario(raw)
        if wanted == "xlsx":
            from scenarios.workbook import write_workbook

            document = write_workbook(scenario)
        elif wanted == "json":
            document = dump_scenario(scenario)
    except InvalidScenario as error:
        listed = [{"path": f.path, "message": f.message} for f in error.findings[:MAX_FINDINGS]]
        return {"findings": listed, "count": len(error.findings)}
    return _summed_up(scenario, document)


def _checked_batch(raw: bytes) -> list[dict[str, Any]]:
    """What is in each scenario of a batch. Raises InvalidScenario."""
    found: list[Finding] = []
    sound = []
    for path, body in scenarios_in(raw):
        try:
            sound.append(_summed_up(parse_scenario(body), body))
        except InvalidScenario as error:
            found += [placed(finding, path) for finding in error.findings]
    if found:
        raise InvalidScenario(found, BATCH)
    return sound


def _summed_up(scenario: Scenario, document: bytes | None) -> dict[str, Any]:
    futures = getattr(scenario.uncertainty, "futures", ())
    return {
        "name": scenario.name,
        "currency": scenario.currency,
        "settings": scenario.solve,
        "document": document,
        "counts": {
            "periods": len(scenario.periods),
            "sites": len(scenario.sites),
            "products": len(scenario.products),
            "suppliers": len(scenario.suppliers),
            "offers": len(scenario.offers),
            "rules": len(scenario.rules),
            "futures": futures if isinstance(futures, int) else len(futures),  # a generator says how many, the others list them
            "nodes": len(getattr(scenario.uncertainty, "nodes", ())),
        },
    }
