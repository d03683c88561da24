"""Steps from every earlier form of the tables to the present one, with runs in them, in every database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Connection, MetaData, Table, inspect, select

from api.database.connection import Database, address_of
from api.database.upgrade import VERSION_TABLE, revision_of, upgrade
from models.options import SolveSettings
from tests.api.stores import opened

CONFIG = Config()
CONFIG.set_main_option("script_location", "api.database:migrations")
SCRIPT = ScriptDirectory.from_config(CONFIG)
REVISIONS = [step.revision for step in SCRIPT.walk_revisions()][::-1]
NOW = datetime(2026, 1, 2, 3, 4, 5)
RUN = {
    "id": "0123456789abcdef", "key": "k", "fingerprint": "f", "name": "Köln", "currency": "EUR", "ask": "", "settings": SolveSettings().model_dump_json(),
    "state": "optimal", "attempt": 2, "losses": 1, "stopping": False, "worker": None, "beats": 3, "created": NOW, "started": NOW, "finished": NOW,
    "progress": '{"phase":"solve"}', "stop_reason": "gap", "headline": '{"objective":1.5}', "problem": None, "emitted": 1, "held": 6,
}  # fmt: skip
QUEUED = RUN | {"id": "fedcba9876543210", "key": None, "state": "queued", "attempt": 1, "losses": 0, "stop_reason": None, "finished": None, "headline": None}
"""Two runs as the first version stored them."""


@contextmanager
def database(address: str) -> Iterator[Database]:
    found = Database(address_of(address))
    try:
        yield found
    finally:
        found.close()


def up_to(link: Connection, revision: str) -> None:
    CONFIG.attributes["connection"] = link
    command.upgrade(CONFIG, revision)


def rows(link: Connection) -> dict[str, list[dict[str, Any]]]:
    """Everything in the tables, as it is in the database."""
    found = MetaData()
    found.reflect(link)
    tables = {name: table for name, table in found.tables.items() if name != VERSION_TABLE}
    return {name: [dict(row._mapping) for row in link.execute(select(table))] for name, table in tables.items()}


def fill(link: Connection) -> None:
    """A row in every table and a value in every column, made up by its type, beside two whole runs."""
    found = MetaData()
    found.reflect(link)
    for table in found.sorted_tables:
        if table.name == VERSION_TABLE:
            continue
        known = {"runs": [RUN, QUEUED], "contents": [{"run": RUN["id"], "body": b"body", "plan": b"plan", "page": b"{}"}]}.get(table.name, [{}])
        for row in known:
            link.execute(table.insert().values(made_up(table) | row))


def made_up(table: Table) -> dict[str, Any]:
    """A value for every column that does not count by itself."""
    values: dict[str, Any] = {}
    for column in table.columns:
        if column.primary_key and column.autoincrement is True:
            continue
        kind = column.type.python_type if not isinstance(column.type, JSON) else dict
        references = {key.column.table.name for key in column.foreign_keys}
        if "runs" in references:
            values[column.name] = RUN["id"]
        else:
            values[column.name] = {str: "x", bytes: b"x", int: 7, bool: False, float: 1.5, datetime: NOW, dict: {}}[kind]
        if column.name == "number" and table.name == "runs":
            del values["number"]
    return values


@pytest.mark.parametrize("revision", REVISIONS)
def test_what_was_stored_survives_every_later_step(address: str, revision: str) -> None:
    """An update would lose runs, or not start, for those who have a store already."""
    with database(address) as found:
        with found.writing() as link:
            up_to(link, revision)
            fill(link)
            before = rows(link)
        upgrade(found)
        with found.reading() as link:
            after = rows(link)
            assert revision_of(link) == SCRIPT.get_current_head()
    for name, kept in before.items():
        assert [{column: row[column] for column in old} for old, row in zip(kept, after[name], strict=True)] == kept, name


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_earlier_store_becomes_that_of_today(address: str, revision: str) -> None:
    """A store that has grown over the versions would have other columns, indexes or rules than a new one."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from api.database.tables import metadata

    with database(address) as found:
        with found.writing() as link:
            up_to(link, revision)
        upgrade(found)
        with found.reading() as link:
            seen = MigrationContext.configure(link, opts={"version_table": VERSION_TABLE, "compare_type": True})
            assert compare_metadata(seen, metadata) == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_runs_of_an_earlier_version_go_on(address: str, revision: str) -> None:
    """After an update old plans could not be read, or what had waited would wait for ever."""
    with database(address) as found, found.writing() as link:
        up_to(link, revision)
        fill(link)
    with opened(address) as store:
        run = store.get(RUN["id"])
        assert (run.request.name, run.state, run.attempt, run.headline) == ("Köln", "optimal", 2, {"objective": 1.5})
        assert run.created == NOW.replace(tzinfo=UTC)
        assert store.content(run.id, "plan") == b"plan"
        assert store.take("w").id == QUEUED["id"]


def test_a_step_that_fails_changes_nothing(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up during an update would leave a store that neither version can use."""
    last = SCRIPT.get_revision("head").module
    steps = last.upgrade

    def half() -> None:
        steps()
        raise OSError("it breaks")

    with database(address) as found:
        with found.writing() as link:
            up_to(link, REVISIONS[0])
            fill(link)
            before = rows(link)
        monkeypatch.setattr(ScriptDirectory, "from_config", lambda _: SCRIPT)
        monkeypatch.setattr(last, "upgrade", half)
        with pytest.raises(OSError, match="it breaks"):
            upgrade(found)
        with found.reading() as link:
            assert revision_of(link) == REVISIONS[0]
            assert rows(link) == before
            assert set(inspect(link).get_table_names()) == {*before, VERSION_TABLE}


def test_steps_go_one_way_and_in_one_line() -> None:
    """Two steps would begin at the same form, or one would lead back that nobody has ever tried; the way back is a backup."""
    assert len(SCRIPT.get_heads()) == len(SCRIPT.get_bases()) == 1
    assert not [step.revision for step in SCRIPT.walk_revisions() if hasattr(step.module, "downgrade")]
