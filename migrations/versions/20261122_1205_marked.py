"""marked

At any time.  Small: nobody had marked anything before the revision below.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_1205"
down_revision = "20261122_1150"
branch_labels = None
depends_on = None

MARKS = ("responded", "opted_out")


def upgrade() -> None:
    for mark in MARKS:
        where = sa.text(f"{mark}_at IS NOT NULL")
        op.create_index(
            f"ix_notice_copies_{mark}", "notice_copies", ["notice_id"], sqlite_where=where, postgresql_where=where
        )


def downgrade() -> None:
    for mark in MARKS:
        op.drop_index(f"ix_notice_copies_{mark}", table_name="notice_copies")
