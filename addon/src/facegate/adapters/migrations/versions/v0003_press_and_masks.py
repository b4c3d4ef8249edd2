"""Cameras that wait for a press, and what they do about masked faces."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Every camera goes on as it was: it waits for no press, and refuses masked faces."""
    op.add_column("cameras", sa.Column("on_press", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("cameras", sa.Column("masks", sa.Text, nullable=False, server_default="deny"))
