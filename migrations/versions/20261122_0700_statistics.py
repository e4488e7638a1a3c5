"""statistics

Before the new code: the old one does not know the column and the table.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0700"
down_revision = "20261122_0655"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "question_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "region", "what", name=op.f("pk_question_counts")),
    )
    op.add_column("appeal_steps", sa.Column("rating", sa.String(length=8), nullable=False, server_default=""))
    # What was said until now stands in the case only, and means its last step.
    op.execute(
        "UPDATE appeal_steps SET rating = (SELECT rating FROM appeals WHERE appeals.id = appeal_steps.appeal_id) "
        "WHERE name = 'verify' AND id IN (SELECT max(id) FROM appeal_steps WHERE name = 'verify' GROUP BY appeal_id) "
        "AND appeal_id IN (SELECT id FROM appeals WHERE rating IN ('good', 'fair'))"
    )
    op.create_index(op.f("ix_appeal_steps_at"), "appeal_steps", ["at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_appeal_steps_at"), "appeal_steps")
    op.drop_column("appeal_steps", "rating")
    op.drop_table("question_counts")
