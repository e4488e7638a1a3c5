"""redirection

Cases may be given to another unit at every state before the answer; a sent-back answer keeps its text beside the remark;
lines of timelines know the unit.  Runs before the new code: the old code neither writes the columns nor takes the steps.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STEPS = [
    {"kind": "appeal", "source": "in_progress", "target": "assigned"},
    {"kind": "appeal", "source": "pending_info", "target": "assigned"},
    {"kind": "hazard", "source": "handling", "target": "dispatched"},
    {"kind": "hazard", "source": "reopened", "target": "handling"},
]


def upgrade() -> None:
    for table in ("appeal_steps", "hazard_steps"):
        op.add_column(table, sa.Column("agency_id", sa.Integer(), nullable=True))
    op.add_column("appeals", sa.Column("remark", sa.Text(), nullable=False, server_default=""))
    allowed = sa.table("allowed_steps", sa.column("kind"), sa.column("source"), sa.column("target"))
    op.bulk_insert(allowed, STEPS)
    # Whoever gave a case back is not proposed for it any more.
    op.execute("UPDATE appeals SET agency_id = NULL WHERE state = 'accepted' AND hops > 0")


def downgrade() -> None:
    for each in STEPS:
        op.execute(
            sa.text(
                "DELETE FROM allowed_steps WHERE kind = :kind AND source = :source AND target = :target"
            ).bindparams(**each)
        )
    op.drop_column("appeals", "remark")
    for table in ("appeal_steps", "hazard_steps"):
        op.drop_column(table, "agency_id")
