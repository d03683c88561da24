"""What the project measures itself with, and the scripts that make its bundled scenarios. Run from a clone: `python -m benchmarks.reference`."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in `optimizer`, for modules that begin with NumPy
