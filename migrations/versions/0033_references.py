"""references

Rows that refer to others of large tables are found by an index: what was merged, what goes on from a closed case, who it is
about, teams and outlets.  Without one, the page of a case and deleting what is referred to read the whole table.  Runs before
the new code: the old code does not notice.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0030"
branch_labels = None
depends_on = None

INDEXES = {
    "appeals": ("parent_id", "previous_id", "about_id"),
    "hazards": ("parent_id",),
    "volunteers": ("team_id",),
    "chats": ("outlet_id",),
}


def upgrade() -> None:
    for table, columns in INDEXES.items():
        for column in columns:
            there = sa.text(f"{column} IS NOT NULL")
            op.create_index(f"ix_{table}_{column}", table, [column], sqlite_where=there, postgresql_where=there)
    op.create_index("ix_open311_posts_hazard_id", "open311_posts", ["hazard_id"])


def downgrade() -> None:
    op.drop_index("ix_open311_posts_hazard_id", "open311_posts")
    for table, columns in INDEXES.items():
        for column in columns:
            op.drop_index(f"ix_{table}_{column}", table)
