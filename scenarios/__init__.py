"""Reading, writing and making scenarios."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: BLAS threads wait for each other on cores that the solver needs, and round differently
