"""What gates tell of themselves and who has changed their mode."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Widen the access log, and make the table of orders."""
    with op.batch_alter_table("access", table_kwargs={"sqlite_autoincrement": True}) as access:
        access.add_column(sa.Column("past", sa.Boolean, nullable=False, server_default="0"))
        access.add_column(sa.Column("boot", sa.Integer, nullable=True))
        access.add_column(sa.Column("seq", sa.Integer, nullable=True))
        access.add_column(sa.Column("actor", sa.Text, nullable=True))
        access.add_column(sa.Column("note", sa.LargeBinary, nullable=True))
    op.create_table(
        "gate_orders",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("gate", sa.Text, nullable=False, index=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("seconds", sa.Integer, nullable=False),
        sa.Column("result", sa.Text, nullable=True),
        sa.Column("detail", sa.Text, nullable=True),
        sa.Column("completed_at", sa.Float, nullable=True),
        sqlite_autoincrement=True,
    )
