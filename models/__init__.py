"""The documents of Offtake: what goes in, what comes out. Pydantic only."""
