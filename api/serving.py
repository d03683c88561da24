"""`offtake serve`: the HTTP service on a socket that is opened before anything heavy is loaded, so that a taken port is said at once."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Callable
from dataclasses import replace

from api.exit_codes import UsageProblem
from api.settings import UnusableSettings, settings_from

NO_KEYS_ASKED = "No keys are asked for: every program and every user of this machine can read, start and stop all runs, and nobody else can."
KEYS_ASKED = "Everybody needs a key: `offtake keys add NAME` makes one, `offtake audit` shows who did what."

log = logging.getLogger("offtake.server")


def serve_until_interrupted(host: str | None, port: int | None, tell: Callable[[str], None], cluster: str | None = None) -> None:
    """Serve until Ctrl-C; what is not given comes from the environment (`OFFTAKE_HOST`, `OFFTAKE_PORT`). Raises UsageProblem or StoreUnusable
    when that can't be."""
    try:
        found = settings_from()
        given = {"host": host, "port": port, "cluster": cluster}
        settings = replace(found, **{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except UnusableSettings as error:
        raise UsageProblem(str(error)) from None
    if settings.sign_in:  # before anybody can knock
        from api.entrance import refuse_to_serve_without_keys

        try:
            refuse_to_serve_without_keys(settings)
        except UnusableSettings as error:
            raise UsageProblem(str(error)) from None
    with _listening(settings.host, settings.port) as listening:
        from api import logs
        from api.app import server
        from api.database.opening import shown as place

        try:
            serving = server(settings)
        except UnusableSettings as error:
            raise UsageProblem(str(error)) from None
        logs.set_up(settings.log_format, settings.log_level)
        shown = f"[{settings.host}]" if ":" in settings.host else settings.host
        say = tell if settings.log_format == "text" else log.info  # a reader of JSON lines is sent nothing else
        say(f"Offtake listens on http://{shown}:{listening.getsockname()[1]} (Ctrl-C ends it)")
        say(f"Runs are kept in {place(settings.store)}")
        if settings.cluster:
            say(f"Runs are solved on the cluster at {settings.cluster}")
        say(KEYS_ASKED if settings.sign_in else NO_KEYS_ASKED)
        with contextlib.suppress(KeyboardInterrupt):  # the way to end it
            serving.run(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sends small answers at once (TCP_NODELAY) only where it reads "TCP"
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen()  # whoever reads the address can connect at once, and waits while the service loads
    except OSError as error:
        bound.close()
        raise UsageProblem(f"Nothing can listen on {host}, port {port}: {error.strerror or error}. Choose another with --host or --port.") from None
    return bound
