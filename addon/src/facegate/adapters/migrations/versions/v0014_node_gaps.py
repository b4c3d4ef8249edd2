"""Which events of a node are missing and may still be told again."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Of what was lost so far, nothing comes any more; what stands in the record was heard."""
    op.create_table(
        "node_gaps",
        sa.Column("gate", sa.Text, sa.ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("boot", sa.Integer, nullable=False),
        sa.Column("seqs", sa.JSON, nullable=False),
        sa.Column("since", sa.Integer, nullable=False),
    )
    op.execute(
        "INSERT INTO node_gaps (gate, boot, seqs, since) "
        "SELECT id, 0, '[]', (SELECT coalesce(max(number), 0) FROM access) FROM gates"
    )
