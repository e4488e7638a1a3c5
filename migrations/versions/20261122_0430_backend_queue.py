"""backend queue

Before the new code: the old one neither reads the new column, table and index nor minds them.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0430"
down_revision = "20261122_0405"
branch_labels = None
depends_on = None

UNSENT = sa.text("kind = 'backend' AND sent_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "backend_keys",
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_backend_keys")),
    )
    with op.batch_alter_table("backend_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_backend_keys_until"), ["until"], unique=False)

    with op.batch_alter_table("appeals", schema=None) as batch_op:
        batch_op.add_column(sa.Column("news_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_events", ["subject", "id"], unique=False, sqlite_where=UNSENT, postgresql_where=UNSENT
        )


def downgrade() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_events", sqlite_where=UNSENT, postgresql_where=UNSENT)

    # Not in a batch: that would copy the table, and leave its trigger behind.
    op.drop_column("appeals", "news_at")

    with op.batch_alter_table("backend_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_backend_keys_until"))

    op.drop_table("backend_keys")
