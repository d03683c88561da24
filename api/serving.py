"""`offtake serve`: the HTTP service on a socket that is opened before anything is loaded, so that a taken port is said at once."""

from __future__ import annotations

import socket
from collections.abc import Callable

from api.exit_codes import UsageProblem

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve_until_interrupted(host: str, port: int, tell: Callable[[str], None]) -> None:
    """Serve `api.app:app` until Ctrl-C. Raises UsageProblem when nothing can listen there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except OSError as error:
            raise UsageProblem(f"Nothing can listen on {host}, port {port}: {error.strerror or error}. Choose another with --host or --port.") from None
        import uvicorn

        shown = f"[{host}]" if ":" in host else host
        tell(f"Offtake listens on http://{shown}:{listening.getsockname()[1]} (Ctrl-C ends it)")
        if host not in LOOPBACK:
            tell("There is no log-in: whoever can reach this address can use it.")
        uvicorn.Server(uvicorn.Config("api.app:app", log_level="warning")).run(sockets=[listening])
