"""The span of the request that made a run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Runs made before were not traced."""
    op.add_column("runs", sa.Column("trace", sa.String(80)))
