"""privacy

Before the new code: the old one does not mind the new columns.  Names it takes meanwhile get the privacy notice of
that day, which is the one that was shown.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0615"
down_revision = "20261122_0541"
branch_labels = None
depends_on = None

NOTICE = "2026-11-22"


def upgrade() -> None:
    op.create_table(
        "tombstones",
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_tombstones")),
    )
    op.create_index(op.f("ix_tombstones_at"), "tombstones", ["at"])
    # Not in a batch: that would copy the table, and leave its triggers behind.
    op.add_column("chats", sa.Column("forget_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("appeals", sa.Column("hold", sa.String(length=200), nullable=False, server_default=""))
    with op.batch_alter_table("identities", schema=None) as batch_op:
        batch_op.add_column(sa.Column("consent", sa.String(length=16), nullable=False, server_default=NOTICE))
        batch_op.create_check_constraint(op.f("ck_identities_consent"), "naming <> 'named' or consent <> ''")


def downgrade() -> None:
    with op.batch_alter_table("identities", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_identities_consent"), type_="check")
        batch_op.drop_column("consent")
    op.drop_column("appeals", "hold")
    op.drop_column("chats", "forget_at")
    op.drop_index(op.f("ix_tombstones_at"), table_name="tombstones")
    op.drop_table("tombstones")
