"""From a declared model to values. Only `highs.py` imports highspy; Pyomo ends in `problem.py`."""
