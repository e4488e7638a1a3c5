"""station faults

What a worker says is wrong about a station.  Runs before the new code: the old code writes neither column.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("station_reports", sa.Column("part", sa.String(8), nullable=False, server_default=""))
    op.add_column("station_reports", sa.Column("text", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("station_reports", "text")
    op.drop_column("station_reports", "part")
