"""liaison

Before the new code: the old one does not know the columns, and they have defaults.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0702"
down_revision = "20261122_0700"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plainly, because SQLite's copy of a table would lose its triggers.
    for table, column in (("appeals", "priority"), ("appeals", "behalf"), ("hazards", "priority")):
        op.add_column(table, sa.Column(column, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "consultation_voices",
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("alias", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultations.id"],
            name=op.f("fk_consultation_voices_consultation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("consultation_id", "alias", name=op.f("pk_consultation_voices")),
    )


def downgrade() -> None:
    op.drop_table("consultation_voices")
    for table, column in (("hazards", "priority"), ("appeals", "behalf"), ("appeals", "priority")):
        op.drop_column(table, column)
