"""votes

Before the new code.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0912"
down_revision = "20261122_0850"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consultation_voices", sa.Column("vote", sa.String(length=8), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("consultation_voices", "vote")
