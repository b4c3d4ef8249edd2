"""Which persons of Home Assistant were told of before, so that a new one is offered, and only that one."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Nowhere."""
    op.create_table(
        "persons",
        sa.Column("mark", sa.Text, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("new", sa.Boolean, nullable=False),
    )
