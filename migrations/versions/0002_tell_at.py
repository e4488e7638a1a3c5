"""When a worker is told of a step of their case: staff sees what waits for somebody's morning.

Before the new code.  The old code leaves the column empty, which reads as "no message".
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appeal_steps", sa.Column("tell_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE appeal_steps SET tell_at = told_at WHERE told_at IS NOT NULL")


def downgrade() -> None:
    op.drop_column("appeal_steps", "tell_at")
