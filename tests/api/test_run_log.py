"""Logs of runs: what a process has printed, and when its phases began."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from api.database.runs import DatabaseStore
from api.store import KEPT_LOG, Log
from tests.api.service import Client, serving
from tests.api.stand_ins import CHATTER, SECRET
from tests.api.stores import taken
from tests.api.test_http import problem


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(grace_seconds=0.5) as client:
        yield client


def log_of(client: Client, run: dict[str, Any], offset: int = 0) -> str:
    """The whole log of a run from `offset` on, page by page."""
    text = ""
    while True:
        page = client.get(run["links"]["log"], params={"offset": offset}).json()
        text, offset = text + page["text"], page["next"]
        if page["over"]:
            return text


def test_a_log_tells_what_the_process_printed_and_where_it_was(client: Client) -> None:
    """Whoever wonders why a run takes long, or failed, would have to ask who has the server's terminal."""
    run = client.solve("talkative", wait=60).json()
    text = log_of(client, run)
    lines = text.splitlines()
    assert {"printed", "complained", "written past Python"} <= set(lines)
    told = [line.partition("Z ")[2] for line in lines if "Z " in line]
    assert told[0] == "attempt 1 begins"
    assert [line.partition(" after")[0] for line in told[1:5]] == ["read", "build", "compile", "solve"]
    assert told[-1] == "optimal (gap)"
    assert log_of(client, run, offset=10) == text[10:]
    assert client.get(run["links"]["log"], params={"offset": 10**9}).json() == {"offset": len(text), "text": "", "next": len(text), "over": True}


def test_the_log_says_why_a_run_failed_and_the_run_does_not(client: Client, capfd: pytest.CaptureFixture[str]) -> None:
    """What went wrong by our own fault would be lost with the process, or be shown where only a sentence belongs, or quote the scenario."""
    run = client.solve("broken", wait=60).json()
    for log in (log_of(client, run), capfd.readouterr().err):
        assert "ValueError" in log
        assert "stand_ins.py" in log, "the place in the source"
        assert SECRET not in log
    assert "ValueError" not in str(run)


def test_every_attempt_is_in_the_log(client: Client) -> None:
    """The log of a run that was taken up again would hide how its first process died."""
    run = client.solve("crash", wait=60).json()
    text = log_of(client, run)
    assert text.index("attempt 1 begins") < text.index("killed by signal 9") < text.index("attempt 2 begins")


def test_a_process_without_end_of_words_fills_neither_disk_nor_memory(client: Client) -> None:
    """A solve that prints without end would fill the store, or stand still because nobody reads what it prints."""
    run = client.solve("chatterbox", wait=60).json()
    assert run["state"] == "optimal"
    first = client.get(run["links"]["log"]).json()
    assert first["offset"] > 0, "what is too far back is dropped, and the answer says so"
    text = log_of(client, run)
    assert len(text) == KEPT_LOG
    assert text.splitlines()[-2] == CHATTER
    assert text.endswith("optimal (gap)\n")


def test_odd_offsets_are_refused(client: Client) -> None:
    """A script with a mistake would read the beginning again and again."""
    run = client.solve("fine", wait=60).json()
    for bad in ("-1", "x", "1e3", str(2**60)):
        problem(client.get(run["links"]["log"], params={"offset": bad}), 422, "invalid-request")
    problem(client.get("/v1/runs/nowhere/log"), 404, "no-run")


def test_a_log_is_kept_up_to_a_size(store: DatabaseStore) -> None:
    """Offsets would shift when old pieces are dropped, or pieces would be kept for ever; a late attempt could write into the log."""
    run = taken(store)
    for i in range(10):
        store.write_log(run.id, 1, f"{i}" * (KEPT_LOG // 4))
    store.write_log(run.id, 2, "nobody's")
    end = 10 * (KEPT_LOG // 4)
    kept = store.read_log(run.id, 0, 10 * KEPT_LOG)
    assert (kept.start, set(kept.text)) == (end - KEPT_LOG, set("6789"))
    assert store.read_log(run.id, end - 5, 3) == Log(end - 5, "999")
    assert store.read_log(run.id, 3, 7) == Log(end - KEPT_LOG, "6666666")
    assert store.read_log(run.id, end, 3) == Log(end, "")
    store.write_log(run.id, 1, "ten more..")
    end += 10
    kept = store.read_log(run.id, 0, 10 * KEPT_LOG)
    assert (kept.start, len(kept.text), kept.text[-11:]) == (end - KEPT_LOG, KEPT_LOG, "9ten more.."), "a piece that is too far back in part is cut"
    assert store.read_log(run.id, 0, KEPT_LOG // 4 + 20).text == "6" * (KEPT_LOG // 4 - 10) + "7" * 30, "no answer ends with what is left of a piece"
    store.write_log(run.id, 1, "a\0b" + "c" * (2 * KEPT_LOG))
    assert store.read_log(run.id, 0, 5) == Log(end + 2 + KEPT_LOG, "ccccc")
    store.cancel(run.id)
    store.write_log(run.id, 1, "late")
    assert store.read_log(run.id, end + 2 + 2 * KEPT_LOG, 9).text == ""
