"""Who may use the panel."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """There is no owner yet: the first one proves to be one by the code in the log."""
    op.create_table(
        "members",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("password", sa.LargeBinary, nullable=True),
        sa.Column("since", sa.Float, nullable=False),
    )
