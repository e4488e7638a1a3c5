"""turned_away

That somebody was turned away at a compound.  Runs before the new code: the old code leaves the table alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "turned_away",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("compound_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=12), nullable=False),
        sa.Column("reporter", sa.LargeBinary(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["compound_id"], ["compounds.id"], name="fk_turned_away_compound_id"),
        sa.PrimaryKeyConstraint("id", name="pk_turned_away"),
    )
    op.create_index("ix_turned_away_compound", "turned_away", ["compound_id", "at"])


def downgrade() -> None:
    op.drop_table("turned_away")
