"""Settings of the HTTP service: where it listens, how much it accepts, how many solves run at once.

Every field but `solve` can be given in the environment as `OFFTAKE_<FIELD>` (`OFFTAKE_PORT=8080`), or in a file that `OFFTAKE_<FIELD>_FILE` names: an
address with a password belongs into a file, because the environment of a process is easily seen.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from api.logs import FORMATS, LEVELS

MEBIBYTE = 1024 * 1024
CLUSTER = re.compile(r"(tcp|tls|ws|wss)://[^/\s@]+:\d{1,5}/?")


class UnusableSettings(ValueError):
    """A setting that can't be used, or a combination that would be unsafe."""


@dataclass(frozen=True)
class Settings:
    """All settings of one server, with defaults for a laptop."""

    host: str = "127.0.0.1"
    port: int = 8000
    allow_public: bool = False
    """Others reach this server, for instance through a proxy on this machine: everybody needs a key, and any host name is answered. So it is anyway
    where `host` can be reached from other machines."""
    session_hours: float = 12.0
    """How long somebody who signed in on the pages stays signed in."""
    requests_per_minute: int = 3_000
    """Of one key."""
    refusals_per_minute: int = 60
    """Wrong keys and the like from one address that are answered and written down; more are turned away."""
    runs_per_owner: int = 50
    """Unfinished runs of one owner, where keys are asked for."""
    workers: int = 1
    """Solves at once; each is a process of its own."""
    queue: int = 100
    """Runs that may wait; beyond that new ones get 503."""
    threads: int = 2
    """Most threads one solve may use, whatever the scenario asks for."""
    max_body_bytes: int = 32 * MEBIBYTE
    max_workbook_bytes: int = 16 * MEBIBYTE
    """Of a scenario that is sent as an Excel workbook."""
    body_seconds: float = 60.0
    """A request's body must have arrived by then."""
    check_seconds: float = 20.0
    """Longest that checking one document may take."""
    check_memory_bytes: int = 1024 * MEBIBYTE
    solve_memory_bytes: int = 4096 * MEBIBYTE
    """A solve whose process grows beyond this is ended."""
    overrun_seconds: float = 60.0
    """How far beyond its own time limit a solve may run before its process is ended."""
    grace_seconds: float = 2.0
    """How long a cancelled solve may take to leave by itself."""
    stop_grace_seconds: float = 60.0
    """How long a stopped solve may take to hand over its best plan."""
    max_wait_seconds: float = 60.0
    """Longest wait a `Prefer: wait` header can ask for."""
    store: str = ""
    """Where runs are kept: a file, or `postgresql://USER@HOST/NAME`. Empty: a file in the user's data folder (`api.database.connection.default_file`)."""
    lease_seconds: float = 30.0
    """A run whose supervisor has not been heard of for so long is taken up again."""
    store_patience_seconds: float = 120.0
    """How long a result waits for a store that is full or locked."""
    cluster: str = ""
    """Address of a Dask scheduler, whose workers solve the runs; empty: processes of this machine do."""
    export_seconds: float = 120.0
    """Longest that building a model to hand out may take."""
    model_nonzeros: int = 5_000_000
    """Most nonzeros of a model that is handed out as a file."""
    keep_runs: int = 1_000
    """Finished runs that are remembered; the oldest are forgotten first."""
    keep_bytes: int = 4096 * MEBIBYTE
    """Scenarios and plans that are remembered, in bytes."""
    solve_niceness: int = 10
    """How far solves stand back behind the server and others when processors are short, 0 to 19."""
    log_format: str = "text"
    """Of the log on standard error: `text`, or `json` with one object per line."""
    log_level: str = "warning"
    """Least weight of what is logged: `debug`, `info` (requests and runs), `warning` or `error`."""
    tracing: bool = False
    """Send spans of requests, runs and phases to the OpenTelemetry collector that `OTEL_EXPORTER_OTLP_ENDPOINT` names."""
    solve: str = "optimizer.engine:solve"
    """The function that a solving process calls, `module:name`. Not read from the environment: it names code to run."""

    def __post_init__(self) -> None:
        sizes = ("max_body_bytes", "max_workbook_bytes", "model_nonzeros", "keep_runs", "keep_bytes")
        for name in (*sizes, "workers", "queue", "threads", "requests_per_minute", "refusals_per_minute", "runs_per_owner"):
            if getattr(self, name) < 1:
                raise UnusableSettings(f"`{name}` must be at least 1")
        if not self.lease_seconds > 0:
            raise UnusableSettings("`lease_seconds` must be above 0")
        if self.cluster and not CLUSTER.fullmatch(self.cluster):
            raise UnusableSettings(f"`cluster` must be the address of a Dask scheduler, like tcp://host:8786, not '{self.cluster}'")
        if self.cluster and not self.store.startswith("postgresql"):
            raise UnusableSettings("Runs on a cluster need a store in PostgreSQL (OFFTAKE_STORE): its workers open the store too, from where they are.")
        if not 0 <= self.solve_niceness <= 19:
            raise UnusableSettings("`solve_niceness` must lie between 0 and 19")
        for name, known in (("log_format", FORMATS), ("log_level", LEVELS)):
            if getattr(self, name) not in known:
                raise UnusableSettings(f"`{name}` must be one of {', '.join(known)}")
        if not 0 < self.session_hours <= 24 * 365:
            raise UnusableSettings("`session_hours` must be above 0, and at most a year")
        if not 0 <= self.port <= 65_535:
            raise UnusableSettings("`port` must lie between 0 and 65535")

    @property
    def sign_in(self) -> bool:
        """Whether everybody needs a key: as soon as anybody but this machine can reach the server. No setting opens it without keys."""
        return self.allow_public or not is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def settings_from(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in the environment, defaults elsewhere. Raises UnusableSettings."""
    given = os.environ if environment is None else environment
    defaults = Settings()
    found: dict[str, object] = {}
    for field in fields(Settings):
        name = f"OFFTAKE_{field.name.upper()}"
        text = "" if field.name == "solve" else _given(name, given)
        if text != "":
            found[field.name] = _converted(name, text, type(getattr(defaults, field.name)))
    return replace(defaults, **found)  # type: ignore[arg-type]


def _given(name: str, environment: Mapping[str, str]) -> str:
    """What the environment says, or the file that it names."""
    text, file = environment.get(name, ""), environment.get(f"{name}_FILE", "")
    if not file:
        return text
    if text:
        raise UnusableSettings(f"{name} and {name}_FILE are both set; leave one of them out")
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise UnusableSettings(f"{name}_FILE: '{file}' can't be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}") from None


def _converted(name: str, text: str, kind: type) -> object:
    if kind is bool:
        if text.lower() in ("1", "true", "yes", "on"):
            return True
        if text.lower() in ("0", "false", "no", "off"):
            return False
        raise UnusableSettings(f"{name} must be 1 or 0")
    try:
        return kind(text)
    except ValueError:
        raise UnusableSettings(f"{name} must be {'a whole number' if kind is int else 'a number'}") from None
