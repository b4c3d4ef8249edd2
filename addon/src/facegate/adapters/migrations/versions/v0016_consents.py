"""Notices with their versions, and what is sealed with a consent: the guardian of a child, who has seen the paper."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Texts that were agreed to before are not known here: whoever agreed to them is asked again."""
    op.create_table(
        "notices",
        sa.Column("purpose", sa.Text, primary_key=True),
        sa.Column("language", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("meaning", sa.Integer, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_index("ix_notices_hash", "notices", ["hash"])
    op.add_column("consents", sa.Column("details", sa.LargeBinary, nullable=True))
