"""The store of runs in a database: SQLite by default, PostgreSQL by address. `api.store` says what it promises."""
