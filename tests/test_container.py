"""The container image's steps, run without a container engine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
STEPS = ROOT / ".ci" / "container"


def test_the_image_s_steps_install_serve_and_answer_the_health_check(tmp_path: Path) -> None:
    """If this fails, a built image would not install, not start as an ordinary user, or be reported unhealthy."""
    site = sysconfig.get_paths()["purelib"]
    environment = {
        **os.environ,
        "OFFTAKE_PIP_OPTIONS": "--no-index --no-deps --no-build-isolation",  # dependencies come from the environment of the tests: no network
        "PYTHONPATH": site,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    target = tmp_path / "venv"
    source = tmp_path / "src"
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout.decode().split("\0")
    chosen = [Path(name) for name in files if name] or [path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    for name in chosen:
        if name.parts[0] in ("models", "scenarios", "optimizer", "api", ".ci", "pyproject.toml", "README.md") and (ROOT / name).exists():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
            (source / name).chmod((ROOT / name).stat().st_mode)
    subprocess.run([source / ".ci" / "container", "install", target], env=environment, check=True, timeout=120)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment |= {"OFFTAKE_PORT": str(port), "OFFTAKE_HOST": "127.0.0.1", "OFFTAKE_STORE": str(tmp_path / "runs.db")}
    elsewhere = tmp_path / "home"
    elsewhere.mkdir()
    server = subprocess.Popen([STEPS, "serve", target], env=environment, cwd=elsewhere, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        healthy = False
        deadline = time.monotonic() + 30
        while not healthy and time.monotonic() < deadline and server.poll() is None:
            healthy = subprocess.run([STEPS, "health"], env=environment, capture_output=True, check=False, timeout=10).returncode == 0
        assert healthy
    finally:
        server.terminate()
        server.wait(timeout=20)
    assert subprocess.run([STEPS, "health"], env=environment, capture_output=True, check=False, timeout=10).returncode != 0


def test_the_image_runs_as_an_ordinary_user_and_through_these_steps() -> None:
    """If this fails, the image would run as root or do something that no test has run."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert "USER 10001" in lines
    assert any(line.startswith("HEALTHCHECK") and "/src/.ci/container" in line for line in lines)
    assert all("/src/.ci/container" in line for line in lines if line.startswith(("RUN", "CMD")))
