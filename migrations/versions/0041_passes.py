"""passes

Passes, their timeline and the rosters of platforms.  Runs before the new code: the old code leaves the tables alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
OPEN = sa.text("state IN ('applied', 'active', 'suspended')")
STATES = {
    "applied": "active rejected withdrawn",
    "active": "suspended expired withdrawn",
    "suspended": "active revoked withdrawn",
    "expired": "active",
}


def upgrade() -> None:
    _create_tables()
    allowed = sa.table("allowed_steps", sa.column("kind"), sa.column("source"), sa.column("target"))
    op.bulk_insert(
        allowed,
        [
            {"kind": "pass", "source": source, "target": target}
            for source, targets in STATES.items()
            for target in targets.split()
        ],
    )
    _guard("pass", "passes", "applied")


def downgrade() -> None:
    for table in ("rosters", "pass_steps", "passes"):
        op.drop_table(table)
    op.execute("DELETE FROM allowed_steps WHERE kind = 'pass'")


def _guard(kind: str, table: str, first: str) -> None:
    """The triggers every table with states has: see 0001."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_step BEFORE INSERT OR UPDATE OF state ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION check_step('{kind}', '{first}')"
        )
        return
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


def _create_tables() -> None:
    op.create_table(
        "passes",
        sa.Column("id", BIG, nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("alias", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.LargeBinary(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("consent", sa.String(length=16), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("outlet_id", sa.Integer(), nullable=True),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("phone", sa.LargeBinary(length=16), nullable=True),
        sa.Column("checked_how", sa.String(length=16), nullable=False),
        sa.Column("checked_by", sa.Integer(), nullable=True),
        sa.Column("valid_until", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.CheckConstraint("state <> 'active' OR valid_until IS NOT NULL", name=op.f("ck_passes_dated")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name="fk_passes_outlet_id"),
        sa.PrimaryKeyConstraint("id", name="pk_passes"),
        sa.UniqueConstraint("number", name="uq_passes_number"),
        sa.UniqueConstraint("alias", name="uq_passes_alias"),
    )
    op.create_index("ix_passes_owner", "passes", ["owner"])
    op.create_index("ix_passes_outlet_id", "passes", ["outlet_id"])
    op.create_index("ix_passes_list", "passes", ["state", "region"])
    op.create_index("ix_passes_roster", "passes", ["platform", "phone"])
    op.create_index("uq_passes_open", "passes", ["owner"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_table(
        "pass_steps",
        sa.Column("id", BIG, nullable=False),
        sa.Column("pass_id", BIG, nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["pass_id"], ["passes.id"], name="fk_pass_steps_pass_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_pass_steps"),
    )
    op.create_index("ix_pass_steps_pass_id", "pass_steps", ["pass_id"])
    op.create_table(
        "rosters",
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("phone", sa.LargeBinary(length=16), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("uploaded_by", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "region", "phone", name="pk_rosters"),
    )
    op.create_index("ix_rosters_valid_until", "rosters", ["valid_until"])
