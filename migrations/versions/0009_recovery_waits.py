"""recovery waits

A link for an account that was used before may be good later only, and a second factor is cleared later only.  Runs
before the new code: the old code leaves the columns alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sign_in_links", sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("staff", sa.Column("reset_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("staff", "reset_at")
    op.drop_column("sign_in_links", "ready_at")
