"""The time that what cannot be undone goes by."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Empty until the service has looked at the clock once."""
    op.create_table(
        "trusted_time",
        sa.Column("only", sa.Integer, primary_key=True),
        sa.Column("now", sa.Float, nullable=False),
        sa.Column("wall", sa.Float, nullable=False),
        sa.Column("doubted", sa.Float, nullable=True),
        sa.CheckConstraint("only = 1", name="trusted_time_only"),
    )
