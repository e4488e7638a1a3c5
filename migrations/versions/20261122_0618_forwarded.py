"""forwarded

Together with the new code: the old one writes two columns that go.  How far a case is on its way to the backend is
read off the outbox now.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0618"
down_revision = "20261122_0615"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: that would copy the table, and leave its trigger behind.
    op.add_column("appeals", sa.Column("forwarded", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(sa.text("UPDATE appeals SET forwarded = (delivery <> 'desk')"))
    op.drop_column("appeals", "delivery")
    op.drop_column("appeals", "delivery_why")


def downgrade() -> None:
    op.add_column("appeals", sa.Column("delivery_why", sa.String(length=200), nullable=False, server_default=""))
    op.add_column("appeals", sa.Column("delivery", sa.String(length=12), nullable=False, server_default="desk"))
    op.execute(sa.text("UPDATE appeals SET delivery = 'queued' WHERE forwarded"))
    op.drop_column("appeals", "forwarded")
