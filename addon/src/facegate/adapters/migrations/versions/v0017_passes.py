"""QR passes of residents and guests, and the templates that only a resident's own share opens."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Nobody has a pass yet."""
    op.create_table(
        "passes",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("resident", sa.Text, sa.ForeignKey("residents.id"), nullable=True),
        sa.Column("guest", sa.Boolean, nullable=False),
        sa.Column("gates", sa.JSON, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=True),
        sa.Column("label", sa.LargeBinary, nullable=True),
        sa.Column("hash", sa.LargeBinary, nullable=True),
        sa.Column("valid_from", sa.Float, nullable=True),
        sa.Column("valid_until", sa.Float, nullable=True),
        sa.Column("uses", sa.Integer, nullable=True),
        sa.Column("passback", sa.Float, nullable=False),
        sa.Column("used_step", sa.Integer, nullable=True),
        sa.Column("used_at", sa.Float, nullable=True),
        sa.Column("direction", sa.Text, nullable=True),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("revoked_at", sa.Float, nullable=True),
    )
    op.create_index("ix_passes_resident", "passes", ["resident"])
    op.create_table(
        "strict_templates",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("resident", sa.Text, sa.ForeignKey("residents.id"), nullable=False),
        sa.Column("consent", sa.Text, sa.ForeignKey("consents.id"), nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("vectors", sa.Integer, nullable=False),
        sa.Column("share", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    op.create_index("ix_strict_templates_resident", "strict_templates", ["resident"])
    op.create_index("ix_strict_templates_consent", "strict_templates", ["consent"])
