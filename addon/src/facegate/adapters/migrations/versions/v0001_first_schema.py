"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables of the first version."""
    op.create_table(
        "installation",
        sa.Column("only", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("key_check", sa.LargeBinary, nullable=False),
        sa.Column("boot", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.CheckConstraint("only = 1", name="installation_only"),
    )
    op.create_table(
        "gates",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("pulse_ms", sa.Integer, nullable=False),
    )
    op.create_table(
        "cameras",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("gate", sa.Text, sa.ForeignKey("gates.id", ondelete="CASCADE"), nullable=False),
        sa.Column("source", sa.LargeBinary, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("transport", sa.Text, nullable=False),
        sa.Column("zone", sa.JSON, nullable=False),
        sa.Column("min_face", sa.Float, nullable=False),
        sa.Column("dwell", sa.Float, nullable=False),
        sa.Column("liveness", sa.Text, nullable=False),
    )
    op.create_table(
        "node_positions",
        sa.Column("gate", sa.Text, sa.ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("boot", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
    )
    op.create_table(
        "residents",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("profile", sa.LargeBinary, nullable=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Float, nullable=True),
        sa.Column("valid_until", sa.Float, nullable=True),
        sa.Column("gates", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("erased_at", sa.Float, nullable=True),
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("resident", sa.Text, sa.ForeignKey("residents.id"), nullable=False, index=True),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("notice", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("withdrawn_at", sa.Float, nullable=True),
    )
    op.create_table(
        "templates",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("resident", sa.Text, sa.ForeignKey("residents.id"), nullable=False, index=True),
        sa.Column("consent", sa.Text, sa.ForeignKey("consents.id"), nullable=False, index=True),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    op.create_table(
        "access",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("gate", sa.Text, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("resident", sa.Text, nullable=True, index=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False, index=True),
        sa.Column("result", sa.Text, nullable=True),
        sa.Column("detail", sa.Text, nullable=True),
        sa.Column("completed_at", sa.Float, nullable=True),
        sa.Column("passage", sa.Text, nullable=True),
        sa.Column("passage_at", sa.Float, nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False, unique=True),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("last_used_at", sa.Float, nullable=True),
    )
