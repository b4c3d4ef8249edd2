"""The site's rule of recognition, and the record of its changes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table of rules."""
    op.create_table(
        "recognition_changes",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("threshold", sa.Float, nullable=False),
        sa.Column("least", sa.Float, nullable=False),
        sa.Column("residents", sa.Integer, nullable=False),
        sa.Column("strangers_per_day", sa.Float, nullable=True),
        sa.Column("false_opens_per_year", sa.Float, nullable=True),
        sa.Column("reason", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
