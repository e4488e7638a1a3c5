"""notices

Before the new code: the old one does not know these tables, and writes chats without the new columns.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0645"
down_revision = "20261122_0640"
branch_labels = None
depends_on = None

STEPS = (
    ("draft", "cancelled"),
    ("draft", "pending_approval"),
    ("draft", "scheduled"),
    ("freezing", "cancelled"),
    ("freezing", "paused_by_user"),
    ("freezing", "sending"),
    ("late", "cancelled"),
    ("late", "draft"),
    ("late", "expired"),
    ("late", "freezing"),
    ("paused_by_user", "cancelled"),
    ("paused_by_user", "freezing"),
    ("paused_errors", "cancelled"),
    ("paused_errors", "freezing"),
    ("paused_quiet", "cancelled"),
    ("paused_quiet", "paused_by_user"),
    ("paused_quiet", "sending"),
    ("pending_approval", "cancelled"),
    ("pending_approval", "draft"),
    ("pending_approval", "scheduled"),
    ("scheduled", "cancelled"),
    ("scheduled", "draft"),
    ("scheduled", "expired"),
    ("scheduled", "freezing"),
    ("scheduled", "late"),
    ("sending", "cancelled"),
    ("sending", "completed"),
    ("sending", "paused_by_user"),
    ("sending", "paused_errors"),
    ("sending", "paused_quiet"),
    ("sending", "some_failed"),
    ("some_failed", "sending"),
)
AGREED = """SELECT 1 FROM notice_approvals AS a WHERE a.notice_id = NEW.id AND a.digest = NEW.digest AND a.approved
        AND a.approver_id <> NEW.author_id"""
SQLITE = (
    """
    CREATE TRIGGER notices_step BEFORE UPDATE OF state ON notices
    WHEN OLD.state <> NEW.state AND NOT EXISTS (
        SELECT 1 FROM allowed_steps WHERE kind = 'notice' AND source = OLD.state AND target = NEW.state)
    BEGIN SELECT RAISE(ABORT, 'illegal step'); END
    """,
    """
    CREATE TRIGGER notices_begin BEFORE INSERT ON notices WHEN NEW.state <> 'draft'
    BEGIN SELECT RAISE(ABORT, 'illegal step'); END
    """,
    f"""
    CREATE TRIGGER notices_agreed BEFORE UPDATE OF state ON notices
    WHEN NEW.state = 'scheduled' AND OLD.state <> 'scheduled' AND NEW.does <> 'unsay' AND NOT EXISTS ({AGREED})
    BEGIN SELECT RAISE(ABORT, 'nobody agreed'); END
    """,
    "CREATE TRIGGER notice_approvals_fixed BEFORE UPDATE ON notice_approvals BEGIN SELECT RAISE(ABORT, 'append only'); END",
    "CREATE TRIGGER notice_approvals_kept BEFORE DELETE ON notice_approvals BEGIN SELECT RAISE(ABORT, 'append only'); END",
)
POSTGRESQL = (
    """
    CREATE TRIGGER notices_step BEFORE INSERT OR UPDATE OF state ON notices
    FOR EACH ROW EXECUTE FUNCTION check_step('notice', 'draft')
    """,
    f"""
    CREATE FUNCTION check_agreed() RETURNS trigger AS $$
    BEGIN
        IF NEW.state = 'scheduled' AND OLD.state <> 'scheduled' AND NEW.does <> 'unsay' AND NOT EXISTS ({AGREED}) THEN
            RAISE EXCEPTION 'nobody agreed';
        END IF;
        RETURN NEW;
    END $$ LANGUAGE plpgsql
    """,
    """
    CREATE TRIGGER notices_agreed BEFORE UPDATE OF state ON notices
    FOR EACH ROW EXECUTE FUNCTION check_agreed()
    """,
    """
    CREATE TRIGGER notice_approvals_fixed BEFORE UPDATE OR DELETE ON notice_approvals
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """,
)


def upgrade() -> None:
    op.create_table(
        "bulk_lanes",
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("holder", sa.String(length=32), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resume_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_bulk_lanes")),
    )
    op.create_table(
        "chat_tags",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=op.f("fk_chat_tags_chat_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat_id", "tag", name=op.f("pk_chat_tags")),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("does", sa.String(length=8), nullable=False),
        sa.Column("about_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("buttons", sa.JSON(), nullable=False),
        sa.Column("unit", sa.String(length=60), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("frozen_to", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["about_id"], ["notices.id"], name=op.f("fk_notices_about_id")),
        sa.ForeignKeyConstraint(["author_id"], ["staff.id"], name=op.f("fk_notices_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_table(
        "notice_approvals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("approver_id", sa.Integer(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("approver_id <> author_id", name=op.f("ck_notice_approvals_second_person")),
        sa.ForeignKeyConstraint(["approver_id"], ["staff.id"], name=op.f("fk_notice_approvals_approver_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_approvals_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_approvals")),
    )
    with op.batch_alter_table("notice_approvals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_approvals_notice_id"), ["notice_id"], unique=False)

    op.create_table(
        "notice_copies",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("notice_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("why", sa.String(length=60), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=op.f("fk_notice_copies_chat_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_copies_notice_id")),
        sa.PrimaryKeyConstraint("chat_id", "notice_id", name=op.f("pk_notice_copies")),
    )
    with op.batch_alter_table("notice_copies", schema=None) as batch_op:
        batch_op.create_index(
            "ix_notice_copies_state", ["notice_id", "channel", "state", "due", "chat_id"], unique=False
        )

    for name, given in (("service_notices", sa.true()), ("activity_notices", sa.false())):
        op.add_column("chats", sa.Column(name, sa.Boolean(), nullable=False, server_default=given))
    op.add_column("chats", sa.Column("quiet", sa.String(length=5), nullable=False, server_default=""))

    allowed = sa.table("allowed_steps", sa.column("kind"), sa.column("source"), sa.column("target"))
    op.bulk_insert(allowed, [{"kind": "notice", "source": a, "target": b} for a, b in STEPS])
    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DELETE FROM allowed_steps WHERE kind = 'notice'")
    # Not in a batch: that would copy the table, and leave its triggers behind.
    for name in ("quiet", "activity_notices", "service_notices"):
        op.drop_column("chats", name)

    with op.batch_alter_table("notice_copies", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_copies_state")

    op.drop_table("notice_copies")
    with op.batch_alter_table("notice_approvals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_approvals_notice_id"))

    op.drop_table("notice_approvals")
    op.drop_table("notices")
    op.drop_table("chat_tags")
    op.drop_table("bulk_lanes")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION check_agreed CASCADE")
