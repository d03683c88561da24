"""A store that is full, locked, read-only, damaged or of another version: said clearly, and nothing is harmed."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert

from api import cli
from api.database import connection
from api.database.backup import check
from api.database.connection import Database, address_of, default_file
from api.database.opening import open_store, shown
from api.database.runs import DatabaseStore
from api.database.tables import contents, events, metadata
from api.database.upgrade import VERSION_TABLE, upgrade
from api.exit_codes import ExitCode
from api.jobs import LocalRunner
from api.settings import Settings, UnusableSettings
from api.store import Outcome
from models.errors import StoreUnusable
from tests.api.service import STAND_IN, request, serving, tiny, until
from tests.api.stores import opened, queued, taken


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


@contextmanager
def under(store: DatabaseStore, pragma: str) -> Iterator[None]:
    """With this pragma on every connection."""
    engine = store._database._engine

    def on(link: Any, *_: object) -> None:
        link.execute(f"PRAGMA {pragma}")

    event.listen(engine, "checkout", on)
    try:
        yield
    finally:
        event.remove(engine, "checkout", on)
        engine.dispose()


def full(store: DatabaseStore) -> Any:
    """With no room for another page in the file, which SQLite answers as it answers a full disk."""
    return under(store, "max_page_count=1")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """While another program writes."""
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
    finally:
        other.close()


def test_a_full_disk_is_said_and_harms_nothing(path: Path) -> None:
    """A run would be accepted that is nowhere, or the store would be left half written."""
    with opened(str(path)) as store:
        run = taken(store)
        with full(store):
            for write in (lambda: store.create(request(), b"x" * 100_000), lambda: store.finish(run.id, 1, Outcome("optimal", "gap", b"x" * 100_000))):
                with pytest.raises(StoreUnusable, match="no room left"):
                    write()
            assert store.get(run.id).state == "running"
        assert store.content(run.id, "plan") is None
        assert store.finish(run.id, 1, Outcome("optimal", "gap", b"x" * 100_000)), "there is room again"
    assert check(str(path)).faults == []
    assert check(str(path)).runs == {"optimal": 1}


def test_a_locked_store_is_said_and_can_be_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request would hang, or answer with an error of ours, while another program holds the database."""
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.2)
    with serving(store=str(path)) as client:
        run = client.solve("fine", wait=60).json()
        with locked(path):
            answer = client.solve("fine")
            assert (answer.status_code, answer.json()["type"]) == (503, "/docs#store-unusable")
            assert "locked" in answer.json()["detail"]
            assert int(answer.headers["Retry-After"]) > 0
            assert str(path) not in answer.text
            assert client.get(run["links"]["self"]).json()["state"] == "optimal"
            assert client.get("/healthz").status_code == 200
        assert client.solve("fine", wait=60).json()["state"] == "optimal"
        assert len(client.get("/v1/runs").json()["runs"]) == 2
        assert client.get("/readyz").status_code == 200
        monkeypatch.setattr(DatabaseStore, "ready", lambda _: (_ for _ in ()).throw(StoreUnusable("It does not answer.")))
        assert client.get("/readyz").status_code == 503, "whoever spreads requests must not send them here"


def test_a_store_that_can_only_be_read_is_said(path: Path) -> None:
    """Whoever started the server under the wrong user would not learn why nothing works."""
    with opened(str(path)) as store, under(store, "query_only=1"), pytest.raises(StoreUnusable, match="only be read"):
        queued(store)


def test_a_store_that_was_taken_away_is_said(address: str) -> None:
    """Every request would be answered with an error of ours after someone moved the file of the store, or emptied the database."""
    with opened(address) as store:
        if "://" in address:
            with store._database.writing() as link:
                metadata.drop_all(link)
        else:
            store.close()
            Path(address).unlink()
        for use in (lambda: queued(store), lambda: store.latest(1)):
            with pytest.raises(StoreUnusable, match="gone"):
                use()


def watched(store: DatabaseStore, **changes: Any) -> tuple[LocalRunner, str]:
    """A runner and a run that it has begun."""
    run = store.create(request("patient"), tiny("patient"))[0]
    runner = LocalRunner(store, replace(STAND_IN, **changes))
    runner.start()
    until(lambda: (now := store.get(run.id)) and now.progress and now.progress["incumbent"])
    return runner, run.id


@pytest.mark.parametrize("trouble", ["full", "locked"])
def test_a_result_waits_for_the_store(path: Path, trouble: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan of an hour's search would be lost to a disk that was full for a minute."""
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.1)
    with opened(str(path)) as store:
        runner, run_id = watched(store)
        try:
            store.stop(run_id)
            with full(store) if trouble == "full" else locked(path):
                failures = threading.Event()
                monkeypatch.setattr("api.jobs.log.warning", lambda text, *_, **__: "its end" in text and failures.set())
                assert failures.wait(30)
                assert store.get(run_id).state == "running"
            ended = until(lambda: (now := store.get(run_id)) and now.over and now)
            assert (ended.state, ended.attempt) == ("feasible", 1)
            assert store.content(run_id, "plan")
        finally:
            runner.close()


