"""appeals

Before the new code: the old one does not know these tables and does not mind.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0405"
down_revision = "20261122_0325"
branch_labels = None
depends_on = None


# The lifecycle as it was when this revision was written; tests compare the table with bot.services.appeal_states.
STEPS = (
    ("accepted", "assigned"),
    ("accepted", "merged"),
    ("accepted", "withdrawn"),
    ("answered", "closed_unrated"),
    ("answered", "reopened"),
    ("answered", "verified"),
    ("assigned", "accepted"),
    ("assigned", "in_progress"),
    ("assigned", "withdrawn"),
    ("closed", "reopened"),
    ("closed_unrated", "reopened"),
    ("in_progress", "answered"),
    ("in_progress", "pending_info"),
    ("in_progress", "withdrawn"),
    ("merged", "accepted"),
    ("pending_info", "in_progress"),
    ("pending_info", "withdrawn"),
    ("reopened", "assigned"),
    ("reopened", "withdrawn"),
    ("submitted", "accepted"),
    ("submitted", "merged"),
    ("submitted", "rejected"),
    ("submitted", "withdrawn"),
    ("verified", "closed"),
    ("verified", "reopened"),
)

SQLITE = (
    """
    CREATE TRIGGER appeals_step BEFORE UPDATE OF state ON appeals
    WHEN OLD.state <> NEW.state AND NOT EXISTS (
        SELECT 1 FROM allowed_steps WHERE kind = 'appeal' AND source = OLD.state AND target = NEW.state)
    BEGIN SELECT RAISE(ABORT, 'illegal step'); END
    """,
    """
    CREATE TRIGGER appeals_begin BEFORE INSERT ON appeals WHEN NEW.state <> 'submitted'
    BEGIN SELECT RAISE(ABORT, 'illegal step'); END
    """,
    "CREATE TRIGGER views_fixed BEFORE UPDATE ON views BEGIN SELECT RAISE(ABORT, 'append only'); END",
    "CREATE TRIGGER views_kept BEFORE DELETE ON views BEGIN SELECT RAISE(ABORT, 'append only'); END",
)
POSTGRESQL = (
    """
    CREATE FUNCTION check_step() RETURNS trigger AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            IF NEW.state <> TG_ARGV[1] THEN RAISE EXCEPTION 'illegal step'; END IF;
        ELSIF OLD.state <> NEW.state AND NOT EXISTS (
            SELECT 1 FROM allowed_steps WHERE kind = TG_ARGV[0] AND source = OLD.state AND target = NEW.state) THEN
            RAISE EXCEPTION 'illegal step';
        END IF;
        RETURN NEW;
    END $$ LANGUAGE plpgsql
    """,
    """
    CREATE FUNCTION refuse_change() RETURNS trigger AS $$
    BEGIN RAISE EXCEPTION 'append only'; END $$ LANGUAGE plpgsql
    """,
    """
    CREATE TRIGGER appeals_step BEFORE INSERT OR UPDATE OF state ON appeals
    FOR EACH ROW EXECUTE FUNCTION check_step('appeal', 'submitted')
    """,
    "CREATE TRIGGER views_fixed BEFORE UPDATE OR DELETE ON views FOR EACH ROW EXECUTE FUNCTION refuse_change()",
)


def upgrade() -> None:
    op.create_table(
        "agencies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("desk", sa.String(length=16), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agencies")),
        sa.UniqueConstraint("code", name=op.f("uq_agencies_code")),
    )
    op.create_table(
        "allowed_steps",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("kind", "source", "target", name=op.f("pk_allowed_steps")),
    )
    op.create_table(
        "calendar_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("why", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_days")),
    )
    op.create_table(
        "calendar_years",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_years")),
    )
    op.create_table(
        "code_attempts",
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_code_attempts")),
    )
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letters")),
    )
    op.create_table(
        "identities",
        sa.Column("alias", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.LargeBinary(length=16), nullable=False),
        sa.Column("naming", sa.String(length=10), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_after", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("alias", name=op.f("pk_identities")),
    )
    with op.batch_alter_table("identities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identities_owner"), ["owner"], unique=False)

    op.create_table(
        "limit_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limit_changes")),
    )
    with op.batch_alter_table("limit_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_limit_changes_kind"), ["kind"], unique=False)

    op.create_table(
        "views",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("field", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("denied", sa.Boolean(), nullable=False),
        sa.Column("request_id", sa.String(length=32), nullable=False),
        sa.Column("before", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_views")),
    )
    with op.batch_alter_table("views", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_views_subject"), ["subject"], unique=False)

    op.create_table(
        "appeals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("code", sa.LargeBinary(length=16), nullable=False),
        sa.Column("alias", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("naming", sa.String(length=10), nullable=False),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("about", sa.String(length=100), nullable=False),
        sa.Column("about_id", sa.Integer(), nullable=True),
        sa.Column("handler_id", sa.Integer(), nullable=True),
        sa.Column("hops", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("extended", sa.Boolean(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("proposal_by", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("rating", sa.String(length=8), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("previous_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivery", sa.String(length=12), nullable=False),
        sa.Column("delivery_why", sa.String(length=200), nullable=False),
        sa.Column("backend_number", sa.String(length=64), nullable=False),
        sa.CheckConstraint("hops >= 0 and reopened >= 0 and level between 0 and 3", name=op.f("ck_appeals_counts")),
        sa.ForeignKeyConstraint(["about_id"], ["agencies.id"], name=op.f("fk_appeals_about_id")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_appeals_agency_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["appeals.id"], name=op.f("fk_appeals_parent_id")),
        sa.ForeignKeyConstraint(["previous_id"], ["appeals.id"], name=op.f("fk_appeals_previous_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
        sa.UniqueConstraint("alias", name=op.f("uq_appeals_alias")),
        sa.UniqueConstraint("number", name=op.f("uq_appeals_number")),
    )
    with op.batch_alter_table("appeals", schema=None) as batch_op:
        batch_op.create_index("ix_appeals_agency", ["agency_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_appeals_created_at"), ["created_at"], unique=False)
        batch_op.create_index("ix_appeals_queue", ["state", "due_at"], unique=False)

    op.create_table(
        "appeal_steps",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("appeal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeals.id"], name=op.f("fk_appeal_steps_appeal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal_steps")),
        sa.UniqueConstraint("appeal_id", "key", name=op.f("uq_appeal_steps_appeal_id_key")),
    )
    with op.batch_alter_table("appeal_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appeal_steps_appeal_id"), ["appeal_id"], unique=False)

    op.create_table(
        "attachments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("appeal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("origin", sa.LargeBinary(), nullable=True),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("mime", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeals.id"], name=op.f("fk_attachments_appeal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachments_appeal_id"), ["appeal_id"], unique=False)

    with op.batch_alter_table("chats", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pending", sa.LargeBinary(), nullable=True))

    allowed = sa.table("allowed_steps", sa.column("kind"), sa.column("source"), sa.column("target"))
    op.bulk_insert(allowed, [{"kind": "appeal", "source": a, "target": b} for a, b in STEPS])
    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    with op.batch_alter_table("chats", schema=None) as batch_op:
        batch_op.drop_column("pending")

    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attachments_appeal_id"))

    op.drop_table("attachments")
    with op.batch_alter_table("appeal_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_appeal_steps_appeal_id"))

    op.drop_table("appeal_steps")
    with op.batch_alter_table("appeals", schema=None) as batch_op:
        batch_op.drop_index("ix_appeals_queue")
        batch_op.drop_index(batch_op.f("ix_appeals_created_at"))
        batch_op.drop_index("ix_appeals_agency")

    op.drop_table("appeals")
    with op.batch_alter_table("views", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_views_subject"))

    op.drop_table("views")
    with op.batch_alter_table("limit_changes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_limit_changes_kind"))

    op.drop_table("limit_changes")
    with op.batch_alter_table("identities", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identities_owner"))

    op.drop_table("identities")
    op.drop_table("dead_letters")
    op.drop_table("code_attempts")
    op.drop_table("calendar_years")
    op.drop_table("calendar_days")
    op.drop_table("allowed_steps")
    op.drop_table("agencies")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION check_step, refuse_change CASCADE")
