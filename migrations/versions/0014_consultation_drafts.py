"""consultation drafts

What a consultation came to is written by one person and published by another.  Runs before the new code: the old code
leaves the columns alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consultations", sa.Column("drafted_by", sa.Integer(), nullable=True))
    op.add_column("consultations", sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("consultations", sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in ("dismissed_at", "drafted_at", "drafted_by"):
        op.drop_column("consultations", name)
