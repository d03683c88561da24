"""One run of HiGHS, watched from outside: it says how far it is, and stops when somebody wants it to."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import highspy

from optimizer.solve.highs.answers import OnBest

INTERRUPTED = tuple(getattr(highspy.HighsModelStatus, name) for name in ("kInterrupt", "kHighsInterrupt") if hasattr(highspy.HighsModelStatus, name))
INTERRUPT_EVERY = 0.2  # seconds between progress events
STOP_EVERY = 0.05  # seconds between looks at whether to stop


@dataclass
class Watch:
    """What one run is asked from outside: to say how far it is (`on_best`, of a search over integers), and to stop.

    A callback into Python at every iteration takes the interpreter's lock each time, and would make two solvers in two threads wait for each other. So a
    run that only has to stop is called back no sooner than somebody wants it to. Callbacks copy numbers, and keep what went wrong.
    """

    solver: Any
    scale: float
    offset: float
    on_best: OnBest | None
    stop: threading.Event | None
    stopped: bool = False
    failure: Exception | None = None
    last: float = -1.0
    ended: threading.Event = field(default_factory=threading.Event)
    guard: threading.Thread | None = None
    subscribed: bool = False

    def listen(self) -> None:
        if self.on_best is not None:
            self._subscribe()
        elif self.stop is not None:
            self.guard = threading.Thread(target=self._wait, args=(self.stop,), daemon=True)
            self.guard.start()

    def silence(self) -> None:
        self.ended.set()
        if self.guard is not None:
            self.guard.join()
        for callback in self._callbacks() if self.subscribed else ():
            callback.unsubscribe(self._look)

    def _callbacks(self) -> tuple[Any, ...]:
        return self.solver.cbMipInterrupt, self.solver.cbSimplexInterrupt, self.solver.cbIpmInterrupt

    def _subscribe(self) -> None:
        self.subscribed = True
        for callback in self._callbacks():
            callback.subscribe(self._look)

    def _wait(self, stop: threading.Event) -> None:
        while not self.ended.wait(STOP_EVERY):
            if stop.is_set():
                self._subscribe()
                break

    def _look(self, event: Any) -> None:
        try:
            if self.stop is not None and self.stop.is_set():
                self.stopped = True
                event.interrupt()
                return
            data = event.data_out
            if self.on_best is not None and data.running_time - self.last >= INTERRUPT_EVERY:
                self.last = data.running_time
                best, bound = float(data.mip_primal_bound), float(data.mip_dual_bound)
                self.on_best(*(x * self.scale + self.offset if abs(x) < 1e29 else None for x in (best, bound)))
        except Exception as failure:
            self.failure = failure
            event.interrupt()
