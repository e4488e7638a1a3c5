"""agreed

Before the new code.  What was agreed to earlier is known by its digest only.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0932"
down_revision = "20261122_0912"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notice_approvals", sa.Column("content", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("notice_approvals", "content")
