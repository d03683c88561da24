"""A real PostgreSQL server for tests, in a temporary folder and reached through a socket file, where one is installed."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tests.api.service import until

QUICK = ("-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200", "-c", "shared_buffers=16MB")


class Postgres:
    """A server under test."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._names = folder, count()

    def database(self) -> str:
        """The address of a new and empty database."""
        import psycopg

        name = f"t{next(self._names)}"
        with psycopg.connect(f"postgresql://offtake@/postgres?host={self._folder}", autocommit=True) as link:
            link.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return f"postgresql://offtake@/{name}?host={self._folder}"


def program(name: str) -> str | None:
    """Where a program of PostgreSQL is; None where it is not installed."""
    return shutil.which(name) or next((str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None)


@contextmanager
def postgres() -> Iterator[Postgres | None]:
    """A server until the block ends; None where none is installed."""
    initdb, server = program("initdb"), program("postgres")
    if not initdb or not server:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: the path of a socket may have 107 characters
    other: dict[str, object] = {}
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        nobody = pwd.getpwnam("nobody")
        other = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    data, quiet = str(folder / "data"), {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    try:
        subprocess.run([initdb, "-D", data, "-U", "offtake", "-A", "trust", "-E", "UTF8", "--no-sync"], check=True, **quiet, **other)  # type: ignore[call-overload]
        running = subprocess.Popen([server, "-D", data, "-k", str(folder), *QUICK], **quiet, **other)  # type: ignore[call-overload]
        try:
            found = Postgres(folder)
            until(lambda: running.poll() is None and _answers(folder), 60)
            yield found
        finally:
            running.send_signal(signal.SIGINT)  # ends connections too
            running.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answers(folder: Path) -> bool:
    import psycopg

    try:
        psycopg.connect(f"postgresql://offtake@/postgres?host={folder}").close()
    except psycopg.OperationalError:
        return False
    return True
