"""How Alembic runs the steps: on the connection that `api.database.upgrade` gives, in its transaction."""

from __future__ import annotations

from alembic import context

from api.database.tables import metadata
from api.database.upgrade import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE)
context.run_migrations()
