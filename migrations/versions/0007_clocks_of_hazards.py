"""clocks of hazards

A hazard gets the clock that an appeal has.  Before the new code: what is added is empty or has a default, and the old
code neither reads nor writes it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hazards", sa.Column("pauses", sa.JSON(), nullable=True))
    op.add_column("hazards", sa.Column("extension", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("hazards", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for column in ("paused_at", "extension", "pauses"):
        op.drop_column("hazards", column)
