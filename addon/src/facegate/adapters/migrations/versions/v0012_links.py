"""Residents' links: invitations and the way to their own page."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Nobody has a link yet."""
    op.create_table(
        "links",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("resident", sa.Text, sa.ForeignKey("residents.id"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=True),
        sa.Column("used_at", sa.Float, nullable=True),
        sa.Column("revoked_at", sa.Float, nullable=True),
    )
    op.create_index("ix_links_resident", "links", ["resident"])
    op.create_table(
        "link_sessions",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("link", sa.Text, sa.ForeignKey("links.id", ondelete="CASCADE"), nullable=False),
        sa.Column("seen_at", sa.Float, nullable=False),
        sa.Column("ends_at", sa.Float, nullable=False),
    )
    op.create_index("ix_link_sessions_link", "link_sessions", ["link"])
