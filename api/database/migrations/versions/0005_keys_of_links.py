"""The key that made a share link, with which it ends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Nobody knows which key made the links of before: those last until their own end."""
    op.add_column("share_links", sa.Column("key", sa.String(16), nullable=False, server_default=""))
