"""totals

Before the new code.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0850"
down_revision = "20261122_0822"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice_totals",
        sa.Column("notice_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("why", sa.String(length=60), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_totals_notice_id")),
        sa.PrimaryKeyConstraint("notice_id", "state", "why", name=op.f("pk_notice_totals")),
    )


def downgrade() -> None:
    op.drop_table("notice_totals")
