"""The only door to Pyomo, which comes in without SciPy's statistics.

Once Pyomo sees SciPy loaded, it loads all of scipy.stats in case a model needs it: a second, half of what a small scenario takes as a whole. So SciPy is out
of sight while Pyomo looks around. Of Pyomo only what declares is loaded; the solvers, transformations and writers of `pyomo.environ` are not used here.
"""

from __future__ import annotations

import sys

import scipy.sparse  # noqa: F401  # before Pyomo, which would load more of it otherwise

_scipy = sys.modules.pop("scipy")
try:
    import pyomo.common.dependencies  # noqa: F401
finally:
    sys.modules["scipy"] = _scipy

import pyomo.core as pyo  # noqa: E402
from pyomo.common.gc_manager import PauseGC  # noqa: E402
from pyomo.core.base.component_namer import index_repr  # noqa: E402
from pyomo.core.expr.numeric_expr import LinearExpression, MonomialTermExpression  # noqa: E402

__all__ = ["LinearExpression", "MonomialTermExpression", "PauseGC", "index_repr", "pyo"]
