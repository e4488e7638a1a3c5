"""web subscriptions

A browser may be rung while the page is closed.  Runs before the new code: the old code knows nothing of the table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "web_subscriptions",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary(16), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_web_subscriptions"),
        sa.UniqueConstraint("key", name="uq_web_subscriptions_key"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["web_people.id"], name="fk_web_subscriptions_person_id_web_people", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_web_subscriptions_person_id", "web_subscriptions", ["person_id"])


def downgrade() -> None:
    op.drop_table("web_subscriptions")
