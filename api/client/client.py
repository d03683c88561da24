"""The client: one method for everything that the service does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import httpx

from api.client.desk import Desk
from api.client.talking import accepted, given, reaching
from api.client.watching import Event, events
from api.comparison import Comparison
from api.variations import Batch
from api.views import BatchView, ExampleList, ExampleView, Health, LogView, ProgressView, RunList, RunView, Validity
from models.frontier import Frontier
from models.plan import Plan
from models.questions import AskReplay
from models.scenario import Scenario
from scenarios.files import parse_scenario
from scenarios.workbook import MEDIA_TYPE as WORKBOOK

JSON = "application/json"
Detail = Literal["full", "summary"]
SchemaOf = Literal["scenario", "plan", "frontier", "negotiation", "session", "contract"]


class Client(Desk):
    """Talks to the service at an address; `key` is sent as a bearer token. Every method may raise Refusal (the service says why) and Unreachable.

    A scenario may be a document, a dictionary as `json.load` gives it, raw JSON or a raw Excel workbook (bytes). Times are in seconds.
    """

    def __init__(self, address: str = "http://127.0.0.1:8000", *, key: str | None = None, timeout: float = 60.0, transport: httpx.BaseTransport | None = None):
        super().__init__(address, key=key, timeout=timeout, transport=transport)

    # --- runs ---------------------------------------------------------------------------------------------------------------------------------------

    def submit(
        self,
        scenario: Scenario | dict[str, Any] | bytes,
        *,
        gap: float | None = None,
        time_limit_seconds: float | None = None,
        seed: int | None = None,
        baselines: bool | None = None,
        tag: str | None = None,
        idempotency_key: str | None = None,
        wait: float = 0.0,
    ) -> RunView:
        """Start a run, and wait up to `wait` seconds for its end. With an `idempotency_key`, sending the same again finds the same run."""
        content, media = _sent(scenario)
        options = given(gap=gap, time_limit_seconds=time_limit_seconds, seed=seed, baselines=baselines, tag=tag)
        headers = {"Content-Type": media, **_wishes(idempotency_key, wait)}
        return RunView.model_validate_json(self.asked("POST", "/v1/runs", params=options, content=content, headers=headers, patience=wait).content)

    def run(self, run_id: str) -> RunView:
        """A run as it stands."""
        return RunView.model_validate_json(self.asked("GET", f"/v1/runs/{run_id}").content)

    def runs(self, *, state: str | None = None, tag: str | None = None, limit: int = 100) -> Iterator[RunView]:
        """Runs, newest first, fetched `limit` at a time as they are looked at."""
        found = RunList.model_validate_json(self.asked("GET", "/v1/runs", params=given(state=state, tag=tag, limit=limit)).content)
        while True:
            yield from found.runs
            if found.next is None:
                return
            found = RunList.model_validate_json(self.asked("GET", found.next).content)

    def follow(self, run_id: str, *, after: int = 0, patience: float = 120.0) -> Iterator[Event]:
        """What happens to a run, from the event after the one numbered `after` to its end. A connection that breaks is taken up where it was; a service
        that is silent for `patience` seconds raises Unreachable."""
        return events(self, run_id, after, patience)

    def wait(self, run_id: str, *, on_progress: Callable[[ProgressView], None] | None = None, patience: float = 120.0) -> RunView:
        """The run when it is over. `on_progress` is told of phases, better plans and bounds."""
        for event in self.follow(run_id, patience=patience):
            if on_progress and event.kind == "progress":
                on_progress(ProgressView(**event.data))
        return self.run(run_id)

    def stop(self, run_id: str) -> RunView:
        """End the search and keep the best plan."""
        return RunView.model_validate_json(self.asked("POST", f"/v1/runs/{run_id}/stop").content)

    def cancel(self, run_id: str) -> RunView:
        """End the run without a plan."""
        return RunView.model_validate_json(self.asked("POST", f"/v1/runs/{run_id}/cancel").content)

    def clone(self, run_id: str, *, idempotency_key: str | None = None, wait: float = 0.0, **options: Any) -> RunView:
        """Run the same once more; `options` as for `submit`, those of the earlier run where none are given."""
        answer = self.asked("POST", f"/v1/runs/{run_id}/clone", params=given(**options), headers=_wishes(idempotency_key, wait), patience=wait)
        return RunView.model_validate_json(answer.content)

    def log(self, run_id: str, *, offset: int = 0) -> LogView:
        """What the run's process has printed, from `offset` on; its `next` is where to go on."""
        return LogView.model_validate_json(self.asked("GET", f"/v1/runs/{run_id}/log", params={"offset": offset}).content)

    def compare(self, *run_ids: str) -> Comparison:
        """Two to four runs beside each other."""
        return Comparison.model_validate_json(self.asked("GET", "/v1/compare", params={"runs": ",".join(run_ids)}).content)

    # --- results ------------------------------------------------------------------------------------------------------------------------------------

    def solution(self, run_id: str, *, detail: Detail = "full") -> Plan:
        """The plan; `summary` leaves out the rows per node."""
        return Plan.model_validate_json(self.asked("GET", f"/v1/runs/{run_id}/solution", params={"detail": detail}).content)

    def tables(self, run_id: str, table: str | None = None) -> bytes:
        """A table of the plan as CSV; without a name all of them in a ZIP."""
        return self.asked("GET", f"/v1/runs/{run_id}/solution.csv", params=given(table=table)).content

    def workbook(self, run_id: str) -> bytes:
        """The plan as an Excel workbook."""
        return self.asked("GET", f"/v1/runs/{run_id}/solution.xlsx").content

    def frontier(self, run_id: str) -> Frontier:
        """The frontiers that the scenario asked for."""
        return Frontier.model_validate_json(self.asked("GET", f"/v1/runs/{run_id}/frontier").content)

    def report(self, run_id: str) -> str:
        """The report as one HTML page: of a plan, or of the answer to a question."""
        return self.asked("GET", f"/v1/runs/{run_id}/report").text

    def scenario(self, run_id: str) -> Scenario:
        """The scenario that was sent."""
        return parse_scenario(self.asked("GET", f"/v1/runs/{run_id}/scenario").content)

    def contract(self, run_id: str) -> AskReplay:
        """What the plan signs now, to be filled with what happens, and asked about beside the same scenario."""
        found = self.asked("GET", f"/v1/runs/{run_id}/contract").json()
        return AskReplay.model_validate_json(json.dumps({key: value for key, value in found.items() if key != "scenario"}))

    def save_model(self, run_id: str, path: Path) -> None:
        """Write the model of the run's scenario, in the free MPS format, to `path`; whole or not at all."""
        part = path.with_name(f".{path.name}.part")
        patience = httpx.Timeout(self.timeout, read=600.0)  # it is built for the asking
        try:
            with reaching(self.http), self.http.stream("GET", f"/v1/runs/{run_id}/model.mps", timeout=patience) as answer:
                if not answer.is_success:
                    answer.read()
                accepted(answer)
                with part.open("wb") as file:
                    for chunk in answer.iter_bytes():
                        file.write(chunk)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    # --- batches ------------------------------------------------------------------------------------------------------------------------------------

    def submit_batch(self, batch: Batch | dict[str, Any], *, tag: str | None = None, idempotency_key: str | None = None, **options: Any) -> BatchView:
        """Start a run for every scenario of a batch, or none; `options` as for `submit`."""
        content = batch.model_dump_json(exclude_none=True) if isinstance(batch, Batch) else json.dumps(batch)
        headers = {"Content-Type": JSON, **_wishes(idempotency_key, 0.0)}
        return BatchView.model_validate_json(self.asked("POST", "/v1/batches", params=given(tag=tag, **options), content=content, headers=headers).content)

    def batch(self, batch_id: str) -> BatchView:
        """Where a batch stands."""
        return BatchView.model_validate_json(self.asked("GET", f"/v1/batches/{batch_id}").content)

    def cancel_batch(self, batch_id: str) -> BatchView:
        """End every run of the batch that has not ended."""
        return BatchView.model_validate_json(self.asked("POST", f"/v1/batches/{batch_id}/cancel").content)

    # --- documents ----------------------------------------------------------------------------------------------------------------------------------

    def validate(self, scenario: Scenario | dict[str, Any] | bytes) -> Validity:
        """What a sound scenario holds. Raises Refusal with every finding of one that is not."""
        content, media = _sent(scenario)
        return Validity.model_validate_json(self.asked("POST", "/v1/validate", content=content, headers={"Content-Type": media}).content)

    def convert(self, scenario: Scenario | dict[str, Any] | bytes, *, to: Literal["json", "xlsx"] = "json") -> bytes:
        """A scenario as JSON or as an Excel workbook."""
        content, media = _sent(scenario)
        return self.asked("POST", "/v1/convert", params={"to": to}, content=content, headers={"Content-Type": media}).content

    def template(self, example: str | None = None) -> bytes:
        """An Excel workbook to describe a scenario in, empty or filled with a bundled scenario."""
        return self.asked("GET", "/v1/template.xlsx", params=given(example=example)).content

    def examples(self) -> list[ExampleView]:
        """The bundled scenarios."""
        return ExampleList.model_validate_json(self.asked("GET", "/v1/examples").content).examples

    def example(self, name: str) -> Scenario:
        """A bundled scenario."""
        return parse_scenario(self.asked("GET", f"/v1/examples/{name}").content)

    def schema(self, document: SchemaOf = "scenario") -> dict[str, Any]:
        """The JSON Schema of a document."""
        found: dict[str, Any] = self.asked("GET", "/v1/schema" if document == "scenario" else f"/v1/schema/{document}").json()
        return found

    # --- the service itself -------------------------------------------------------------------------------------------------------------------------

    def health(self) -> Health:
        """That the process answers."""
        return Health.model_validate_json(self.asked("GET", "/healthz").content)

    def ready(self) -> Health:
        """That runs can be solved. Raises Refusal (503) while they can't."""
        return Health.model_validate_json(self.asked("GET", "/readyz").content)


def _sent(scenario: Scenario | dict[str, Any] | bytes) -> tuple[bytes, str]:
    """A scenario as it travels, and its media type."""
    if isinstance(scenario, bytes):
        return scenario, WORKBOOK if scenario[:2] == b"PK" else JSON
    return (scenario.model_dump_json() if isinstance(scenario, Scenario) else json.dumps(scenario)).encode(), JSON


def _wishes(idempotency_key: str | None, wait: float) -> dict[str, str]:
    return ({"Idempotency-Key": idempotency_key} if idempotency_key else {}) | ({"Prefer": f"wait={wait:.0f}"} if wait else {})
