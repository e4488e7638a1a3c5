"""appeal helpers

Units that help with a case of another unit.  Runs before the new code: the old code leaves the table alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "appeal_helpers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("appeal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("chased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("replied_by", sa.Integer(), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeals.id"], name="fk_appeal_helpers_appeal_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name="fk_appeal_helpers_agency_id"),
        sa.PrimaryKeyConstraint("id", name="pk_appeal_helpers"),
        sa.UniqueConstraint("appeal_id", "agency_id", name="uq_appeal_helpers_appeal_id_agency_id"),
    )
    op.create_index("ix_appeal_helpers_agency_id", "appeal_helpers", ["agency_id"])


def downgrade() -> None:
    op.drop_table("appeal_helpers")
