"""The mathematics of Offtake. Read `optimizer/engine.py` first: it shows the whole journey of a scenario."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: BLAS threads wait for each other on cores that the solver needs, and round differently
