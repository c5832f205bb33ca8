"""Who chose what, on which evidence: a table that only grows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

CHANGES = ("UPDATE", "DELETE")
SAID = "the log of decisions is only added to"


def upgrade() -> None:
    """Make the table, and let the database itself refuse to change what is in it."""
    op.create_table(
        "decision",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("decision_id", sa.String(32), nullable=False, unique=True),
        sa.Column("decided_utc", sa.DateTime, nullable=False),
        sa.Column("decided_by", sa.String(120), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("door", sa.String(10), nullable=False),
        sa.Column("image_sha256", sa.String(64), nullable=False, index=True),
        sa.Column("model_id", sa.String(64), nullable=False, index=True),
        sa.Column("target", sa.String(40), nullable=False),
        sa.Column("direction", sa.String(10), nullable=False),
        sa.Column("campaign_type", sa.String(40), nullable=False),
        sa.Column("industry", sa.String(40), nullable=False),
        sa.Column("sneaker_type", sa.String(40), nullable=True),
        sa.Column("gender", sa.String(40), nullable=True),
        sa.Column("guard", sa.Text, nullable=False),
        sa.Column("chosen_kind", sa.String(10), nullable=False),
        sa.Column("chosen", sa.String(200), nullable=False),
        sa.Column("p_chosen", sa.Double, nullable=False),
        sa.Column("chosen_low", sa.Double, nullable=False),
        sa.Column("chosen_high", sa.Double, nullable=False),
        sa.Column("predicted_difference", sa.Double, nullable=False),
        sa.Column("difference_low", sa.Double, nullable=False),
        sa.Column("difference_high", sa.Double, nullable=False),
        sa.Column("is_barred", sa.Boolean, nullable=False),
        sa.Column("p_original", sa.Double, nullable=False),
        sa.Column("original_low", sa.Double, nullable=False),
        sa.Column("original_high", sa.Double, nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("advised", sa.String(40), nullable=True),
        sa.Column("sentence", sa.Text, nullable=False),
        sa.Column("alternate_verdict", sa.String(20), nullable=False),
        sa.Column("advised_alternate", sa.String(200), nullable=True),
        sa.Column("alternate_sentence", sa.Text, nullable=False),
        sa.Column("export_sha256", sa.String(64), nullable=True),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        for change in CHANGES:
            op.execute(
                f"CREATE TRIGGER decision_no_{change.lower()} BEFORE {change} ON decision "
                f"BEGIN SELECT RAISE(ABORT, '{SAID}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION decision_stays() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{SAID}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER decision_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON decision "
        "FOR EACH STATEMENT EXECUTE FUNCTION decision_stays()"
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("decision")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION decision_stays()")
