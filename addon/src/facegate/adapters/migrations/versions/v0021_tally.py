"""How many have passed today and are inside: the numbers as they stand, so that a restart does not lose them."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Nowhere."""
    op.create_table(
        "tally",
        sa.Column("only", sa.Integer, primary_key=True),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("inside", sa.Integer, nullable=False),
        sa.Column("gates", sa.JSON, nullable=False),
        sa.CheckConstraint("only = 1", name="tally_only"),
    )
