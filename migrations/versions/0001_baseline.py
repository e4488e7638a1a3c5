"""baseline

Everything there is before the first release: tables, the allowed steps of each lifecycle, and what the database refuses.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# From which state to which, as it was when this revision was written; a test compares the table with the lifecycles.
LIFECYCLES = {
    "appeal": {
        "accepted": "assigned merged withdrawn",
        "answered": "closed_unrated reopened verified",
        "assigned": "accepted in_progress withdrawn",
        "closed": "reopened",
        "closed_unrated": "reopened",
        "in_progress": "answered pending_info withdrawn",
        "merged": "accepted",
        "pending_info": "in_progress withdrawn",
        "reopened": "assigned withdrawn",
        "submitted": "accepted merged rejected withdrawn",
        "verified": "closed reopened",
    },
    "hazard": {
        "dispatched": "handling validated",
        "handling": "resolved",
        "reopened": "dispatched",
        "reported": "duplicate rejected validated withdrawn",
        "resolved": "reopened verified",
        "rewarded": "reopened",
        "validated": "dispatched duplicate rejected withdrawn",
        "verified": "reopened rewarded",
    },
    "notice": {
        "draft": "cancelled pending_approval scheduled",
        "freezing": "cancelled paused_by_user sending",
        "late": "cancelled draft expired freezing",
        "paused_by_user": "cancelled freezing",
        "paused_errors": "cancelled freezing",
        "paused_quiet": "cancelled paused_by_user sending",
        "pending_approval": "cancelled draft scheduled",
        "scheduled": "cancelled draft expired freezing late",
        "sending": "cancelled completed paused_by_user paused_errors paused_quiet some_failed",
        "some_failed": "sending",
    },
    "volunteer": {
        "active": "lapsed paused resigned suspended",
        "applied": "resigned reviewing",
        "approved": "resigned training",
        "lapsed": "active resigned",
        "paused": "active lapsed resigned suspended",
        "reviewing": "approved rejected resigned",
        "suspended": "active dismissed lapsed resigned",
        "training": "active resigned",
    },
    "voucher": {
        "issued": "cancelled expired fulfilled",
        "reserved": "cancelled expired issued",
    },
}
BEGIN = {  # the table of a kind, and the state in which its rows begin
    "appeal": ("appeals", "submitted"),
    "hazard": ("hazards", "reported"),
    "notice": ("notices", "draft"),
    "volunteer": ("volunteers", "applied"),
    "voucher": ("vouchers", "reserved"),
}
APPEND_ONLY = {
    "audit": "audit",
    "views": "views",
    "ledgers": "ledgers",
    "points": "points_entries",
    "notice_approvals": "notice_approvals",
}
LOGS = ("audit", "views")  # not to be emptied by TRUNCATE either, which fires no trigger of rows

WROTE = "SELECT 1 FROM notice_writers AS w WHERE w.notice_id = NEW.{notice} AND w.staff_id = {staff}"
OF_AN_APPROVAL = WROTE.format(notice="notice_id", staff="NEW.approver_id")
APPROVERS = f"""SELECT count(DISTINCT a.approver_id) FROM notice_approvals AS a
        WHERE a.notice_id = NEW.id AND a.digest = NEW.digest AND a.approved
        AND NOT EXISTS ({WROTE.format(notice="id", staff="a.approver_id")})"""  # noqa: S608 (our own words)
NEEDED = "(CASE WHEN NEW.kind = 'emergency' THEN 2 ELSE 1 END)"
NOBODY_AGREED = (
    f"NEW.state = 'scheduled' AND OLD.state <> 'scheduled' AND NEW.does <> 'unsay' AND ({APPROVERS}) < {NEEDED}"
)


def upgrade() -> None:
    _create_tables()
    allowed = sa.table("allowed_steps", sa.column("kind"), sa.column("source"), sa.column("target"))
    steps = [
        {"kind": kind, "source": source, "target": target}
        for kind, states in LIFECYCLES.items()
        for source, targets in states.items()
        for target in targets.split()
    ]
    op.bulk_insert(allowed, steps)
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION check_step, refuse_change, check_agreed, check_others CASCADE")
    for table in reversed(TABLES):
        op.drop_table(table)


def _guard_sqlite() -> None:
    for kind, (table, first) in BEGIN.items():
        op.execute(
            f"""CREATE TRIGGER {table}_step BEFORE UPDATE OF state ON {table}
            WHEN OLD.state <> NEW.state AND NOT EXISTS (
                SELECT 1 FROM allowed_steps WHERE kind = '{kind}' AND source = OLD.state AND target = NEW.state)
            BEGIN SELECT RAISE(ABORT, 'illegal step'); END"""  # noqa: S608 (our own words)
        )
        op.execute(
            f"""CREATE TRIGGER {table}_begin BEFORE INSERT ON {table} WHEN NEW.state <> '{first}'
            BEGIN SELECT RAISE(ABORT, 'illegal step'); END"""
        )
    for name, table in APPEND_ONLY.items():
        op.execute(
            f"CREATE TRIGGER {name}_fixed BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, 'append only'); END"
        )
        op.execute(f"CREATE TRIGGER {name}_kept BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, 'append only'); END")
    op.execute(
        f"""CREATE TRIGGER notices_agreed BEFORE UPDATE OF state ON notices WHEN {NOBODY_AGREED}
        BEGIN SELECT RAISE(ABORT, 'nobody agreed'); END"""
    )
    op.execute(
        f"""CREATE TRIGGER notice_approvals_others BEFORE INSERT ON notice_approvals WHEN EXISTS ({OF_AN_APPROVAL})
        BEGIN SELECT RAISE(ABORT, 'own notice'); END"""
    )


def _guard_postgresql() -> None:
    op.execute(
        """CREATE FUNCTION check_step() RETURNS trigger AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                IF NEW.state <> TG_ARGV[1] THEN RAISE EXCEPTION 'illegal step'; END IF;
            ELSIF OLD.state <> NEW.state AND NOT EXISTS (
                SELECT 1 FROM allowed_steps WHERE kind = TG_ARGV[0] AND source = OLD.state AND target = NEW.state) THEN
                RAISE EXCEPTION 'illegal step';
            END IF;
            RETURN NEW;
        END $$ LANGUAGE plpgsql"""
    )
    for kind, (table, first) in BEGIN.items():
        op.execute(
            f"CREATE TRIGGER {table}_step BEFORE INSERT OR UPDATE OF state ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION check_step('{kind}', '{first}')"
        )
    op.execute(
        """CREATE FUNCTION refuse_change() RETURNS trigger AS $$
        BEGIN RAISE EXCEPTION 'append only'; END $$ LANGUAGE plpgsql"""
    )
    for name, table in APPEND_ONLY.items():
        op.execute(
            f"CREATE TRIGGER {name}_fixed BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    for table in LOGS:
        op.execute(
            f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    _guard_approvals_postgresql()


def _guard_approvals_postgresql() -> None:
    op.execute(
        f"""CREATE FUNCTION check_agreed() RETURNS trigger AS $$
        BEGIN
            IF {NOBODY_AGREED} THEN RAISE EXCEPTION 'nobody agreed'; END IF;
            RETURN NEW;
        END $$ LANGUAGE plpgsql"""
    )
    op.execute(
        "CREATE TRIGGER notices_agreed BEFORE UPDATE OF state ON notices FOR EACH ROW EXECUTE FUNCTION check_agreed()"
    )
    op.execute(
        f"""CREATE FUNCTION check_others() RETURNS trigger AS $$
        BEGIN
            IF EXISTS ({OF_AN_APPROVAL}) THEN RAISE EXCEPTION 'own notice'; END IF;
            RETURN NEW;
        END $$ LANGUAGE plpgsql"""
    )
    op.execute(
        "CREATE TRIGGER notice_approvals_others BEFORE INSERT ON notice_approvals "
        "FOR EACH ROW EXECUTE FUNCTION check_others()"
    )


TABLES = (  # in the order they are made
    "agencies",
    "allowed_steps",
    "attempts",
    "audit",
    "backend_keys",
    "bulk_lanes",
    "calendar_days",
    "calendar_years",
    "chats",
    "code_attempts",
    "dead_letters",
    "form_posts",
    "gaps",
    "identities",
    "ledgers",
    "limit_changes",
    "notice_photos",
    "parked_updates",
    "points_accounts",
    "question_counts",
    "revisions",
    "reward_stocks",
    "seen_updates",
    "station_reports",
    "stations",
    "teams",
    "tombstones",
    "topic_counts",
    "trial_groups",
    "views",
    "web_bots",
    "web_people",
    "api_keys",
    "appeals",
    "chat_tags",
    "consultations",
    "hazard_rules",
    "hazards",
    "outbox",
    "points_entries",
    "staff",
    "volunteers",
    "vouchers",
    "web_conversations",
    "web_results",
    "web_updates",
    "appeal_steps",
    "attachments",
    "case_presences",
    "consultation_cases",
    "consultation_voices",
    "hazard_followers",
    "hazard_photos",
    "hazard_steps",
    "notices",
    "open311_posts",
    "policy_revisions",
    "saved_filters",
    "shifts",
    "sign_in_links",
    "staff_roles",
    "staff_sessions",
    "station_files",
    "trainings",
    "trial_members",
    "volunteer_steps",
    "web_files",
    "web_messages",
    "web_presses",
    "notice_approvals",
    "notice_copies",
    "notice_totals",
    "notice_writers",
)


def _create_tables() -> None:
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
        "attempts",
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_attempts")),
    )
    op.create_index(op.f("ix_attempts_until"), "attempts", ["until"], unique=False)
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("denied", sa.Boolean(), nullable=False),
        sa.Column("request_id", sa.String(length=32), nullable=False),
        sa.Column("before", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_action", "audit", ["action", "id"], unique=False)
    op.create_index("ix_audit_staff", "audit", ["staff_id", "id"], unique=False)
    op.create_table(
        "backend_keys",
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_backend_keys")),
    )
    op.create_index(op.f("ix_backend_keys_until"), "backend_keys", ["until"], unique=False)
    op.create_table(
        "bulk_lanes",
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("holder", sa.String(length=32), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resume_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_bulk_lanes")),
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
        "chats",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("job", sa.String(length=16), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("topic_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("flow", sa.String(length=32), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=True),
        sa.Column("flow_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("pending", sa.LargeBinary(), nullable=True),
        sa.Column("service_notices", sa.Boolean(), nullable=False),
        sa.Column("activity_notices", sa.Boolean(), nullable=False),
        sa.Column("quiet", sa.String(length=5), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("forget_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chats")),
        sa.UniqueConstraint("key", name=op.f("uq_chats_key")),
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
        "form_posts",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("location", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_form_posts")),
    )
    op.create_index(op.f("ix_form_posts_at"), "form_posts", ["at"], unique=False)
    op.create_table(
        "gaps",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_times", sa.Integer(), nullable=False),
        sa.Column("settled_by", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(length=48), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gaps")),
        sa.UniqueConstraint("key", name=op.f("uq_gaps_key")),
    )
    op.create_table(
        "identities",
        sa.Column("alias", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.LargeBinary(length=16), nullable=False),
        sa.Column("naming", sa.String(length=10), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("consent", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_after", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("naming <> 'named' or consent <> ''", name=op.f("ck_identities_consent")),
        sa.PrimaryKeyConstraint("alias", name=op.f("pk_identities")),
    )
    op.create_index(op.f("ix_identities_owner"), "identities", ["owner"], unique=False)
    op.create_table(
        "ledgers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("amends_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("stamp", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["amends_id"], ["ledgers.id"], name=op.f("fk_ledgers_amends_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledgers")),
        sa.UniqueConstraint("kind", "first", "district", "number", name=op.f("uq_ledgers_kind_first_district_number")),
    )
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
    op.create_index(op.f("ix_limit_changes_kind"), "limit_changes", ["kind"], unique=False)
    op.create_table(
        "notice_photos",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_notice_photos")),
    )
    op.create_table(
        "parked_updates",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("update_id", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parked_updates")),
    )
    op.create_table(
        "points_accounts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner", sa.LargeBinary(length=16), nullable=False),
        sa.Column("available", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("debt", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("head", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint(
            "available >= 0 AND held >= 0 AND debt >= 0", name=op.f("ck_points_accounts_never_negative")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_accounts")),
        sa.UniqueConstraint("owner", name=op.f("uq_points_accounts_owner")),
    )
    op.create_table(
        "question_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "region", "what", name=op.f("pk_question_counts")),
    )
    op.create_table(
        "revisions",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_revisions")),
    )
    op.create_table(
        "reward_stocks",
        sa.Column("reward", sa.String(length=32), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.CheckConstraint("remaining >= 0 AND remaining <= total", name=op.f("ck_reward_stocks_never_negative")),
        sa.PrimaryKeyConstraint("reward", name=op.f("pk_reward_stocks")),
    )
    op.create_table(
        "seen_updates",
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "id", name=op.f("pk_seen_updates")),
    )
    op.create_index(op.f("ix_seen_updates_at"), "seen_updates", ["at"], unique=False)
    op.create_table(
        "station_reports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("station_id", sa.String(length=24), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("reporter", sa.LargeBinary(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station_reports")),
    )
    op.create_index("ix_station_reports_station", "station_reports", ["station_id", "at"], unique=False)
    op.create_table(
        "stations",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("datum", sa.String(length=8), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=9), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("hours", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("checked", sa.Date(), nullable=True),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("doubtful_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offer", sa.String(length=200), nullable=False),
        sa.Column("offer_from", sa.Date(), nullable=True),
        sa.Column("offer_until", sa.Date(), nullable=True),
        sa.Column("photo", sa.String(length=200), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stations")),
    )
    op.create_index(op.f("ix_stations_region"), "stations", ["region"], unique=False)
    op.create_table(
        "teams",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("leader_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("district", "name", name=op.f("uq_teams_district_name")),
    )
    op.create_table(
        "tombstones",
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_tombstones")),
    )
    op.create_index(op.f("ix_tombstones_at"), "tombstones", ["at"], unique=False)
    op.create_table(
        "topic_counts",
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("useful", sa.Integer(), nullable=False),
        sa.Column("useless", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "day", name=op.f("pk_topic_counts")),
    )
    op.create_table(
        "trial_groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial_groups")),
        sa.UniqueConstraint("district", "name", name=op.f("uq_trial_groups_district_name")),
    )
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
    op.create_index(op.f("ix_views_subject"), "views", ["subject"], unique=False)
    op.create_table(
        "web_bots",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("last_update", sa.BigInteger(), nullable=False),
        sa.Column("poller", sa.BigInteger(), nullable=False),
        sa.Column("allowed_updates", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("webhook", sa.LargeBinary(), nullable=True),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.Column("error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("profile", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_bots")),
        sa.UniqueConstraint("key", name=op.f("uq_web_bots_key")),
    )
    op.create_table(
        "web_people",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("profile", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_people")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("exact", sa.Boolean(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("a_minute", sa.Integer(), nullable=False),
        sa.Column("a_day", sa.Integer(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("in_minute", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("in_day", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_api_keys_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_keys_hash")),
        sa.UniqueConstraint("name", name=op.f("uq_api_keys_name")),
    )
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
        sa.Column("priority", sa.Boolean(), nullable=False),
        sa.Column("behalf", sa.Boolean(), nullable=False),
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
        sa.Column("forwarded", sa.Boolean(), nullable=False),
        sa.Column("backend_number", sa.String(length=64), nullable=False),
        sa.Column("hold", sa.String(length=200), nullable=False),
        sa.Column("news_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("hops >= 0 and reopened >= 0 and level between 0 and 3", name=op.f("ck_appeals_counts")),
        sa.ForeignKeyConstraint(["about_id"], ["agencies.id"], name=op.f("fk_appeals_about_id")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_appeals_agency_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["appeals.id"], name=op.f("fk_appeals_parent_id")),
        sa.ForeignKeyConstraint(["previous_id"], ["appeals.id"], name=op.f("fk_appeals_previous_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
        sa.UniqueConstraint("alias", name=op.f("uq_appeals_alias")),
        sa.UniqueConstraint("number", name=op.f("uq_appeals_number")),
    )
    op.create_index("ix_appeals_agency", "appeals", ["agency_id", "state"], unique=False)
    op.create_index(op.f("ix_appeals_created_at"), "appeals", ["created_at"], unique=False)
    op.create_index("ix_appeals_queue", "appeals", ["state", "due_at"], unique=False)
    op.create_table(
        "chat_tags",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=op.f("fk_chat_tags_chat_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat_id", "tag", name=op.f("pk_chat_tags")),
    )
    op.create_table(
        "consultations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Integer(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["lead_id"], ["agencies.id"], name=op.f("fk_consultations_lead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultations")),
    )
    op.create_table(
        "hazard_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("area", sa.String(length=16), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_hazard_rules_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hazard_rules")),
        sa.UniqueConstraint("kind", "area", name=op.f("uq_hazard_rules_kind_area")),
    )
    op.create_table(
        "hazards",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("alias", sa.String(length=32), nullable=True),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("priority", sa.Boolean(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("handler_id", sa.Integer(), nullable=True),
        sa.Column("hops", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("suspect", sa.String(length=16), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("metres", sa.Integer(), nullable=True),
        sa.Column("off_site", sa.String(length=200), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("reopened >= 0 and level between 0 and 3 and hops >= 0", name=op.f("ck_hazards_counts")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_hazards_agency_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["hazards.id"], name=op.f("fk_hazards_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hazards")),
        sa.UniqueConstraint("alias", name=op.f("uq_hazards_alias")),
        sa.UniqueConstraint("number", name=op.f("uq_hazards_number")),
    )
    op.create_index("ix_hazards_agency", "hazards", ["agency_id", "state"], unique=False)
    op.create_index(op.f("ix_hazards_created_at"), "hazards", ["created_at"], unique=False)
    op.create_index("ix_hazards_place", "hazards", ["latitude", "longitude"], unique=False)
    op.create_index("ix_hazards_queue", "hazards", ["state", "due_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("chat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=op.f("fk_outbox_chat_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_chat",
        "outbox",
        ["chat_id", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_outbox_events",
        "outbox",
        ["subject", "id"],
        unique=False,
        sqlite_where=sa.text("kind = 'backend' AND sent_at IS NULL"),
        postgresql_where=sa.text("kind = 'backend' AND sent_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["lane", "due_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "points_entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("d_available", sa.Integer(), nullable=False),
        sa.Column("d_held", sa.Integer(), nullable=False),
        sa.Column("d_debt", sa.Integer(), nullable=False),
        sa.Column("d_issuer", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("place", sa.String(length=24), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("d_available + d_held - d_debt + d_issuer = 0", name=op.f("ck_points_entries_balanced")),
        sa.ForeignKeyConstraint(["account_id"], ["points_accounts.id"], name=op.f("fk_points_entries_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_entries")),
        sa.UniqueConstraint("kind", "source", name=op.f("uq_points_entries_kind_source")),
    )
    op.create_index("ix_points_entries_account", "points_entries", ["account_id", "id"], unique=False)
    op.create_table(
        "staff",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("username", sa.String(length=32), nullable=False),
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("chat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("totp", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.Column("recovery", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=op.f("fk_staff_chat_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("chat_id", name=op.f("uq_staff_chat_id")),
        sa.UniqueConstraint("username", name=op.f("uq_staff_username")),
    )
    op.create_table(
        "volunteers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("alias", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.LargeBinary(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("consent", sa.String(length=16), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("job", sa.String(length=16), nullable=False),
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("grid", sa.String(length=60), nullable=False),
        sa.Column("availability", sa.String(length=16), nullable=False),
        sa.Column("skills", sa.String(length=200), nullable=False),
        sa.Column("liaison", sa.Boolean(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("suspended_by", sa.Integer(), nullable=True),
        sa.Column("certificate", sa.String(length=16), nullable=True),
        sa.Column("certified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("renewal_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("consent <> ''", name=op.f("ck_volunteers_consent")),
        sa.CheckConstraint("state <> 'active' OR certificate IS NOT NULL", name=op.f("ck_volunteers_active")),
        sa.CheckConstraint("(certificate IS NULL) = (expires_at IS NULL)", name=op.f("ck_volunteers_certificate")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_volunteers_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volunteers")),
        sa.UniqueConstraint("alias", name=op.f("uq_volunteers_alias")),
        sa.UniqueConstraint("certificate", name=op.f("uq_volunteers_certificate")),
        sa.UniqueConstraint("number", name=op.f("uq_volunteers_number")),
    )
    op.create_index(op.f("ix_volunteers_owner"), "volunteers", ["owner"], unique=False)
    op.create_index("ix_volunteers_queue", "volunteers", ["district", "state"], unique=False)
    op.create_index(
        "uq_volunteers_open",
        "volunteers",
        ["owner"],
        unique=True,
        sqlite_where=sa.text("state NOT IN ('rejected', 'resigned', 'dismissed')"),
        postgresql_where=sa.text("state NOT IN ('rejected', 'resigned', 'dismissed')"),
    )
    op.create_table(
        "vouchers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("chat_id", sa.LargeBinary(), nullable=True),
        sa.Column("reward", sa.String(length=32), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=True),
        sa.Column("key", sa.LargeBinary(length=16), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("(state = 'fulfilled') = (used_at IS NOT NULL)", name=op.f("ck_vouchers_used")),
        sa.ForeignKeyConstraint(["account_id"], ["points_accounts.id"], name=op.f("fk_vouchers_account_id")),
        sa.ForeignKeyConstraint(["reward"], ["reward_stocks.reward"], name=op.f("fk_vouchers_reward")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vouchers")),
        sa.UniqueConstraint("key", name=op.f("uq_vouchers_key")),
    )
    op.create_index("ix_vouchers_account", "vouchers", ["account_id", "id"], unique=False)
    op.create_table(
        "web_conversations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("last_message", sa.BigInteger(), nullable=False),
        sa.Column("last_event", sa.BigInteger(), nullable=False),
        sa.Column("keyboard", sa.LargeBinary(), nullable=True),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("action_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paced_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["web_bots.id"], name=op.f("fk_web_conversations_bot_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["web_people.id"], name=op.f("fk_web_conversations_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_conversations")),
        sa.UniqueConstraint("bot_id", "person_id", name=op.f("uq_web_conversations_bot_id_person_id")),
    )
    op.create_index(op.f("ix_web_conversations_person_id"), "web_conversations", ["person_id"], unique=False)
    op.create_table(
        "web_results",
        sa.Column("bot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("result", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["bot_id"], ["web_bots.id"], name=op.f("fk_web_results_bot_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("bot_id", "key", name=op.f("pk_web_results")),
    )
    op.create_index(op.f("ix_web_results_at"), "web_results", ["at"], unique=False)
    op.create_table(
        "web_updates",
        sa.Column("bot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("update_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["bot_id"], ["web_bots.id"], name=op.f("fk_web_updates_bot_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("bot_id", "update_id", name=op.f("pk_web_updates")),
    )
    op.create_index(op.f("ix_web_updates_due_at"), "web_updates", ["due_at"], unique=False)
    op.create_index("ix_web_updates_queue", "web_updates", ["bot_id", "queue", "update_id"], unique=False)
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
        sa.Column("rating", sa.String(length=8), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeals.id"], name=op.f("fk_appeal_steps_appeal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal_steps")),
        sa.UniqueConstraint("appeal_id", "key", name=op.f("uq_appeal_steps_appeal_id_key")),
    )
    op.create_index(op.f("ix_appeal_steps_appeal_id"), "appeal_steps", ["appeal_id"], unique=False)
    op.create_index(op.f("ix_appeal_steps_at"), "appeal_steps", ["at"], unique=False)
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
    op.create_index(op.f("ix_attachments_appeal_id"), "attachments", ["appeal_id"], unique=False)
    op.create_table(
        "case_presences",
        sa.Column("appeal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("typing", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeals.id"], name=op.f("fk_case_presences_appeal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_case_presences_staff_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("appeal_id", "staff_id", name=op.f("pk_case_presences")),
    )
    op.create_index(op.f("ix_case_presences_at"), "case_presences", ["at"], unique=False)
    op.create_table(
        "consultation_cases",
        sa.Column("appeal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeals.id"], name=op.f("fk_consultation_cases_appeal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultations.id"],
            name=op.f("fk_consultation_cases_consultation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("appeal_id", name=op.f("pk_consultation_cases")),
    )
    op.create_index(
        op.f("ix_consultation_cases_consultation_id"), "consultation_cases", ["consultation_id"], unique=False
    )
    op.create_table(
        "consultation_voices",
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("alias", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("vote", sa.String(length=8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultations.id"],
            name=op.f("fk_consultation_voices_consultation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("consultation_id", "alias", name=op.f("pk_consultation_voices")),
    )
    op.create_table(
        "hazard_followers",
        sa.Column("alias", sa.String(length=32), nullable=False),
        sa.Column("hazard_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner", sa.LargeBinary(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hazard_id"], ["hazards.id"], name=op.f("fk_hazard_followers_hazard_id")),
        sa.PrimaryKeyConstraint("alias", name=op.f("pk_hazard_followers")),
        sa.UniqueConstraint("hazard_id", "owner", name=op.f("uq_hazard_followers_hazard_id_owner")),
    )
    op.create_index(op.f("ix_hazard_followers_hazard_id"), "hazard_followers", ["hazard_id"], unique=False)
    op.create_table(
        "hazard_photos",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hazard_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("part", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("origin", sa.LargeBinary(), nullable=True),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("mime", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("print", sa.String(length=32), nullable=False),
        sa.Column("shown", sa.String(length=40), nullable=False),
        sa.Column("shown_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hazard_id"], ["hazards.id"], name=op.f("fk_hazard_photos_hazard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hazard_photos")),
    )
    op.create_index(op.f("ix_hazard_photos_hazard_id"), "hazard_photos", ["hazard_id"], unique=False)
    op.create_index(op.f("ix_hazard_photos_print"), "hazard_photos", ["print"], unique=False)
    op.create_table(
        "hazard_steps",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hazard_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hazard_id"], ["hazards.id"], name=op.f("fk_hazard_steps_hazard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hazard_steps")),
        sa.UniqueConstraint("hazard_id", "key", name=op.f("uq_hazard_steps_hazard_id_key")),
    )
    op.create_index(op.f("ix_hazard_steps_at"), "hazard_steps", ["at"], unique=False)
    op.create_index(op.f("ix_hazard_steps_hazard_id"), "hazard_steps", ["hazard_id"], unique=False)
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
        sa.Column("photo", sa.String(length=64), nullable=True),
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
        "open311_posts",
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("once", sa.String(length=80), nullable=False),
        sa.Column("content", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hazard_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hazard_id"], ["hazards.id"], name=op.f("fk_open311_posts_hazard_id")),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name=op.f("fk_open311_posts_key_id")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_open311_posts")),
        sa.UniqueConstraint("key_id", "once", name=op.f("uq_open311_posts_key_id_once")),
    )
    op.create_table(
        "policy_revisions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
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
    op.create_index("ix_policy_revisions_topic", "policy_revisions", ["topic", "id"], unique=False)
    op.create_table(
        "saved_filters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("query", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_saved_filters_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filters")),
    )
    op.create_index(op.f("ix_saved_filters_staff_id"), "saved_filters", ["staff_id"], unique=False)
    op.create_table(
        "shifts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("volunteer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name=op.f("ck_shifts_order")),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteers.id"], name=op.f("fk_shifts_volunteer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
    )
    op.create_index("ix_shifts_state", "shifts", ["state", "volunteer_id"], unique=False)
    op.create_index(
        "uq_shifts_open",
        "shifts",
        ["volunteer_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "sign_in_links",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token", sa.LargeBinary(length=32), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("browser", sa.LargeBinary(length=32), nullable=True),
        sa.Column("asked", sa.BigInteger(), nullable=True),
        sa.Column("target", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_sign_in_links_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_links")),
        sa.UniqueConstraint("asked", name=op.f("uq_sign_in_links_asked")),
        sa.UniqueConstraint("token", name=op.f("uq_sign_in_links_token")),
    )
    op.create_index(op.f("ix_sign_in_links_staff_id"), "sign_in_links", ["staff_id"], unique=False)
    op.create_table(
        "staff_roles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("category", sa.String(length=16), nullable=False),
        sa.Column("granted_by", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_roles_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_roles")),
        sa.UniqueConstraint(
            "staff_id", "role", "district", "category", name=op.f("uq_staff_roles_staff_id_role_district_category")
        ),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("elevated_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("browser", sa.LargeBinary(), nullable=False),
        sa.Column("offered", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_sessions_staff_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_sessions")),
        sa.UniqueConstraint("key", name=op.f("uq_staff_sessions_key")),
    )
    op.create_index(op.f("ix_staff_sessions_staff_id"), "staff_sessions", ["staff_id"], unique=False)
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
    op.create_table(
        "trainings",
        sa.Column("volunteer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item", sa.String(length=16), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteers.id"], name=op.f("fk_trainings_volunteer_id")),
        sa.PrimaryKeyConstraint("volunteer_id", "item", name=op.f("pk_trainings")),
    )
    op.create_table(
        "trial_members",
        sa.Column("group_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("staff_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["trial_groups.id"], name=op.f("fk_trial_members_group_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_trial_members_staff_id")),
        sa.PrimaryKeyConstraint("group_id", "staff_id", name=op.f("pk_trial_members")),
    )
    op.create_table(
        "volunteer_steps",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("volunteer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteers.id"], name=op.f("fk_volunteer_steps_volunteer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volunteer_steps")),
        sa.UniqueConstraint("volunteer_id", "key", name=op.f("uq_volunteer_steps_volunteer_id_key")),
    )
    op.create_index(op.f("ix_volunteer_steps_volunteer_id"), "volunteer_steps", ["volunteer_id"], unique=False)
    op.create_table(
        "web_files",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("about", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["web_conversations.id"],
            name=op.f("fk_web_files_conversation_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["web_people.id"], name=op.f("fk_web_files_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_files")),
        sa.UniqueConstraint("name", name=op.f("uq_web_files_name")),
    )
    op.create_index(op.f("ix_web_files_conversation_id"), "web_files", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_web_files_person_id"), "web_files", ["person_id"], unique=False)
    op.create_table(
        "web_messages",
        sa.Column("conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("mine", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("key", sa.String(length=40), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["web_conversations.id"],
            name=op.f("fk_web_messages_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "message_id", name=op.f("pk_web_messages")),
        sa.UniqueConstraint("conversation_id", "key", name=op.f("uq_web_messages_conversation_id_key")),
    )
    op.create_index("ix_web_messages_event", "web_messages", ["conversation_id", "event"], unique=False)
    op.create_table(
        "web_presses",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("bot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("pressed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["bot_id"], ["web_bots.id"], name=op.f("fk_web_presses_bot_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["web_conversations.id"],
            name=op.f("fk_web_presses_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_presses")),
    )
    op.create_index("ix_web_presses_event", "web_presses", ["conversation_id", "event"], unique=False)
    op.create_index(op.f("ix_web_presses_pressed_at"), "web_presses", ["pressed_at"], unique=False)
    op.create_table(
        "notice_approvals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("content", sa.JSON(), nullable=True),
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
    op.create_index(op.f("ix_notice_approvals_notice_id"), "notice_approvals", ["notice_id"], unique=False)
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
        sa.Column("responded_at", sa.BigInteger(), nullable=True),
        sa.Column("opted_out_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=op.f("fk_notice_copies_chat_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_copies_notice_id")),
        sa.PrimaryKeyConstraint("chat_id", "notice_id", name=op.f("pk_notice_copies")),
    )
    op.create_index(
        "ix_notice_copies_opted_out",
        "notice_copies",
        ["notice_id"],
        unique=False,
        sqlite_where=sa.text("opted_out_at IS NOT NULL"),
        postgresql_where=sa.text("opted_out_at IS NOT NULL"),
    )
    op.create_index(
        "ix_notice_copies_responded",
        "notice_copies",
        ["notice_id"],
        unique=False,
        sqlite_where=sa.text("responded_at IS NOT NULL"),
        postgresql_where=sa.text("responded_at IS NOT NULL"),
    )
    op.create_index(
        "ix_notice_copies_state", "notice_copies", ["notice_id", "channel", "state", "due", "chat_id"], unique=False
    )
    op.create_table(
        "notice_totals",
        sa.Column("notice_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("why", sa.String(length=60), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("responded", sa.Integer(), nullable=False),
        sa.Column("opted_out", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_totals_notice_id")),
        sa.PrimaryKeyConstraint("notice_id", "state", "why", name=op.f("pk_notice_totals")),
    )
    op.create_table(
        "notice_writers",
        sa.Column("notice_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("staff_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_writers_notice_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_notice_writers_staff_id")),
        sa.PrimaryKeyConstraint("notice_id", "staff_id", name=op.f("pk_notice_writers")),
    )
