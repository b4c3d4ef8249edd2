"""Who is responsible, and what was assessed."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Nobody is named, and nothing was assessed."""
    op.create_table(
        "papers",
        sa.Column("only", sa.Integer, primary_key=True),
        sa.Column("responsible", sa.JSON, nullable=False),
        sa.Column("assessed_at", sa.Float, nullable=True),
        sa.Column("assessed_by", sa.Text, nullable=True),
        sa.Column("scope", sa.JSON, nullable=True),
        sa.CheckConstraint("only = 1", name="papers_only"),
    )
