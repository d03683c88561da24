"""Servers that die and begin again: every run that was accepted ends, and ends once."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

from api.store import TERMINAL
from api.worker import own_name, surely_gone
from tests.api.served import served
from tests.api.stores import opened, taken


def searching(run: dict[str, Any]) -> bool:
    return bool(run["progress"] and run["progress"]["incumbent"])


def ends(address: str, run_id: str) -> list[str]:
    """Every end that a run was ever told to have."""
    with opened(address) as store:
        return [event.data["state"] for event in store.events(run_id, 0) if event.kind == "state" and event.data["state"] in TERMINAL]


def test_a_killed_server_loses_nothing(address: str, tmp_path: Path) -> None:
    """Runs that were accepted would be gone with the server, would wait for ever, or be solved twice."""
    with served(tmp_path, store=address, workers=1) as (server, client):
        running, *waiting = [client.solve(name).json()["id"] for name in ("patient", "fine", "infeasible", "fine")]
        client.run_until(running, searching)
        server.send_signal(signal.SIGKILL)
        server.wait(60)
    with served(tmp_path, store=address, workers=1) as (_, client):
        again = client.run_until(running, lambda run: run["attempt"] == 2 and searching(run), 20)  # at once: no lease of 30 s is waited for
        assert again["state"] == "running"
        client.post(f"/v1/runs/{running}/stop")
        found = [client.run_until(run_id, lambda run: run["finished"])["state"] for run_id in (running, *waiting)]
    assert found == ["feasible", "optimal", "infeasible", "optimal"]
    assert [ends(address, run_id) for run_id in (running, *waiting)] == [[state] for state in found]


def test_a_run_that_takes_two_servers_down_has_failed(tmp_path: Path) -> None:
    """A run that kills its server would do so for ever, and no other run would be reached."""
    address = str(tmp_path / "runs.db")
    run_id = ""
    for _ in range(2):
        with served(tmp_path, store=address) as (server, client):
            run_id = run_id or client.solve("patient").json()["id"]
            client.run_until(run_id, searching)
            server.send_signal(signal.SIGKILL)
            server.wait(60)
    with served(tmp_path, store=address) as (_, client):
        run = client.run_until(run_id, lambda run: run["finished"])
        assert (run["state"], run["stop_reason"], run["attempt"]) == ("failed", "worker_lost", 2)
        assert "second time" in run["problem"]["detail"]
        assert client.solve("fine", wait=60).json()["state"] == "optimal"


def test_a_server_that_is_ended_puts_its_run_back(tmp_path: Path) -> None:
    """A restart for an update would throw away what was being solved."""
    address = str(tmp_path / "runs.db")
    with served(tmp_path, store=address) as (server, client):
        run_id = client.solve("patient").json()["id"]
        client.run_until(run_id, searching)
        server.send_signal(signal.SIGTERM)
        server.wait(60)
    with opened(address) as store:
        run = store.get(run_id)
        assert (run.state, run.attempt, run.losses) == ("queued", 2, 0)


def test_several_servers_share_the_work(address: str, tmp_path: Path) -> None:
    """A second server would stand idle, solve what the first one solves, or leave the runs of a dead one alone."""
    with served(tmp_path, store=address, workers=1) as (one, first), served(tmp_path, store=address, workers=1) as (_, second):
        held = [first.solve("patient").json()["id"] for _ in range(2)]
        for run_id in held:
            first.run_until(run_id, searching)  # one each
        quick = [first.solve("fine").json()["id"] for _ in range(3)]
        one.send_signal(signal.SIGKILL)
        one.wait(60)
        alive = _supervised_by_the_living(address, held)
        second.post(f"/v1/runs/{alive}/stop")
        other = next(run_id for run_id in held if run_id != alive)
        second.run_until(other, lambda run: run["attempt"] == 2 and searching(run))
        second.post(f"/v1/runs/{other}/stop")
        for run_id in (*held, *quick):
            second.run_until(run_id, lambda run: run["finished"])
    assert [ends(address, run_id) for run_id in (*held, *quick)] == [["feasible"]] * 2 + [["optimal"]] * 3


def _supervised_by_the_living(address: str, held: list[str]) -> str:
    with opened(address) as store:
        return next(run_id for run_id in held if (run := store.get(run_id)) and run.attempt == 1 and run.worker and not surely_gone(run.worker))


def test_an_event_stream_goes_on_after_a_restart(tmp_path: Path) -> None:
    """A page that follows a run would see it begin anew with other numbers, or miss what happened in between."""
    address = str(tmp_path / "runs.db")
    with served(tmp_path, store=address) as (server, client):
        run_id = client.solve("patient").json()["id"]
        client.run_until(run_id, searching)
        server.send_signal(signal.SIGKILL)
        server.wait(60)
    with opened(address) as store:
        last = store.events(run_id, 0)[-1].number
    with served(tmp_path, store=address) as (_, client):
        client.run_until(run_id, lambda run: run["attempt"] == 2 and searching(run))
        client.post(f"/v1/runs/{run_id}/cancel")
        heard = client.get(f"/v1/runs/{run_id}/events", headers={"Last-Event-ID": str(last)}).text
    numbers = [int(line[4:]) for line in heard.splitlines() if line.startswith("id: ")]
    assert numbers == list(range(last + 1, last + 1 + len(numbers)))
    assert heard.count('"queued"') == 1
    assert "cancelled" in heard


def test_only_what_is_certain_is_called_gone() -> None:
    """A run would be taken from a server of another machine, or of another container, because its process number is free here."""
    own = own_name()
    assert not any(surely_gone(name) for name in ("", "x", "elsewhere/1/2", own))
    assert surely_gone(f"{own.rpartition('/')[0]}/1") == bool(own.split("/")[0]), "another process has the number by now"


def test_a_keeper_minds_the_leases_of_others(address: str, tmp_path: Path) -> None:
    """Runs of a server on another machine, of which nothing can be seen from here, would stay with it after its death."""
    with opened(address) as store:
        run = taken(store, "fine", worker="elsewhere/1/2")
    with served(tmp_path, store=address, lease_seconds=1.0) as (_, client):
        assert client.run_until(run.id, lambda now: now["finished"])["attempt"] == 2
