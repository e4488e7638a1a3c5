"""wechat consent

Who allowed the account to ring them for notices, and what became of their last ring.  Runs before the new code: the old
code writes none of the columns.
"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("wechat_accounts", sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("wechat_accounts", sa.Column("outcome", sa.String(10), nullable=False, server_default=""))
    op.add_column("wechat_accounts", sa.Column("ring_number", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    for name in ("ring_number", "outcome", "consented_at"):
        op.drop_column("wechat_accounts", name)
