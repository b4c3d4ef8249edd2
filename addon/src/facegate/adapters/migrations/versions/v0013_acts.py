"""The record of what was done with what is kept, and pseudonyms in the place of residents."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make the table; what was done before was not written down. Housekeeping gives old passages their pseudonyms."""
    op.create_table(
        "acts",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("resident", sa.Text, nullable=True),
        sa.Column("many", sa.Integer, nullable=True),
        sa.Column("details", sa.LargeBinary, nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_acts_at", "acts", ["at"])
    op.create_index("ix_acts_resident", "acts", ["resident"])
    op.add_column("access", sa.Column("pseudonym", sa.Text, nullable=True))
    op.create_index("ix_access_pseudonym", "access", ["pseudonym"])
