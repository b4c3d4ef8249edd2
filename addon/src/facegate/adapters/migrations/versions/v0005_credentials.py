"""Cards and PINs, and the lists of the gates."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "credentials",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("resident", sa.Text, sa.ForeignKey("residents.id"), nullable=False, index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("learned_at", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("valid_from", sa.Float, nullable=True),
        sa.Column("valid_until", sa.Float, nullable=True),
        sa.Column("windows", sa.JSON, nullable=False),
    )
    op.create_table(
        "gate_lists",
        sa.Column("gate", sa.Text, sa.ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("expires", sa.Integer, nullable=False),
        sa.Column("stored", sa.Boolean, nullable=False),
    )
