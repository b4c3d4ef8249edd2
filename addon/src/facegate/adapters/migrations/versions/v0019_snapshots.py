"""At which gates pictures of refused visitors are kept for some hours."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Nowhere."""
    op.create_table(
        "snapshot_rules",
        sa.Column("gate", sa.Text, sa.ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("hours", sa.Integer, nullable=False),
    )
