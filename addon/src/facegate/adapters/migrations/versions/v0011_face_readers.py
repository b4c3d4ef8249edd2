"""Gates whose face reader is on or off, trial gates, and phones that may open a gate."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Every gate has a door, and goes on recognising faces: an update locks nobody out; what is amiss is shown."""
    for name in ("trial", "faces", "phone"):
        op.add_column("gates", sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("gates", sa.Column("readers", sa.JSON, nullable=False, server_default="[]"))
    op.execute(sa.update(sa.table("gates", sa.column("faces", sa.Boolean))).values(faces=True))
