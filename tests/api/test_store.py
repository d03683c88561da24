"""What the store promises, held against every database that it can be in."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from api.database import runs as database_runs
from api.database.runs import DatabaseStore
from api.leases import Watch
from api.store import KEPT_EVENTS, MAX_LOSSES, Full, KeyReused, Outcome, TooMany
from models.options import SolveSettings
from tests.api.service import request, tiny
from tests.api.stores import opened, queued, taken

DONE = Outcome("optimal", "gap", b'{"plan": 1}', b'{"page": 1}', {"objective": float("inf")})


def test_a_run_comes_back_as_it_was_sent(address: str) -> None:
    """A server that starts again would solve something else, or show another plan."""
    asked = request("Glasfaser für Köln \U0001f9f5", key="k", fingerprint="f")
    body = bytes(range(256)) * 1000
    with opened(address) as store:
        made, new = store.create(asked, body)
        assert new
        assert store.take("w")
        assert store.finish(made.id, 1, DONE)
    with opened(address) as store:
        run = store.get(made.id)
        assert run
        assert (run.request, run.created, run.state, run.stop_reason, run.headline) == (asked, made.created, "optimal", "gap", {"objective": float("inf")})
        assert run.request.settings == SolveSettings()
        assert run.started <= run.finished
        assert [store.content(made.id, part) for part in ("body", "plan", "page")] == [body, DONE.plan, DONE.page]
        assert store.content("nowhere", "body") is None


def test_the_past_cannot_be_rewritten(store: DatabaseStore) -> None:
    """A late answer, or one of an earlier attempt, would overwrite how a run ended."""
    run = taken(store)
    store.note(run.id, 2, {"phase": "solve"})
    assert store.get(run.id).progress is None
    assert not store.finish(run.id, 2, DONE)
    assert store.renew(run.id, 2) is None
    assert store.give_back(run.id, 2) is None
    assert store.lose(run.id, 2, "gone") is None
    assert store.cancel(run.id).state == "cancelled"
    store.note(run.id, 1, {"phase": "solve"})
    assert not store.finish(run.id, 1, DONE)
    assert store.renew(run.id, 1) is None
    assert store.give_back(run.id, 1) is None
    assert store.lose(run.id, 1, "gone") is None
    assert (store.stop(run.id).state, store.get(run.id).stopping) == ("cancelled", False)
    assert store.content(run.id, "plan") is None
    assert [(event.number, event.data["state"]) for event in store.events(run.id, 0)] == [(1, "queued"), (2, "running"), (3, "cancelled")]


@pytest.mark.parametrize("state", ["optimal", "feasible", "infeasible", "failed", "cancelled"])
def test_an_end_is_the_end(store: DatabaseStore, state: str) -> None:
    """A run would end twice, with two answers."""
    run = taken(store)
    assert store.finish(run.id, 1, Outcome(state, "gap", b"first"))  # type: ignore[arg-type]
    before = store.get(run.id)
    assert not store.finish(run.id, 1, DONE)
    assert store.cancel(run.id) == store.stop(run.id) == before
    assert store.content(run.id, "plan") == b"first"
    assert store.take("w") is None


def test_the_same_key_finds_the_same_run(store: DatabaseStore) -> None:
    """A request that is sent twice would be solved twice, or a used key would hide a different request."""
    first, new = store.create(request(key="k", fingerprint="one"), b"x")
    again, newer = store.create(request(key="k", fingerprint="one"), b"x")
    assert (first.id, new, newer) == (again.id, True, False)
    with pytest.raises(KeyReused):
        store.create(request(key="k", fingerprint="two"), b"x")


def test_a_key_sent_many_times_at_once_makes_one_run(address: str) -> None:
    """A client that gets nervous would have its run solved as often as it asked."""
    with opened(address) as one, opened(address) as other, ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda store: store.create(request(key="k", fingerprint="f"), b"x"), [one, other] * 8))
    assert len({run.id for run, _ in made}) == 1
    assert sum(new for _, new in made) == 1


def test_a_batch_is_stored_whole_or_not_at_all(address: str) -> None:
    """Half of a batch would be in the queue, without a way to tell which half."""
    with opened(address, queue=3) as store:
        asked = [(replace(request(f"s{i}", key="k" if not i else None, fingerprint="f"), batch="b", tag="t"), b"x") for i in range(3)]
        made, new = store.create_all(asked)
        assert new
        assert [run.request for run in made] == [one for one, _ in asked]
        again, newer = store.create_all(asked)
        assert (again, newer) == (made, False)
        assert store.batch("b") == made
        assert store.batch("c") == []
        store.cancel(made[0].id)
        with pytest.raises(Full):
            store.create_all([(request(), b"x")] * 2)
        assert len(store.latest(10)) == 3
        assert [run.id for run in store.latest(2, made[2].number, tag="t")] == [made[1].id, made[0].id]
        assert store.latest(10, tag="other") == []


def test_an_attempt_that_is_due_is_taken_and_no_other(store: DatabaseStore) -> None:
    """A worker that was sent one run would take another, which someone else was sent as well."""
    first, second = queued(store), queued(store)
    assert store.take("w", (second.id, 2)) is None
    assert store.take("w", (second.id, 1)).id == second.id
    assert store.take("w", (second.id, 1)) is None
    assert store.take("w").id == first.id


def test_the_queue_has_an_end(address: str) -> None:
    """Runs would be accepted that nobody will ever get to; two servers together could overfill the queue."""
    with opened(address, queue=5) as one, opened(address, queue=5) as other, ThreadPoolExecutor(8) as threads:

        def made(store: DatabaseStore) -> bool:
            try:
                return store.create(request(), b"x")[1]
            except Full:
                return False

        assert sum(threads.map(made, [one, other] * 8)) == 5


def test_old_runs_make_room_and_unfinished_ones_stay(address: str) -> None:
    """The disk would fill for ever, or a run would be forgotten while it runs."""
    with opened(address, keep_runs=2) as kept:
        runs = [kept.create(request(key=str(i)), b"x")[0] for i in range(5)]
        for run in runs[:4]:
            kept.cancel(run.id)
        last = kept.create(request(), b"x")[0]
        assert [bool(kept.get(run.id)) for run in runs] == [False, False, True, True, True]
        assert kept.events(runs[0].id, 0) == []
        assert kept.content(runs[0].id, "body") is None
        newest, new = kept.create(request(key="0", fingerprint="other"), b"x")
        assert new, "a forgotten run's key is free"
        for run in (*runs, last, newest):
            kept.cancel(run.id)
    with opened(address, keep_bytes=1000) as small:
        held, _ = small.create(request(), b"x" * 600)
        with pytest.raises(Full):
            small.create(request(), b"x" * 600)
        running = small.take("w")
        assert running.id == held.id
        assert small.finish(running.id, 1, Outcome("optimal", "gap", b"y" * 300))
        assert small.create(request(), b"x" * 600), "its plan counts too, and it is forgotten"
        assert small.get(running.id) is None


def test_room_is_made_among_the_owner_s_own_runs_first(address: str) -> None:
    """Somebody who starts many small runs would have the runs of everybody else forgotten."""
    with opened(address, keep_runs=2) as kept:
        theirs = kept.create(replace(request(), owner="ben"), b"x")[0]
        mine = [kept.create(replace(request(), owner="ana"), b"x")[0] for _ in range(2)]
        for run in (theirs, *mine):
            kept.cancel(run.id)
        kept.create(replace(request(), owner="ana"), b"x")
        assert [bool(kept.get(run.id)) for run in (theirs, *mine)] == [True, False, True]


def test_the_same_key_of_two_owners_makes_two_runs(store: DatabaseStore) -> None:
    """Somebody would be given the run of another owner, who had happened to choose the same idempotency key."""
    made = [store.create(replace(request(key="k", fingerprint="f"), owner=owner), b"x") for owner in ("", "ana", "ben", "ana")]
    assert [new for _, new in made] == [True, True, True, False]
    assert len({run.id for run, _ in made}) == 3
    stored = made[1][0].request.key
    assert store.create(request(key=stored.strip(), fingerprint="f"), b"x")[1], "what is stored of a key is none itself"
    with pytest.raises(KeyReused):
        store.create(replace(request(key="k", fingerprint="other"), owner="ana"), b"x")


def test_owners_that_ask_at_once_keep_to_their_number(address: str) -> None:
    """Requests side by side would get an owner more runs than one may have."""
    with opened(address, runs_per_owner=3) as one, opened(address, runs_per_owner=3) as other, ThreadPoolExecutor(8) as threads:

        def made(store: DatabaseStore) -> bool:
            try:
                return store.create(replace(request(), owner="ana"), b"x")[1]
            except TooMany:
                return False

        assert sum(threads.map(made, [one, other] * 8)) == 3
        assert one.create(request(), b"x")[1], "without keys there is no such limit"


def test_the_list_goes_on_where_it_ended(store: DatabaseStore) -> None:
    """Paging through runs would skip some or show some twice when new ones arrive."""
    runs = [queued(store) for _ in range(5)]
    first = store.latest(2)
    queued(store)
    second = store.latest(2, before=first[-1].number)
    assert [r.id for r in first + second] == [r.id for r in reversed(runs[1:])]
    store.cancel(runs[2].id)
    assert [r.id for r in store.latest(9, state="cancelled")] == [runs[2].id]
    assert [store.ahead(runs[i]) for i in (0, 1, 3)] == [0, 1, 2]


def test_the_longest_wait_comes_first(store: DatabaseStore) -> None:
    """A run would wait behind later ones, for ever if they keep coming."""
    runs = [queued(store) for _ in range(3)]
    first = store.take("w")
    assert (first.id, first.worker, first.state) == (runs[0].id, "w", "running")
    assert store.give_back(first.id, 1)
    assert [store.take("w").id for _ in range(3)] == [run.id for run in runs]
    assert store.take("w") is None


def test_nobody_takes_what_another_has_taken(address: str) -> None:
    """Several servers over one store would solve the same run twice."""
    found: list[tuple[str, int]] = []
    with opened(address) as one, opened(address) as other:
        for _ in range(40):
            queued(one)
        begin = threading.Barrier(6)

        def take(store: DatabaseStore) -> None:
            begin.wait()
            while run := store.take(threading.current_thread().name):
                found.append((run.id, run.attempt))
                store.note(run.id, run.attempt, {"phase": "solve"})

        threads = [threading.Thread(target=take, args=(store,)) for store in (one, other) * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 40 == len(set(found))
        assert all(len(one.events(run_id, 0)) == 3 for run_id, _ in found)


def test_a_lost_process_is_replaced_once(store: DatabaseStore) -> None:
    """A run whose process dies would be thrown away at once, or kill one process after another."""
    run = taken(store)
    store.note(run.id, 1, {"phase": "solve"})
    again = store.lose(run.id, 1, "gone")
    assert (again.state, again.attempt, again.losses, again.worker, again.started, again.progress) == ("queued", 2, 1, None, None, None)
    assert not store.finish(run.id, 1, DONE), "the first attempt can't answer any more"
    assert store.take("w").attempt == 2
    ended = store.lose(run.id, 2, "gone for good")
    assert (ended.state, ended.stop_reason, ended.losses) == ("failed", "worker_lost", MAX_LOSSES)
    assert ended.problem["detail"].startswith("gone for good That was the second time")


def test_going_back_in_good_order_is_no_loss(store: DatabaseStore) -> None:
    """A run that outlives three restarts of the server would have failed."""
    run = taken(store)
    for attempt in range(1, 6):
        again = store.give_back(run.id, attempt)
        assert (again.state, again.attempt, again.losses) == ("queued", attempt + 1, 0)
        assert store.take("w").attempt == attempt + 1
    assert store.finish(run.id, 6, DONE)


def test_who_was_asked_to_stop_does_not_begin_again(store: DatabaseStore) -> None:
    """A stopped run whose process is lost would be solved from the beginning."""
    run = taken(store)
    assert store.stop(run.id).stopping
    ended = store.lose(run.id, 1, "gone")
    assert (ended.state, ended.losses) == ("failed", 1)
    assert "asked to stop" in ended.problem["detail"]
    run = taken(store)
    store.stop(run.id)
    assert store.give_back(run.id, 1).state == "cancelled"
    assert store.stop(queued(store).id).state == "cancelled"
    assert store.stop("nowhere") is None
    assert store.cancel("nowhere") is None


def test_a_renewed_lease_is_not_lost(store: DatabaseStore) -> None:
    """A server that watches would take a run away from a supervisor that has just been heard of."""
    run = taken(store)
    seen = store.running()
    assert [(x.id, x.beats) for x in seen] == [(run.id, 0)]
    assert store.renew(run.id, 1).beats == 1
    assert store.lose(run.id, 1, "gone", beats=0) is None
    assert store.lose(run.id, 1, "gone", beats=1).state == "queued"


def test_a_clock_that_jumps_changes_nothing(store: DatabaseStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a correction of the clock a run would be taken from its supervisor, be done twice, or be left behind for an hour."""
    real, ahead, ticks = database_runs.now, timedelta(0), 0.0
    monkeypatch.setattr(database_runs, "now", lambda: real() + ahead)
    watch = Watch(30.0, lambda: ticks, lambda _: False)
    first, second = taken(store), queued(store)
    assert watch.expired(store.running()) == []
    for jump in (timedelta(days=400), timedelta(days=-800), timedelta(hours=1)):
        ahead += jump
        ticks += 29.0
        assert store.renew(first.id, 1)
        assert watch.expired(store.running()) == [], "its supervisor lives"
        assert store.take("other").id == second.id, "the order is that of arrival"
        assert store.give_back(second.id, store.get(second.id).attempt)
    ticks += 29.0
    assert watch.expired(store.running()) == []
    ticks += 1.5
    assert [run.id for run in watch.expired(store.running())] == [first.id], "its supervisor has not been heard of for a whole lease"
    assert Watch(30.0, lambda: ticks, lambda worker: worker == "w").expired(store.running()), "a process that is surely gone needs no wait"


