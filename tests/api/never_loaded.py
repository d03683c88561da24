"""An optimizer that takes for ever to load. Imported by the solving child process."""

from __future__ import annotations

import threading

threading.Event().wait()
