"""Questions to the negotiation desk, and their answers."""

from __future__ import annotations

import json
from typing import Any, cast

from api.client.talking import Talk, given
from api.question import ANSWERS
from api.views import RunView
from models.negotiation import TermLedger
from models.questions import AskLedger, Question
from models.scenario import Scenario
from models.session_questions import SessionQuestion


class Desk(Talk):
    """What can be asked about a scenario besides its plan. A scenario is a document, a dictionary, or the name of a bundled one."""

    def ask(
        self,
        scenario: Scenario | dict[str, Any] | str,
        question: Question | SessionQuestion,
        *,
        time_limit_seconds: float | None = None,
        seed: int | None = None,
        idempotency_key: str | None = None,
        wait: float = 0.0,
    ) -> RunView:
        """Start the run of a question (`models.questions`, `models.session_questions`), and wait up to `wait` seconds for its end."""
        about = json.loads(scenario.model_dump_json()) if isinstance(scenario, Scenario) else scenario
        asked = question.model_dump(mode="json", by_alias=True, exclude={"ask"}, exclude_unset=True)
        headers = ({"Idempotency-Key": idempotency_key} if idempotency_key else {}) | ({"Prefer": f"wait={wait:.0f}"} if wait else {})
        path = f"/v1/negotiate/{question.ask.replace('session-', 'session/')}"
        options = given(time_limit_seconds=time_limit_seconds, seed=seed)
        return RunView.model_validate_json(self.asked("POST", path, params=options, json={"scenario": about, **asked}, headers=headers, patience=wait).content)

    def result(self, run_id: str) -> Any:
        """The answer of the run of a question, as its document: `TermLedger`, `WalkAway`, `Zone`, ... (`api.question.ANSWERS`)."""
        asked = RunView.model_validate_json(self.asked("GET", f"/v1/runs/{run_id}").content).ask
        answer = self.asked("GET", f"/v1/runs/{run_id}/result")
        return ANSWERS[asked or ""].model_validate_json(answer.content)

    def result_workbook(self, run_id: str) -> bytes:
        """The same as an Excel workbook."""
        return self.asked("GET", f"/v1/runs/{run_id}/result.xlsx").content

    def ledger(self, scenario: Scenario | dict[str, Any] | str, question: AskLedger | None = None, *, wait: float = 60.0) -> TermLedger:
        """What one step of every term is worth: asked, waited for and fetched. Raises Refusal (`not-finished`) when it takes longer than `wait` seconds."""
        return cast(TermLedger, self.result(self.ask(scenario, question or AskLedger(), wait=wait).id))
