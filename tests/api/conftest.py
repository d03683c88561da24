"""What several files of tests share: a PostgreSQL server, and a store of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.database.runs import DatabaseStore
from tests.api.postgres import Postgres, postgres
from tests.api.stores import KINDS, opened


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres | None]:
    with postgres() as server:
        yield server


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new store may be made."""
    if request.param == "sqlite":
        return str(tmp_path / "runs.db")
    server = request.getfixturevalue("postgres_server")
    if server is None:
        pytest.skip("PostgreSQL (initdb, postgres) is not installed")
    return str(server.database())


@pytest.fixture
def store(address: str) -> Iterator[DatabaseStore]:
    with opened(address) as store:
        yield store
