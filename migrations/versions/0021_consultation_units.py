"""consultation units

Which units take part in a consultation; and calls name entries and stations, whose names are longer than a case's number.
Runs before the new code: the old code leaves the table alone, and writes nothing longer than before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consultation_units",
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultations.id"],
            name="fk_consultation_units_consultation_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name="fk_consultation_units_agency_id"),
        sa.PrimaryKeyConstraint("consultation_id", "agency_id", name="pk_consultation_units"),
    )
    with op.batch_alter_table("staff_calls") as table:
        table.alter_column("number", existing_type=sa.String(16), type_=sa.String(48), existing_nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("staff_calls") as table:
        table.alter_column("number", existing_type=sa.String(48), type_=sa.String(16), existing_nullable=False)
    op.drop_table("consultation_units")
