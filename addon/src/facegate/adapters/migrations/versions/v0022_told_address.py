"""Where Home Assistant serves the residents' pages, as it has told."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Nowhere."""
    op.create_table(
        "told_address",
        sa.Column("only", sa.Integer, primary_key=True),
        sa.Column("token", sa.Text, sa.ForeignKey("tokens.id", ondelete="CASCADE"), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.CheckConstraint("only = 1", name="told_address_only"),
    )
