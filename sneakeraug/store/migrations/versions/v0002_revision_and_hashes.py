"""Which state the products are in, and what near-identical pictures are found by."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table of the one token, and the column."""
    table = op.create_table(
        "revision",
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("token", sa.String(32), nullable=False),
    )
    op.bulk_insert(table, [{"name": "products", "token": uuid.uuid4().hex}])
    op.add_column("picture", sa.Column("difference_hash", sa.LargeBinary(32), nullable=True))


def downgrade() -> None:
    """Drop both."""
    op.drop_table("revision")
    op.drop_column("picture", "difference_hash")
