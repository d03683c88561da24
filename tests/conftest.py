"""What all tests share: compiled modules, so that the hundreds of processes that tests start don't each compile the project anew."""

from __future__ import annotations

import sys

sys.dont_write_bytecode = False  # an environment may forbid it, and container images usually do; a fresh checkout has no compiled modules then
