"""staff calls

Colleagues hear in their chat that something waits for them, as often as they chose.  Runs before the new code: the old
code leaves table and column alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff", sa.Column("calls", sa.String(8), nullable=False, server_default="once"))
    op.create_table(
        "staff_calls",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("noun", sa.String(12), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("mark", sa.String(40), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_staff_calls_staff_id_staff", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_calls"),
        sa.UniqueConstraint(
            "staff_id", "noun", "number", "what", "mark", name="uq_staff_calls_staff_id_noun_number_what_mark"
        ),
    )
    op.create_index("ix_staff_calls_staff_id", "staff_calls", ["staff_id", "told_at", "due_at"])


def downgrade() -> None:
    op.drop_table("staff_calls")
    op.drop_column("staff", "calls")
