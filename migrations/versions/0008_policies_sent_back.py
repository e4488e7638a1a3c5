"""policies sent back

A second person may send a draft of a policy back with a remark.  Runs before the new code: the old code leaves the columns alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In place, not by a copy, which would lose what the table refuses.
    op.add_column("policy_revisions", sa.Column("sent_back_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "ALTER TABLE policy_revisions ADD COLUMN sent_back_by INTEGER "
        "CONSTRAINT fk_policy_revisions_sent_back_by REFERENCES staff (id)"
    )
    op.add_column("policy_revisions", sa.Column("remark", sa.String(400), nullable=False, server_default=""))


def downgrade() -> None:
    for name in ("remark", "sent_back_by", "sent_back_at"):
        op.drop_column("policy_revisions", name)
