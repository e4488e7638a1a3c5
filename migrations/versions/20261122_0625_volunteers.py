"""volunteers

Before the new code: the old one does not know these tables.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0625"
down_revision = "20261122_0618"
branch_labels = None
depends_on = None


# The lifecycle as it was when this revision was written; tests compare the table with bot.services.volunteer_states.
STEPS = (
    ("active", "lapsed"),
    ("active", "paused"),
    ("active", "resigned"),
    ("active", "suspended"),
    ("applied", "resigned"),
    ("applied", "reviewing"),
    ("approved", "resigned"),
    ("approved", "training"),
    ("lapsed", "active"),
    ("lapsed", "resigned"),
    ("paused", "active"),
    ("paused", "lapsed"),
    ("paused", "resigned"),
    ("paused", "suspended"),
    ("reviewing", "approved"),
    ("reviewing", "rejected"),
    ("reviewing", "resigned"),
    ("suspended", "active"),
    ("suspended", "dismissed"),
    ("suspended", "lapsed"),
    ("suspended", "resigned"),
    ("training", "active"),
    ("training", "resigned"),
)

SQLITE = (
    """
    CREATE TRIGGER volunteers_step BEFORE UPDATE OF state ON volunteers
    WHEN OLD.state <> NEW.state AND NOT EXISTS (
        SELECT 1 FROM allowed_steps WHERE kind = 'volunteer' AND source = OLD.state AND target = NEW.state)
    BEGIN SELECT RAISE(ABORT, 'illegal step'); END
    """,
    """
    CREATE TRIGGER volunteers_begin BEFORE INSERT ON volunteers WHEN NEW.state <> 'applied'
    BEGIN SELECT RAISE(ABORT, 'illegal step'); END
    """,
)
POSTGRESQL = (
    """
    CREATE TRIGGER volunteers_step BEFORE INSERT OR UPDATE OF state ON volunteers
    FOR EACH ROW EXECUTE FUNCTION check_step('volunteer', 'applied')
    """,
)


def upgrade() -> None:
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
    with op.batch_alter_table("volunteers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_volunteers_owner"), ["owner"], unique=False)
        batch_op.create_index("ix_volunteers_queue", ["district", "state"], unique=False)
        batch_op.create_index(
            "uq_volunteers_open",
            ["owner"],
            unique=True,
            sqlite_where=sa.text("state NOT IN ('rejected', 'resigned', 'dismissed')"),
            postgresql_where=sa.text("state NOT IN ('rejected', 'resigned', 'dismissed')"),
        )

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
    with op.batch_alter_table("shifts", schema=None) as batch_op:
        batch_op.create_index("ix_shifts_state", ["state", "volunteer_id"], unique=False)
        batch_op.create_index(
            "uq_shifts_open",
            ["volunteer_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
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
    with op.batch_alter_table("volunteer_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_volunteer_steps_volunteer_id"), ["volunteer_id"], unique=False)

    allowed = sa.table("allowed_steps", sa.column("kind"), sa.column("source"), sa.column("target"))
    op.bulk_insert(allowed, [{"kind": "volunteer", "source": a, "target": b} for a, b in STEPS])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DELETE FROM allowed_steps WHERE kind = 'volunteer'")
    with op.batch_alter_table("volunteer_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_volunteer_steps_volunteer_id"))

    op.drop_table("volunteer_steps")
    op.drop_table("trainings")
    with op.batch_alter_table("shifts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_shifts_open", sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL")
        )
        batch_op.drop_index("ix_shifts_state")

    op.drop_table("shifts")
    with op.batch_alter_table("volunteers", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_volunteers_open",
            sqlite_where=sa.text("state NOT IN ('rejected', 'resigned', 'dismissed')"),
            postgresql_where=sa.text("state NOT IN ('rejected', 'resigned', 'dismissed')"),
        )
        batch_op.drop_index("ix_volunteers_queue")
        batch_op.drop_index(batch_op.f("ix_volunteers_owner"))

    op.drop_table("volunteers")
    op.drop_table("teams")
