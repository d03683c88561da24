"""The log says what happened to which run, one line per event, and nothing of what the runs are about."""

from __future__ import annotations

import io
import json
import logging
import signal
from pathlib import Path
from typing import Any

import pytest

from api import logs
from tests.api import stand_ins
from tests.api.served import served
from tests.api.service import tiny

CONFIDENTIAL = "nobody else may read this"


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The log of a server that has solved, failed, lost a process, refused, and been ended."""
    folder = tmp_path_factory.mktemp("logs")
    log = folder / "log"
    with served(folder, log, store=str(folder / "runs.db"), log_format="json", log_level="debug") as (server, client):
        body = json.loads(tiny("fine")) | {"description": CONFIDENTIAL}
        client.post("/v1/runs", json=body, headers={"X-Request-ID": "from-the-proxy", "Prefer": "wait=60"})
        for name in ("broken", "crash"):
            client.solve(name, wait=60)
        client.get(f"/v1/runs/{CONFIDENTIAL}?secret={CONFIDENTIAL}")
        client.post("/v1/runs", content=json.dumps({"name": CONFIDENTIAL}), headers={"Content-Type": "application/json"})
        client.get("/healthz")
        followed = client.solve("patient").json()["id"]
        for _ in range(10):
            with client.stream("GET", f"/v1/runs/{followed}/events") as answer:
                next(answer.iter_raw())  # and leaves, in the middle of what is being told
        client.post(f"/v1/runs/{followed}/cancel")
        server.send_signal(signal.SIGTERM)
        server.wait(60)
    return [json.loads(line) for line in log.read_text().splitlines()]


def of(lines: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["event"] == event]


def test_every_line_is_an_object_with_time_level_and_event(lines: list[dict[str, Any]]) -> None:
    """A program that reads the log would stumble over it."""
    assert all(line["time"].endswith("Z") and line["level"] in logs.LEVELS and line["logger"] and line["event"] for line in lines)
    assert {name for line in lines for name in line} <= {"time", "level", "logger", "event", "errors", *logs.FIELDS}


def test_a_run_can_be_followed_from_request_to_end(lines: list[dict[str, Any]]) -> None:
    """Nobody could tell what became of a run, in which attempt, or who sent it."""
    (accepted,) = [line for line in of(lines, "run accepted") if line["request"] == "from-the-proxy"]
    own = [line for line in lines if line.get("run") == accepted["run"]]
    assert [line["event"] for line in own if line["event"] != "phase"] == ["run accepted", "run started", "solve begins", "run ended"]
    assert all(line["attempt"] == 1 for line in own)
    assert [line["phase"] for line in own if line["event"] == "phase"] == ["read", "build", "compile", "solve"]
    assert (own[-1]["state"], own[-1]["reason"]) == ("optimal", "gap")


def test_a_lost_process_is_told_of_with_its_attempt(lines: list[dict[str, Any]]) -> None:
    """A run that kills its processes could not be found in the log."""
    assert [(line["attempt"], line["state"], line["losses"]) for line in of(lines, "the process of a run is lost")] == [(1, "queued", 1), (2, "failed", 2)]


def test_a_request_is_one_line_with_route_status_and_time(lines: list[dict[str, Any]]) -> None:
    """A slow or failing route could not be found, or health checks would bury everything else."""
    asked = [(line["method"], line["route"], line["status"]) for line in of(lines, "request") if line["level"] == "info"]
    assert ("POST", "/v1/runs", 200) in asked
    assert ("GET", "/v1/runs/{run_id}", 404) in asked
    assert ("POST", "/v1/runs", 422) in asked
    assert all(line["seconds"] >= 0 and line["request"] for line in of(lines, "request"))
    assert [line["level"] for line in of(lines, "request") if line["route"] == "/healthz"] == ["debug"]


def test_who_leaves_is_no_error(lines: list[dict[str, Any]]) -> None:
    """Every page that is closed would be an alarm, and the errors that count could not be found among them."""
    assert [line["status"] for line in of(lines, "request") if line["route"] == "/v1/runs/{run_id}/events"] == [200] * 10
    assert {line["event"] for line in lines if line["level"] == "error"} == {"the solve failed"}


def test_start_and_stop_are_told(lines: list[dict[str, Any]]) -> None:
    """Nobody could tell a restart from a crash."""
    assert len(of(lines, "server started")) == len(of(lines, "server stopped")) == 1


def test_nothing_of_a_scenario_and_no_address_is_logged(lines: list[dict[str, Any]]) -> None:
    """Prices and names of suppliers would lie in a log that many people can read; so would what stands in an address."""
    text = json.dumps(lines)
    (failed,) = of(lines, "the solve failed")
    assert failed["errors"][0]["type"] == "ValueError", "of an error that may quote the scenario, its kind and its places are told"
    assert any("stand_ins.py" in place for place in failed["errors"][0]["at"])
    assert stand_ins.SECRET not in text
    assert CONFIDENTIAL not in text


def written(form: str, message: str, error: Exception | None = None, **extra: Any) -> str:
    """What the logger of a program that was set up writes of an error."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines({"run": "a1"}) if form == "json" else logs.TextLines({"run": "a1"}))
    logger = logging.Logger("offtake.test")
    logger.addHandler(handler)
    try:
        raise error or KeyError(CONFIDENTIAL)
    except Exception:
        logger.exception(message, extra=extra)
    return stream.getvalue()


def test_only_known_fields_are_written() -> None:
    """A field that someone adds in passing, a body or a key, would be in the log for ever."""
    for form in logs.FORMATS:
        text = written(form, "it failed", password="hunter2", attempt=2)
        assert "hunter2" not in text
        assert CONFIDENTIAL not in text
        assert "KeyError" in text
        assert "a1" in text


def test_an_error_is_told_with_what_led_to_it() -> None:
    """Of an error that was wrapped on its way only the wrapping would be known."""
    caused = OSError("the disk")
    caused.__cause__ = ValueError("the figure")
    line = json.loads(written("json", "it failed", ExceptionGroup("several", [caused])))
    assert [error["type"] for error in line["errors"]] == ["ExceptionGroup", "OSError", "ValueError"]


def test_a_message_is_one_line() -> None:
    """Someone could write lines of their own into the log, with whatever they like in them."""
    forged = "it failed\n2026-01-01T00:00:00.000Z INFO offtake.jobs: run ended"
    assert [line for line in written("text", forged).splitlines() if line.startswith("2026-01-01")] == []
    assert len(written("json", forged).splitlines()) == 1


def test_text_says_the_same_for_people() -> None:
    """Someone at a terminal would have to read JSON, or would not see which run it is about."""
    first = written("text", "it failed", attempt=2).splitlines()[0]
    assert first.endswith("ERROR   offtake.test: it failed run=a1 attempt=2")


def test_hostile_request_ids_are_replaced(tmp_path: Path) -> None:
    """A caller could write into the log, or a header, whatever it likes."""
    with served(tmp_path, store=str(tmp_path / "runs.db")) as (_, client):
        for given in ("x" * 65, "a b", "<script>", ""):
            answered = client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"]
            assert answered != given
            assert len(answered) == 16
        assert client.get("/healthz", headers={"X-Request-ID": "a-1.B_2"}).headers["X-Request-ID"] == "a-1.B_2"
