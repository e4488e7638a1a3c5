"""lists at size

Indexes by which lists of cases and hazards go by district, and by when something ended.  Runs before or after the new code.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


ENDED = {"appeals": "coalesce(closed_at, answered_at, created_at)", "hazards": "coalesce(closed_at, updated_at)"}


SEEN = {
    "appeals": ["region", "state", "confidential", "agency_id", "about_id", "kind"],  # who sees it, without the row
    "hazards": ["region", "state"],
}


def upgrade() -> None:
    for table, ended in ENDED.items():
        op.create_index(f"ix_{table}_seen", table, SEEN[table])
        if op.get_bind().dialect.name == "postgresql":  # The models do not know it: Alembic cannot compare expressions.
            op.create_index(f"ix_{table}_ended", table, [sa.text(ended), "id"])


def downgrade() -> None:
    for table in ENDED:
        op.drop_index(f"ix_{table}_seen", table)
        if op.get_bind().dialect.name == "postgresql":
            op.drop_index(f"ix_{table}_ended", table)
