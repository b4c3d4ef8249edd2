"""What nodes are made of, changes of their keys, and the sheets of their commissioning."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the three tables; of the gates that are there nothing is known."""
    op.create_table(
        "node_setups",
        sa.Column("gate", sa.Text, sa.ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("board", sa.Text, nullable=False),
        sa.Column("lock", sa.Text, nullable=False),
        sa.Column("features", sa.JSON, nullable=False),
        sa.Column("release", sa.Text, nullable=False),
    )
    op.create_table(
        "key_changes",
        sa.Column("gate", sa.Text, sa.ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("nonce", sa.LargeBinary, nullable=True),
        sa.Column("follows", sa.LargeBinary, nullable=True),
        sa.Column("begun_at", sa.Float, nullable=False),
    )
    op.create_table(
        "commissionings",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("gate", sa.Text, sa.ForeignKey("gates.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("sheet", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