def test_a_result_without_room_fails_its_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that never fits would keep its run going for ever."""
    finish = DatabaseStore.finish

    def cramped(self: DatabaseStore, run_id: str, attempt: int, outcome: Outcome) -> bool:
        if outcome.plan:
            raise StoreUnusable("no room")
        return finish(self, run_id, attempt, outcome)

    monkeypatch.setattr(DatabaseStore, "finish", cramped)
    with opened(str(path)) as store:
        runner, run_id = watched(store, store_patience_seconds=0.1)
        try:
            store.stop(run_id)
            ended = until(lambda: (now := store.get(run_id)) and now.over and now)
            assert (ended.state, ended.stop_reason) == ("failed", "store")
            assert "stored" in ended.problem["detail"]
        finally:
            runner.close()


# --- versions --------------------------------------------------------------------------------------------------------------------------------------


def test_the_steps_make_the_tables_that_the_code_knows(address: str) -> None:
    """A store made by the migrations would lack a column, an index or a rule that the code counts on."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with opened(address) as store, store._database.reading() as link:
        seen = MigrationContext.configure(link, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(seen, metadata) == []


def test_a_store_of_the_first_version_keeps_its_runs(address: str) -> None:
    """Runs of before there were owners would be lost on the way, shown to the first who has a key, or deaf to their idempotency keys."""
    from alembic import command
    from alembic.config import Config

    database, config = Database(address_of(address)), Config()
    config.set_main_option("script_location", "api.database:migrations")
    with database.writing() as link:
        config.attributes["connection"] = link
        command.upgrade(config, "0001")
        link.exec_driver_sql(
            "INSERT INTO runs (id, key, fingerprint, name, currency, ask, settings, state, attempt, losses, stopping, beats, created, emitted, held) "
            "VALUES ('old', 'k', 'f', 'n', 'USD', '', '{}', 'optimal', 1, 0, FALSE, 0, '2026-01-01 00:00:00', 1, 1)"
        )
        link.execute(insert(contents).values(run="old", body=b"1"))
        link.execute(insert(events).values(run="old", number=1, kind="state", data={}))
    database.close()
    with opened(address) as store:
        assert store.content("old", "body") == b"1"
        assert [event.number for event in store.events("old", 0)] == [1]
        assert store.create(request(key="k", fingerprint="f"), b"x")[0].id == "old"
        assert store.create(replace(request(key="k", fingerprint="f"), owner="ana"), b"x")[1], "another owner's key is another key"
        assert ["old" in [run.id for run in store.latest(9, owner=owner)] for owner in (None, "", "ana")] == [True, True, False]


def test_servers_that_start_together_make_one_store(address: str) -> None:
    """The first start of two servers over one new database would fail."""
    found: list[DatabaseStore | Exception] = []

    def start() -> None:
        try:
            found.append(open_store(Settings(store=address)))
        except Exception as error:
            found.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(x) for x in found] == [DatabaseStore] * 4, found
    for store in found:
        store.close()


def test_a_newer_store_is_left_alone(address: str) -> None:
    """An old version would write into tables that it does not understand."""
    with opened(address) as store:
        queued(store)
        with store._database.writing() as link:
            link.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(StoreUnusable, match=r"newer Offtake.*9999"):
        open_store(Settings(store=address))
    database = Database(address_of(address))
    with database.reading() as link:
        assert link.exec_driver_sql("SELECT count(*) FROM runs").scalar() == 1
    database.close()


def test_a_server_that_is_older_than_its_store_is_not_ready(address: str) -> None:
    """A server that goes on while a newer one has changed the tables under it would be sent work that it can't store."""
    with opened(address) as store:
        store.ready()
        with store._database.writing() as link:
            link.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
        with pytest.raises(StoreUnusable, match=r"version 9999.*Start it again"):
            store.ready()


def test_a_store_of_before_batches_keeps_its_runs(address: str) -> None:
    """An update would lose the runs of a team, or refuse their store."""
    with opened(address) as store:
        run = queued(store)
        with store._database.writing() as link:  # what the tables were before
            for statement in ("DROP TABLE logs", "DROP INDEX runs_by_tag", "DROP INDEX runs_by_batch"):
                link.exec_driver_sql(statement)
            for column in ("tag", "batch", "trace"):
                link.exec_driver_sql(f"ALTER TABLE runs DROP COLUMN {column}")
            link.exec_driver_sql("ALTER TABLE share_links DROP COLUMN key")
            link.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '0002'")
    with opened(address) as store:
        assert store.get(run.id) == run
        assert store.take("w")
        store.write_log(run.id, 1, "hello")
        assert store.read_log(run.id, 0, 9).text == "hello"


def test_tables_of_others_are_left_alone(address: str) -> None:
    """The store would be built into the tables of another program."""
    database = Database(address_of(address))
    with database.writing() as link:
        link.exec_driver_sql("CREATE TABLE runs (x INTEGER)")
    with pytest.raises(StoreUnusable, match="not Offtake's"):
        upgrade(database)
    database.close()