def test_events_rise_and_the_oldest_make_room(store: DatabaseStore) -> None:
    """A listener would see an event twice or never, or a long run would fill the disk with progress."""
    run = taken(store)
    for i in range(KEPT_EVENTS + 20):
        store.note(run.id, 1, {"phase": "solve", "seconds": i})
    found = store.events(run.id, 0)
    assert [event.number for event in found] == list(range(23, KEPT_EVENTS + 23))
    assert [event.number for event in store.events(run.id, KEPT_EVENTS + 20)] == [KEPT_EVENTS + 21, KEPT_EVENTS + 22]
    assert Counter(event.kind for event in found) == {"progress": KEPT_EVENTS}
    assert store.get(run.id).progress == found[-1].data


def test_lists_do_not_read_what_is_large(store: DatabaseStore) -> None:
    """The list of runs would read every scenario and every plan, gigabytes of them."""
    read: list[str] = []
    from sqlalchemy import event

    event.listen(store._database._engine, "before_cursor_execute", lambda _c, _k, statement, *_: read.append(statement))
    store.create(request(), tiny())
    read.clear()
    run = store.latest(5)[0]
    store.get(run.id)
    store.events(run.id, 0)
    assert len(read) >= 3
    assert not [statement for statement in read if "contents" in statement]
