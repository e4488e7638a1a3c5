"""station files

Files of stations are among those of all imports since 0017.  Runs after the new code is everywhere: the old code keeps and
clears its files in this table, the new code does not know it.  Whatever lies there was looked at and never taken over.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0047"
branch_labels = None
depends_on = None
after_the_new_code = True  # `migrate --finish` runs it


def upgrade() -> None:
    op.drop_table("station_files")


def downgrade() -> None:
    op.create_table(
        "station_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("datum", sa.String(8), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_station_files_staff_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_station_files"),
    )
