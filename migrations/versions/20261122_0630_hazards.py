"""hazards

Before the new code: the old one does not know these tables.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0630"
down_revision = "20261122_0625"
branch_labels = None
depends_on = None


# The lifecycle as it was when this revision was written; tests compare the table with bot.services.hazards.states.
STEPS = (
    ("dispatched", "handling"),
    ("dispatched", "validated"),
    ("handling", "resolved"),
    ("reopened", "dispatched"),
    ("reported", "duplicate"),
    ("reported", "rejected"),
    ("reported", "validated"),
    ("reported", "withdrawn"),
    ("resolved", "reopened"),
    ("resolved", "verified"),
    ("rewarded", "reopened"),
    ("validated", "dispatched"),
    ("validated", "duplicate"),
    ("validated", "rejected"),
    ("validated", "withdrawn"),
    ("verified", "reopened"),
    ("verified", "rewarded"),
)
SQLITE = (
    """
    CREATE TRIGGER hazards_step BEFORE UPDATE OF state ON hazards
    WHEN OLD.state <> NEW.state AND NOT EXISTS (
        SELECT 1 FROM allowed_steps WHERE kind = 'hazard' AND source = OLD.state AND target = NEW.state)
    BEGIN SELECT RAISE(ABORT, 'illegal step'); END
    """,
    """
    CREATE TRIGGER hazards_begin BEFORE INSERT ON hazards WHEN NEW.state <> 'reported'
    BEGIN SELECT RAISE(ABORT, 'illegal step'); END
    """,
)
POSTGRESQL = (
    """
    CREATE TRIGGER hazards_step BEFORE INSERT OR UPDATE OF state ON hazards
    FOR EACH ROW EXECUTE FUNCTION check_step('hazard', 'reported')
    """,
)


def upgrade() -> None:
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
    with op.batch_alter_table("hazards", schema=None) as batch_op:
        batch_op.create_index("ix_hazards_agency", ["agency_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_hazards_created_at"), ["created_at"], unique=False)
        batch_op.create_index("ix_hazards_place", ["latitude", "longitude"], unique=False)
        batch_op.create_index("ix_hazards_queue", ["state", "due_at"], unique=False)

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
    with op.batch_alter_table("hazard_followers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hazard_followers_hazard_id"), ["hazard_id"], unique=False)

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
    with op.batch_alter_table("hazard_photos", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hazard_photos_hazard_id"), ["hazard_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_hazard_photos_print"), ["print"], unique=False)

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
    with op.batch_alter_table("hazard_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hazard_steps_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_hazard_steps_hazard_id"), ["hazard_id"], unique=False)

    allowed = sa.table("allowed_steps", sa.column("kind"), sa.column("source"), sa.column("target"))
    op.bulk_insert(allowed, [{"kind": "hazard", "source": a, "target": b} for a, b in STEPS])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    with op.batch_alter_table("hazard_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hazard_steps_hazard_id"))
        batch_op.drop_index(batch_op.f("ix_hazard_steps_at"))

    op.drop_table("hazard_steps")
    with op.batch_alter_table("hazard_photos", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hazard_photos_print"))
        batch_op.drop_index(batch_op.f("ix_hazard_photos_hazard_id"))

    op.drop_table("hazard_photos")
    with op.batch_alter_table("hazard_followers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hazard_followers_hazard_id"))

    op.drop_table("hazard_followers")
    with op.batch_alter_table("hazards", schema=None) as batch_op:
        batch_op.drop_index("ix_hazards_queue")
        batch_op.drop_index("ix_hazards_place")
        batch_op.drop_index(batch_op.f("ix_hazards_created_at"))
        batch_op.drop_index("ix_hazards_agency")

    op.drop_table("hazards")
    op.drop_table("hazard_rules")
    op.execute("DELETE FROM allowed_steps WHERE kind = 'hazard'")
