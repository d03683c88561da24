"""The compose file: what it says is safe, and its two servers work over one PostgreSQL, run here without a container engine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from scenarios import library
from tests.api.postgres import Postgres, postgres
from tests.test_container import ROOT, STEPS, asked, free_port, image, served

FILE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVERS = ("first", "second")


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    with postgres() as server:
        if server is None:
            pytest.skip("PostgreSQL (initdb, postgres) is not installed")
        yield server


def environment(name: str, folder: Path) -> dict[str, str]:
    """A server's environment: the image's, and what the compose file sets, with the secrets of a folder."""
    given: dict[str, Any] = FILE["services"][name]["environment"]
    return image() | {key: str(value).replace("/run/secrets", str(folder)) for key, value in given.items()}


def test_servers_can_write_nowhere_and_may_do_nothing_special() -> None:
    """A fault in a server would give an intruder the container, or the machine."""
    assert set(FILE["services"]) == {*SERVERS, "database"}
    for name in SERVERS:
        service = FILE["services"][name]
        assert service["read_only"] is True
        assert service["tmpfs"] == ["/tmp"]
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert not {"privileged", "user", "volumes", "network_mode"} & set(service)
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert FILE["services"]["database"]["read_only"] is True
    assert "ports" not in FILE["services"]["database"]
    assert FILE["services"]["database"]["networks"] == ["back"]
    assert FILE["networks"]["back"]["internal"] is True


def test_no_password_stands_in_it() -> None:
    """A password would be in the repository, or in the environment, which `docker inspect` shows."""
    for service in FILE["services"].values():
        assert set(service["secrets"]) <= set(FILE["secrets"])
        for name, value in service["environment"].items():
            assert "PASSWORD" not in name.upper() or name.endswith("_FILE")
            assert "://" not in str(value)
            assert not name.endswith("_FILE") or Path(value).name in service["secrets"]


def test_every_service_says_whether_it_is_healthy() -> None:
    """A server would be started before its database answers, or a hung one be left alone."""
    assert all(service["healthcheck"]["test"][0] == "CMD" for service in FILE["services"].values())
    for name in SERVERS:
        assert FILE["services"][name]["healthcheck"]["test"][1:] == ["/src/.ci/container", "health"]
        assert FILE["services"][name]["depends_on"] == {"database": {"condition": "service_healthy"}}


def test_two_servers_share_one_database(database: Postgres, tmp_path: Path) -> None:
    """The servers would not start with the settings of the compose file and its first key, or work side by side on different runs."""
    (tmp_path / "store").write_text(database.database())
    path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    made = subprocess.run(
        ["offtake", "keys", "add", "operations", "--scope", "admin"],
        env=path | environment("first", tmp_path),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    key = made.stdout.strip()
    ports = {name: free_port() for name in SERVERS}
    with ExitStack() as both:
        for name, port in ports.items():
            here = {"OFFTAKE_PORT": str(port)}
            log = both.enter_context((tmp_path / f"{name}.log").open("wb"))
            both.enter_context(served(STEPS, Path(sys.prefix), path | environment(name, tmp_path) | here, cwd=tmp_path, stderr=log))
        runs = [asked(port, "/v1/runs", library.read("quickstart"), key) for port in (*ports.values(), ports["first"])]
        assert [run["state"] for run in runs] == ["optimal"] * 3
        listed = [{run["id"] for run in asked(port, "/v1/runs", key=key)["runs"]} for port in ports.values()]
        assert listed[0] == listed[1] == {run["id"] for run in runs}
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".db"] == []
