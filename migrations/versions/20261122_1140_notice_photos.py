"""notice photos

Before the new code.  Notices without a photo keep the digest that was agreed to.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_1140"
down_revision = "20261122_1130"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice_photos",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_notice_photos")),
    )
    op.add_column("notices", sa.Column("photo", sa.String(64), nullable=True))


def downgrade() -> None:
    op.drop_column("notices", "photo")
    op.drop_table("notice_photos")
