"""consultations by appointment

Who is asked, who may see it, and what it is about.  Runs before the new code: the old code leaves the columns alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("offerings", sa.Column("provider_id", sa.Integer(), nullable=True))
    op.add_column("offerings", sa.Column("confidential", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("seats", sa.Column("answers", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("seats", "answers")
    op.drop_column("offerings", "confidential")
    op.drop_column("offerings", "provider_id")
