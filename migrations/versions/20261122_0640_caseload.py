"""caseload

Before the new code: the old one does not know these tables.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0640"
down_revision = "20261122_0630"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_presences",
        sa.Column("appeal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("typing", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeals.id"], name=op.f("fk_case_presences_appeal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_case_presences_staff_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("appeal_id", "staff_id", name=op.f("pk_case_presences")),
    )
    with op.batch_alter_table("case_presences", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_presences_at"), ["at"], unique=False)

    op.create_table(
        "saved_filters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("query", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_saved_filters_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filters")),
    )
    with op.batch_alter_table("saved_filters", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_saved_filters_staff_id"), ["staff_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("saved_filters", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_saved_filters_staff_id"))

    op.drop_table("saved_filters")
    with op.batch_alter_table("case_presences", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_presences_at"))

    op.drop_table("case_presences")
