"""The mathematics of Offtake. Read `optimizer/engine.py` first: it shows the whole journey of a scenario."""
