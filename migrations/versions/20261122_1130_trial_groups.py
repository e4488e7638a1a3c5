"""trial groups

Before the new code.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_1130"
down_revision = "20261122_0932"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trial_groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial_groups")),
        sa.UniqueConstraint("district", "name", name=op.f("uq_trial_groups_district_name")),
    )
    op.create_table(
        "trial_members",
        sa.Column("group_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("staff_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["trial_groups.id"], name=op.f("fk_trial_members_group_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_trial_members_staff_id")),
        sa.PrimaryKeyConstraint("group_id", "staff_id", name=op.f("pk_trial_members")),
    )


def downgrade() -> None:
    op.drop_table("trial_members")
    op.drop_table("trial_groups")
