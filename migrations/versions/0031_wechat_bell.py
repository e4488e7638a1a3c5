"""wechat bell

Whom the bell of WeChat rang for which message.  Runs before the new code: the old code writes none of the columns.
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0033"
branch_labels = None
depends_on = None

RUNG = sa.text("reminded_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("wechat_accounts", sa.Column("rung", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("wechat_accounts", sa.Column("rung_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("notice_copies", sa.Column("reminded_at", sa.BigInteger(), nullable=True))
    op.add_column("notice_totals", sa.Column("reminded", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(
        "ix_notice_copies_reminded", "notice_copies", ["notice_id"], sqlite_where=RUNG, postgresql_where=RUNG
    )


def downgrade() -> None:
    op.drop_index("ix_notice_copies_reminded", "notice_copies")
    op.drop_column("notice_totals", "reminded")
    op.drop_column("notice_copies", "reminded_at")
    op.drop_column("wechat_accounts", "rung_at")
    op.drop_column("wechat_accounts", "rung")
