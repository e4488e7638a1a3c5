"""attendance

Who came to a sitting, what they thought of it, points for it.  Runs before the new code: the old code leaves the columns
to their defaults and takes none of the steps.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0025"
branch_labels = None
depends_on = None

STEPS = [
    {"kind": "seat", "source": source, "target": target}
    for source, target in (
        ("booked", "attended"),
        ("absent", "attended"),
        ("booked", "absent"),
        ("attended", "absent"),
        ("absent", "cancelled"),
    )
]


def upgrade() -> None:
    op.add_column("offerings", sa.Column("points", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("seats", sa.Column("rated", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "sitting_ratings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sitting_id", sa.Integer(), nullable=False),
        sa.Column("rating", sa.String(length=8), nullable=False),
        sa.Column("at", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["sitting_id"], ["sittings.id"], name="fk_sitting_ratings_sitting_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sitting_ratings"),
    )
    op.create_index("ix_sitting_ratings_sitting_id", "sitting_ratings", ["sitting_id"])
    allowed = sa.table("allowed_steps", sa.column("kind"), sa.column("source"), sa.column("target"))
    op.bulk_insert(allowed, STEPS)


def downgrade() -> None:
    for each in STEPS:
        op.execute(
            sa.text(
                "DELETE FROM allowed_steps WHERE kind = :kind AND source = :source AND target = :target"
            ).bindparams(**each)
        )
    op.drop_table("sitting_ratings")
    op.drop_column("seats", "rated")
    op.drop_column("offerings", "points")