# --- where it is -----------------------------------------------------------------------------------------------------------------------------------


def test_serving_without_a_store_ends_with_a_sentence(path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A server without a store would start and lose what it is given, or end with a stack trace or a password on the screen."""
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    nowhere = "postgresql://me:secret@127.0.0.1:1/runs"
    below = path / "below.db"
    for store, said in ((path, "damaged"), (below, "folder"), (nowhere, "does not answer"), ("mysql://x/y", "mysql"), ("sqlite://", "memory")):
        monkeypatch.setenv("OFFTAKE_STORE", str(store))
        assert cli.run(["serve", "--port", "0"]) == ExitCode.USAGE
        told = capsys.readouterr().err
        assert said in told
        assert "Traceback" not in told
        assert "secret" not in told
    assert path.read_bytes().startswith(b"this is no database")


def test_a_store_has_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs would be kept somewhere else than it says, or where the next start does not look."""
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert Path(shown("")) == default_file() == tmp_path / "offtake" / "runs.db"
    assert shown("sqlite:///some/runs.db") == str(Path("some/runs.db").absolute())
    assert shown("postgresql://me:secret@db/runs") == "postgresql://me:***@db/runs"
    with opened("") as store:
        assert queued(store)
    assert (tmp_path / "offtake").stat().st_mode & 0o077 == 0, "scenarios hold prices"
    with pytest.raises(UnusableSettings):
        address_of("sqlite:///:memory:")


# --- backup ----------------------------------------------------------------------------------------------------------------------------------------


def test_a_backup_is_a_store(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After a lost disk the backup would turn out to be empty, torn, or not to fit."""
    copy = tmp_path / "backup.db"
    with opened(str(path)) as store:
        run = taken(store)
        store.finish(run.id, 1, Outcome("optimal", "gap", b"plan"))
        assert cli.run(["store", "backup", str(copy), "--store", str(path)]) == ExitCode.OPTIMAL, "while it is in use"
        queued(store)
    assert sorted(x.name for x in tmp_path.iterdir()) == ["backup.db", "runs.db"]
    assert cli.run(["store", "restore", str(copy), "--store", str(path)]) == ExitCode.USAGE
    assert "--replace" in capsys.readouterr().err
    assert cli.run(["store", "restore", str(copy), "--store", str(path), "--replace"]) == ExitCode.OPTIMAL
    for place in (path, tmp_path / "new" / "runs.db"):
        assert cli.run(["store", "restore", str(copy), "--store", str(place), "--replace"]) == ExitCode.OPTIMAL
        with opened(str(place)) as store:
            assert [x.id for x in store.latest(9)] == [run.id]
            assert store.content(run.id, "plan") == b"plan"
            assert queued(store).number > run.number


def test_a_damaged_store_is_found(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A check would call a store sound that is not, or a backup would be made of a damaged one and pass for good."""
    copy = tmp_path / "backup.db"
    with opened(str(path)) as store:
        for _ in range(50):
            store.create(request(), b"x" * 5000)
    assert cli.run(["store", "check", "--store", str(path)]) == ExitCode.OPTIMAL
    assert capsys.readouterr().out.splitlines() == ["sound", "     50 queued"]
    torn = bytearray(path.read_bytes())
    torn[4096 * 8 : 4096 * 12] = b"\xff" * 4096 * 4
    path.write_bytes(torn)
    assert cli.run(["store", "check", "--store", str(path)]) == ExitCode.INTERNAL
    assert "damaged" in capsys.readouterr().out
    assert cli.run(["store", "backup", str(copy), "--store", str(path)]) == ExitCode.USAGE
    assert not copy.exists()
    assert cli.run(["store", "restore", str(path), "--store", str(tmp_path / "other.db")]) == ExitCode.USAGE
    assert not (tmp_path / "other.db").exists()


def test_a_database_server_has_its_own_backup(capsys: pytest.CaptureFixture[str]) -> None:
    """Someone with a store in PostgreSQL would believe that it had been backed up."""
    for verb in ("backup", "restore"):
        assert cli.run(["store", verb, "x.db", "--store", "postgresql://db/runs"]) == ExitCode.USAGE
        assert "pg_dump" in capsys.readouterr().err
    assert cli.run(["store", "check", "--store", "/nowhere/runs.db"]) == ExitCode.USAGE


def test_commits_are_on_the_disk(path: Path) -> None:
    """An accepted run would be gone after a power cut."""
    with opened(str(path)) as store, store._database.writing() as link:
        found = [link.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys")]
    assert found == ["wal", 2, 1]


def test_an_idle_server_does_not_hold_the_store(path: Path) -> None:
    """Looking for work would lock others out, or fail while they write."""
    with opened(str(path)) as store, locked(path):
        began = time.monotonic()
        assert store.take("w") is None
        assert time.monotonic() - began < connection.BUSY_SECONDS / 2
