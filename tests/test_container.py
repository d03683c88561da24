"""The container image's steps, run without a container engine."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from scenarios import library

ROOT = Path(__file__).parents[1]
STEPS = ROOT / ".ci" / "container"
ENTERED = ("models", "scenarios", "optimizer", "api", ".ci", "pyproject.toml", "requirements.txt", "README.md")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(steps: Path, target: Path, environment: dict[str, str], before: Sequence[str] = (), **how: Any) -> Iterator[subprocess.Popen[bytes]]:
    """The image's server, once its own health check succeeds, until the block ends."""
    server = subprocess.Popen([*before, steps, "serve", target], env=environment, stdout=subprocess.DEVNULL, **how)
    try:
        deadline = time.monotonic() + 60
        while not healthy(steps, environment):
            assert server.poll() is None, "it ended"
            assert time.monotonic() < deadline, "it is not healthy in time"
        yield server
    finally:
        server.terminate()
        server.wait(timeout=20)


def healthy(steps: Path, environment: dict[str, str]) -> bool:
    return subprocess.run([steps, "health"], env=environment, capture_output=True, check=False, timeout=10).returncode == 0


def asked(port: int, path: str, body: bytes | None = None, key: str = "") -> Any:
    headers = ({"Content-Type": "application/json", "Prefer": "wait=60"} if body else {}) | ({"Authorization": f"Bearer {key}"} if key else {})
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers), timeout=90) as answer:
        return json.load(answer)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can enter, as those of the image are."""
    folder = Path(tempfile.mkdtemp(prefix="offtake-image-"))
    folder.chmod(0o755)
    yield folder
    subprocess.run(["chmod", "-R", "u+w", folder], check=True)
    shutil.rmtree(folder)


def ordinarily(environment: dict[str, str]) -> tuple[list[str], dict[str, Any]]:
    """How to run a program with no more rights than a user has: as ourselves; where that is root, as nobody; and where nobody can't enter this checkout,
    as a root who may not override what a file's mode forbids."""
    if os.getuid() != 0:
        return [], {}
    found = pwd.getpwnam("nobody")
    as_nobody: dict[str, Any] = {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    with suppress(PermissionError):
        command = [sys.executable, "-c", "import fastapi"]
        if subprocess.run(command, env=environment, cwd="/", capture_output=True, check=False, **as_nobody).returncode == 0:
            return [], as_nobody
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all"], {}


def written_below(*folders: Path) -> dict[Path, float]:
    """Every file and folder, and when it was changed."""
    return {path: path.lstat().st_mtime for folder in folders for path in (folder, *folder.rglob("*"))}


def test_the_image_installs_and_runs_as_an_ordinary_user_who_may_write_nothing(place: Path) -> None:
    """A built image would not install, not start as an ordinary user or with a read-only file system, not solve, or be reported unhealthy."""
    environment = {
        "OFFTAKE_REQUIREMENTS": os.devnull,  # what is pinned comes from the environment of the tests: no network
        "PYTHONPATH": sysconfig.get_paths()["purelib"],
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    source, target, runs, temporary = (place / name for name in ("src", "venv", "runs", "tmp"))
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout.decode().split("\0")
    chosen = [Path(name) for name in files if name] or [path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    for name in chosen:
        if name.parts[0] in ENTERED and (ROOT / name).exists():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    steps = source / ".ci" / "container"
    subprocess.run([steps, "install", target], env=environment, check=True, timeout=120)
    assert json.loads((target / "offtake.cdx.json").read_text())["bomFormat"] == "CycloneDX"
    before, how = ordinarily(environment)
    for folder in (runs, temporary):
        folder.mkdir()
        os.chown(folder, how.get("user", -1), how.get("group", -1))
    subprocess.run(["chmod", "-R", "a-w", source, target], check=True)
    found = written_below(source, target)
    port = free_port()
    own = {"OFFTAKE_PORT": str(port), "OFFTAKE_STORE": str(runs / "runs.db"), "TMPDIR": str(temporary), "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"}
    log = place / "log"
    with log.open("wb") as stderr, served(steps, target, environment | own | logged(), before, cwd="/", stderr=stderr, **how):
        assert asked(port, "/v1/runs", library.read("quickstart"))["state"] == "optimal"
    assert not healthy(steps, environment | own)
    assert written_below(source, target) == found
    assert [path.name for path in runs.iterdir()] == ["runs.db"]
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert "run ended" in events
    assert events[-1] == "server stopped"


def logged() -> dict[str, str]:
    """How the image's log is written."""
    return {name: value for name, value in image().items() if name.startswith("OFFTAKE_LOG")}


def image() -> dict[str, str]:
    """The environment that the image sets."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return dict(pair.split("=", 1) for line in text.splitlines() if line.startswith("ENV ") for pair in line.split()[1:])


def test_the_image_runs_as_an_ordinary_user_and_through_these_steps() -> None:
    """The image would run as root, do something that no test has run, or write its log for people."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert "USER 10001" in lines
    assert any(line.startswith("HEALTHCHECK") and "/src/.ci/container" in line for line in lines)
    assert all("/src/.ci/container" in line for line in lines if line.startswith(("RUN", "CMD")))
    assert logged() == {"OFFTAKE_LOG_FORMAT": "json", "OFFTAKE_LOG_LEVEL": "info"}


def test_secrets_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    """Every installation would have the same password, other users could read it, or a second call would lock the servers out of their database."""
    for name in "ab":
        subprocess.run([STEPS, "secrets", tmp_path / name], check=True)
    passwords = [(tmp_path / name / "database-password").read_text() for name in "ab"]
    assert passwords[0] != passwords[1]
    assert all(len(password) == 64 for password in passwords)
    assert (tmp_path / "a" / "store").read_text() == f"postgresql://offtake:{passwords[0]}@database/offtake"
    assert (tmp_path / "a").stat().st_mode & 0o077 == 0
    assert subprocess.run([STEPS, "secrets", tmp_path / "a"], capture_output=True, check=False).returncode != 0
    assert (tmp_path / "a" / "database-password").read_text() == passwords[0]
