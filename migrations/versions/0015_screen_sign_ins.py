"""screen sign ins

A computer shows a code that the linked chat sends back; a counter's session lasts for a shift.  Runs before the new code:
the old code leaves table and column alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff_sessions", sa.Column("shift", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "screen_sign_ins",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token", sa.LargeBinary(length=32), nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("browser", sa.LargeBinary(length=32), nullable=False),
        sa.Column("place", sa.LargeBinary(), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(length=200), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_screen_sign_ins_staff_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_screen_sign_ins"),
        sa.UniqueConstraint("token", name="uq_screen_sign_ins_token"),
    )
    op.create_index("ix_screen_sign_ins_browser", "screen_sign_ins", ["browser"])


def downgrade() -> None:
    op.drop_table("screen_sign_ins")
    op.drop_column("staff_sessions", "shift")
