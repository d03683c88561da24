"""Settings from files, and those that can't be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from api import cli
from api.exit_codes import ExitCode
from api.settings import UnusableSettings, settings_from


def test_a_setting_can_stand_in_a_file(tmp_path: Path) -> None:
    """A password would have to stand in the environment, where everybody on the machine sees it."""
    secret = tmp_path / "store"
    secret.write_text("postgresql://offtake:secret@database/offtake\n")
    assert settings_from({"OFFTAKE_STORE_FILE": str(secret), "OFFTAKE_STORE": ""}).store == "postgresql://offtake:secret@database/offtake"
    (tmp_path / "workers").write_text("3")
    assert settings_from({"OFFTAKE_WORKERS_FILE": str(tmp_path / "workers")}).workers == 3
    (tmp_path / "solve").write_text("os:system")
    assert settings_from({"OFFTAKE_SOLVE_FILE": str(tmp_path / "solve")}).solve == "optimizer.engine:solve", "that names code to run"


def test_a_file_that_can_t_be_used_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose secret is missing would start with an empty store somewhere else."""
    (tmp_path / "torn").write_bytes(b"\xff\xfe\xff")
    (tmp_path / "store").write_text("x")
    for given in ({"STORE_FILE": "nowhere"}, {"STORE_FILE": "torn"}, {"STORE_FILE": "."}, {"STORE_FILE": "store", "STORE": "y"}):
        paths = {f"OFFTAKE_{name}": str(tmp_path / value) if name.endswith("_FILE") else value for name, value in given.items()}
        with pytest.raises(UnusableSettings, match="OFFTAKE_STORE_FILE"):
            settings_from(paths)
    monkeypatch.setenv("OFFTAKE_STORE_FILE", str(tmp_path / "nowhere"))
    monkeypatch.delenv("OFFTAKE_STORE", raising=False)
    assert cli.run(["serve", "--port", "0"]) == ExitCode.USAGE
    assert "OFFTAKE_STORE_FILE" in capsys.readouterr().err


WRONG = [("LOG_FORMAT", "xml"), ("LOG_LEVEL", "loud"), ("SOLVE_NICENESS", "20"), ("SOLVE_NICENESS", "-1"), ("TRACING", "otlp")]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_words_that_mean_nothing_are_refused(name: str, value: str) -> None:
    """A slip of the keyboard would leave an operator without a log, and tell nobody."""
    with pytest.raises(UnusableSettings):
        settings_from({f"OFFTAKE_{name}": value})
