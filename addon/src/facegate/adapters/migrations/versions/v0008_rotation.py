"""Templates turned by a secret of the site, and sealed under a key of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Templates stay as they are here; the store turns and seals them anew when it opens, for that needs the keys."""
    op.add_column("installation", sa.Column("rotation", sa.Integer, nullable=False, server_default="0"))
    op.add_column("templates", sa.Column("rotation", sa.Integer, nullable=False, server_default="0"))
