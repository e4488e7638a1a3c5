"""bookings

Offerings, their sittings, seats and lines of waiting.  Runs before the new code: the old code leaves the tables alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0031"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
OPEN = sa.text("state IN ('booked', 'waiting', 'offered')")
LIFECYCLES = {
    "offering": {"draft": "approved off", "approved": "off"},
    "sitting": {"draft": "open cancelled", "open": "closed cancelled", "closed": "done cancelled"},
    "seat": {
        "waiting": "booked offered cancelled",
        "offered": "booked waiting cancelled",
        "booked": "cancelled",
    },
}
BEGIN = {  # the table of a kind, and the state in which its rows begin
    "offering": ("offerings", "draft"),
    "sitting": ("sittings", "draft"),
    "seat": ("seats", "waiting"),
}


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
    for kind, (table, first) in BEGIN.items():
        _guard(kind, table, first)


def downgrade() -> None:
    for table in ("seat_steps", "seats", "sittings", "offerings"):
        op.drop_table(table)
    for kind in LIFECYCLES:
        op.execute(sa.text("DELETE FROM allowed_steps WHERE kind = :kind").bindparams(kind=kind))


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
        "offerings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("jobs", sa.JSON(), nullable=False),
        sa.Column("book_hours", sa.Integer(), nullable=False),
        sa.Column("cancel_hours", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("writers", sa.JSON(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.CheckConstraint("book_hours >= 0 AND cancel_hours >= 0", name=op.f("ck_offerings_hours")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name="fk_offerings_agency_id"),
        sa.PrimaryKeyConstraint("id", name="pk_offerings"),
    )
    op.create_index("ix_offerings_list", "offerings", ["state", "region"])
    op.create_table(
        "sittings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offering_id", sa.Integer(), nullable=False),
        sa.Column("start_at", MOMENT, nullable=False),
        sa.Column("end_at", MOMENT, nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("least", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reminded", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.CheckConstraint("taken BETWEEN 0 AND capacity", name=op.f("ck_sittings_seats")),
        sa.CheckConstraint("end_at > start_at", name=op.f("ck_sittings_order")),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name="fk_sittings_offering_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sittings"),
    )
    op.create_index("ix_sittings_list", "sittings", ["state", "start_at"])
    op.create_index("ix_sittings_offering_id", "sittings", ["offering_id"])
    op.create_table(
        "seats",
        sa.Column("id", BIG, nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("sitting_id", sa.Integer(), nullable=False),
        sa.Column("alias", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.LargeBinary(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("hold_until", MOMENT, nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.CheckConstraint("(state = 'offered') = (hold_until IS NOT NULL)", name=op.f("ck_seats_held")),
        sa.ForeignKeyConstraint(["sitting_id"], ["sittings.id"], name="fk_seats_sitting_id"),
        sa.PrimaryKeyConstraint("id", name="pk_seats"),
        sa.UniqueConstraint("number", name="uq_seats_number"),
        sa.UniqueConstraint("alias", name="uq_seats_alias"),
    )
    op.create_index("ix_seats_line", "seats", ["sitting_id", "state", "line"])
    op.create_index("ix_seats_owner", "seats", ["owner"])
    op.create_index(
        "uq_seats_open", "seats", ["sitting_id", "owner"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_table(
        "seat_steps",
        sa.Column("id", BIG, nullable=False),
        sa.Column("seat_id", BIG, nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["seat_id"], ["seats.id"], name="fk_seat_steps_seat_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_seat_steps"),
    )
    op.create_index("ix_seat_steps_seat_id", "seat_steps", ["seat_id"])
