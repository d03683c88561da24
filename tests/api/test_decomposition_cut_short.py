"""A decomposition in a real solving process that is stopped, cancelled, killed, out of time or out of memory while it works."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from api.settings import Settings
from models.plan import Plan
from tests.api.service import Client, serving
from tests.api.test_jobs import children
from tests.optimizer.solve.fans import many

WAIT = 240.0  # seconds, on a machine that is busy with other things
FINE = {"gap": 1e-7, "baselines": False, "method": "decomposition", "detail": "summary"}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(solve=Settings.solve) as client:
        yield client


@pytest.fixture(scope="module")
def body() -> str:
    """Futures that take some seconds."""
    return json.dumps(many(1_500, seed=1) | {"solve": FINE})


@pytest.fixture(scope="module")
def long_body() -> str:
    """Futures that take many times the time limit below, on a fast machine too."""
    return json.dumps(many(6_000, seed=1) | {"solve": FINE})


def begun(client: Client, body: str, **changes: Any) -> str:
    """A run whose search has a plan and goes on."""
    run_id: str = client.post("/v1/runs", content=body, headers={"Content-Type": "application/json"}, params=changes).json()["id"]
    client.run_until(run_id, lambda run: run["progress"] and run["progress"]["phase"] == "solve" and run["progress"]["bound"] is not None, WAIT)
    return run_id


def kept(client: Client, run: dict[str, Any]) -> Plan:
    """The plan of a run that was cut short, its figures checked against each other."""
    assert run["state"] == "feasible", run["problem"]
    plan = Plan.model_validate_json(client.get(run["links"]["solution"]).content)
    assert plan.audit.passed
    assert plan.provenance.method.startswith("decomposition")
    assert plan.summary.bound <= plan.summary.objective
    assert plan.summary.gap > FINE["gap"]
    return plan


def test_stop_keeps_the_best_plan_and_its_bound(client: Client, body: str) -> None:
    """If this fails, stopping a long search throws away what it has found, or claims that it was finished."""
    run_id = begun(client, body)
    client.post(f"/v1/runs/{run_id}/stop")
    run = client.run_until(run_id, lambda run: run["finished"], WAIT)
    assert run["stop_reason"] == "user"
    kept(client, run)


def test_the_time_limit_keeps_the_best_plan_and_its_bound(client: Client, long_body: str) -> None:
    """If this fails, the time limit ends a decomposition without its plan, or with a plan that no audit has seen. (A slow machine may have none yet.)"""
    run_id: str = client.post("/v1/runs", content=long_body, headers={"Content-Type": "application/json"}, params={"time_limit_seconds": 8}).json()["id"]
    run = client.run_until(run_id, lambda run: run["finished"], WAIT)
    assert run["stop_reason"] == "time"
    if run["state"] == "feasible":
        kept(client, run)
    else:
        assert (run["state"], run["problem"]["title"]) == ("failed", "Time limit without a plan")


def test_cancel_leaves_no_plan_and_no_process(client: Client, body: str) -> None:
    """If this fails, a cancelled decomposition goes on in the background, or blocks the next run."""
    before = children()
    run_id = begun(client, body)
    busy = children() - before
    assert client.post(f"/v1/runs/{run_id}/cancel").json()["state"] == "cancelled"
    client.run_until(run_id, lambda _: not busy & children(), WAIT)
    assert client.get(f"/v1/runs/{run_id}/solution").json()["type"] == "/docs#no-plan"


def test_a_killed_process_is_replaced_once_and_then_named(client: Client, long_body: str) -> None:
    """If this fails, a decomposition whose process the system kills is lost at once, or stays running for ever."""
    run_id = begun(client, long_body)
    for attempt in (1, 2):
        running = client.run_until(run_id, lambda run, due=attempt: run["attempt"] == due and run["state"] == "running" and run["progress"], WAIT)
        assert running["attempt"] == attempt
        for child in children():
            os.kill(child, signal.SIGKILL)
    run = client.run_until(run_id, lambda run: run["finished"], WAIT)
    assert (run["state"], run["stop_reason"]) == ("failed", "worker_lost")


def test_the_memory_limit_is_named(body: str) -> None:
    """If this fails, a decomposition that outgrows its memory takes the machine's, or ends without a word why."""
    with serving(solve=Settings.solve, solve_memory_bytes=200_000_000) as client:
        run = client.post("/v1/runs", content=body, headers={"Content-Type": "application/json", "Prefer": "wait=60"}).json()
        assert (run["state"], run["stop_reason"]) == ("failed", "memory")
        assert "Use fewer futures" in run["problem"]["detail"]
