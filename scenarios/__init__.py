"""Reading, writing and making scenarios."""
