"""Whom the door knew who decided as: a column of the log of decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column; of what was decided before, nobody knows."""
    op.add_column("decision", sa.Column("account", sa.String(254), nullable=True))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("decision", "account")
