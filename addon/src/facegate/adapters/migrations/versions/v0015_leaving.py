"""Residents who leave: certificates of erasure, and the month of everybody's last passage."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Whoever was erased before has no certificate: nobody knows any more what was destroyed."""
    op.create_table(
        "erasures",
        sa.Column("resident", sa.Text, sa.ForeignKey("residents.id"), primary_key=True),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("asked_at", sa.Float, nullable=False),
        sa.Column("at", sa.Integer, nullable=True),
        sa.Column("certificate", sa.JSON, nullable=True),
    )
    op.create_table(
        "presence",
        sa.Column("resident", sa.Text, sa.ForeignKey("residents.id"), primary_key=True),
        sa.Column("month", sa.Float, nullable=False),
    )
