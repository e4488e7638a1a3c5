"""content

Before the new code: the old one knows neither these tables nor the new columns, which have defaults.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0729"
down_revision = "20261122_0710"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "policy_revisions",
        sa.Column("id", BIG, nullable=False),
        sa.Column("topic", sa.String(length=48), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("publisher_id", sa.Integer(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "publisher_id IS NULL OR publisher_id <> author_id", name=op.f("ck_policy_revisions_two_people")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["staff.id"], name=op.f("fk_policy_revisions_author_id")),
        sa.ForeignKeyConstraint(["publisher_id"], ["staff.id"], name=op.f("fk_policy_revisions_publisher_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_revisions")),
    )
    op.create_index("ix_policy_revisions_topic", "policy_revisions", ["topic", "id"])
    op.create_table(
        "station_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("datum", sa.String(length=8), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_station_files_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station_files")),
    )
    op.add_column("gaps", sa.Column("settled_times", sa.Integer(), nullable=False, server_default="0"))
    # The number alone: SQLite adds a foreign key only by copying the table.
    op.add_column("gaps", sa.Column("settled_by", sa.Integer(), nullable=True))
    op.add_column("gaps", sa.Column("answer", sa.String(length=48), nullable=False, server_default=""))


def downgrade() -> None:
    for name in ("answer", "settled_by", "settled_times"):
        op.drop_column("gaps", name)
    op.drop_table("station_files")
    op.drop_index("ix_policy_revisions_topic", table_name="policy_revisions")
    op.drop_table("policy_revisions")
