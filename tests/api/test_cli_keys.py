"""`offtake keys` and `offtake audit`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api import cli
from api.exit_codes import ExitCode
from tests.api.service import serving


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "new" / "runs.db"
    monkeypatch.setenv("OFFTAKE_STORE", str(path))
    return path


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """What a command prints on standard output; on standard error where it fails."""
    capsys.readouterr()
    assert cli.run(list(arguments)) == code
    shown = capsys.readouterr()
    return shown.out if code == 0 else shown.err


def test_a_key_is_made_listed_used_and_ended(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody could make a key, or tell keys apart, or end one."""
    secret = said(capsys, "keys", "add", "laptop of Ana", "--owner", "ana", "--scope", "admin").strip()
    assert secret.startswith("offtake_")
    listed = json.loads(said(capsys, "keys", "list", "--json"))["keys"]
    assert [(key["name"], key["owner"], key["scope"], key["used"]) for key in listed] == [("laptop of Ana", "ana", "admin", None)]
    assert "good" in said(capsys, "keys", "list")
    assert secret not in said(capsys, "keys", "list")
    with serving(store=str(store), allow_public=True) as client:
        client.headers["Authorization"] = f"Bearer {secret}"
        assert client.get("/v1/runs").status_code == 200
        assert json.loads(said(capsys, "keys", "list", "--json"))["keys"][0]["used"]
        client.solve("fine", wait=60)
        key = listed[0]["id"]
        assert "disable" in said(capsys, "keys", "delete", key, code=ExitCode.USAGE)
        said(capsys, "keys", "disable", key)
        assert "disabled" in said(capsys, "keys", "list")
    said(capsys, "keys", "delete", key)
    assert json.loads(said(capsys, "keys", "list", "--json"))["keys"] == []
    entries = json.loads(said(capsys, "audit", "--json"))["entries"]
    assert [entry["action"] for entry in entries] == ["keys delete", "keys disable", "POST /v1/runs", "keys add"]
    lines = said(capsys, "audit").splitlines()
    assert "ana" in lines[2]
    assert entries[2]["run"] in lines[2]
    assert len(said(capsys, "audit", "--limit", "1", "--before", str(entries[0]["number"])).splitlines()) == 1
    assert len(said(capsys, "audit", "--run", entries[2]["run"]).splitlines()) == 1
    assert secret not in said(capsys, "audit", "--json")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["keys", "disable", "nowhere"], "keys list"),
        (["keys", "delete", "nowhere"], "keys list"),
        (["keys", "add", " "], "NAME"),
        (["keys", "add", "x" * 81], "NAME"),
        (["keys", "add", "a\x1b[2J"], "NAME"),
        (["keys", "add", "a", "--owner", "\u202eb"], "--owner"),
        (["keys", "add", "a", "--scope", "root"], "--scope"),
        (["keys", "add", "a", "--days", "0"], "--days"),
    ],
)
@pytest.mark.usefixtures("store")
def test_what_makes_no_sense_is_refused(capsys: pytest.CaptureFixture[str], arguments: list[str], word: str) -> None:
    """A slip would make a key that nobody can tell apart, that writes to the terminal, or that never ends."""
    said(capsys, "keys", "add", "first")
    assert word in said(capsys, *arguments, code=ExitCode.USAGE)
    assert len(json.loads(said(capsys, "keys", "list", "--json"))["keys"]) == 1


@pytest.mark.parametrize("arguments", [["keys", "list"], ["keys", "disable", "x"], ["keys", "delete", "x"], ["audit"]])
def test_a_store_that_is_not_there_is_not_made(store: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """A typing error in the store's name would look like a store without keys."""
    assert "no store" in said(capsys, *arguments, code=ExitCode.USAGE)
    assert not store.exists()


@pytest.mark.usefixtures("store")
def test_serving_others_begins_with_a_key(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip of the keyboard would open the service to every machine around, or nobody would learn what is missing."""
    assert "offtake keys add" in said(capsys, "serve", "--host", "0.0.0.0", "--port", "0", code=ExitCode.USAGE)
    monkeypatch.setenv("OFFTAKE_ALLOW_PUBLIC", "1")
    assert "offtake keys add" in said(capsys, "serve", "--port", "0", code=ExitCode.USAGE)
    key = said(capsys, "keys", "add", "a", "--json")
    said(capsys, "keys", "disable", json.loads(key)["id"])
    assert "offtake keys add" in said(capsys, "serve", "--port", "0", code=ExitCode.USAGE), "a disabled key lets nobody in"
