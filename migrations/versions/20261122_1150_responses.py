"""responses

Before the new code.  What people did with notices earlier was not noted.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_1150"
down_revision = "20261122_1140"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notice_copies", sa.Column("responded_at", sa.BigInteger(), nullable=True))
    op.add_column("notice_copies", sa.Column("opted_out_at", sa.BigInteger(), nullable=True))
    op.add_column("notice_totals", sa.Column("responded", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("notice_totals", sa.Column("opted_out", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("notice_totals", "opted_out")
    op.drop_column("notice_totals", "responded")
    op.drop_column("notice_copies", "opted_out_at")
    op.drop_column("notice_copies", "responded_at")
