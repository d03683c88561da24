"""From a declared model to values. Only `highs/` imports highspy; Pyomo ends in `problem.py`."""
