"""What the project measures itself with, and the scripts that make its bundled scenarios. Run from a clone: `python -m benchmarks.reference`."""
