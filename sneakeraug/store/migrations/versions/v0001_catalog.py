"""Products, pictures, and what networks say of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "picture",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("file", sa.String(80), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
    )
    op.create_table(
        "product",
        sa.Column("product_id", sa.String(200), primary_key=True),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("brand", sa.String(120), nullable=False, index=True),
        sa.Column("gender", sa.String(20), nullable=False, index=True),
        sa.Column("sneaker_type", sa.String(20), nullable=False, index=True),
        sa.Column("colour", sa.String(120), nullable=False),
        sa.Column("price_cents", sa.Integer, nullable=True, index=True),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("in_stock", sa.Boolean, nullable=False),
        sa.Column(
            "picture_sha256",
            sa.String(64),
            sa.ForeignKey("picture.sha256"),
            nullable=False,
            index=True,
        ),
    )
    op.create_table(
        "encoded",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("weights_sha256", sa.String(64), primary_key=True),
        sa.Column("numbers", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    for name in ("encoded", "product", "picture"):
        op.drop_table(name)
