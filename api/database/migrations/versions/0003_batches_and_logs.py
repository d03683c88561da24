"""Tags and batches of runs, and what the processes of runs said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Runs of before have no tag, no batch and no log."""
    op.add_column("runs", sa.Column("tag", sa.String(80)))
    op.add_column("runs", sa.Column("batch", sa.String(32)))
    op.create_index("runs_by_tag", "runs", ["tag", "number"])
    op.create_index("runs_by_batch", "runs", ["batch", "number"])
    op.create_table(
        "logs",
        sa.Column("run", sa.String(32), sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("start", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
    )
