"""daily counts

What each day counted, kept beside the timelines; triggers note which cases have to be counted anew.  Runs before the new
code: the old code leaves the tables alone, and the triggers note its steps, too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOVED = "OLD.region <> NEW.region OR OLD.kind <> NEW.kind OR coalesce(OLD.agency_id, 0) <> coalesce(NEW.agency_id, 0)"


def upgrade() -> None:
    op.create_table(
        "appeal_changes",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("appeal_id", BIG, nullable=False),
    )
    op.create_table(
        "counted_appeals",
        sa.Column("appeal_id", BIG, primary_key=True, autoincrement=False),
        sa.Column("region", sa.String(6), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
    )
    op.create_table(
        "daily_counts",
        sa.Column("measure", sa.String(16), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("until", sa.Date(), primary_key=True),
        sa.Column("place", sa.String(6), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("agency_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("count", sa.Integer(), nullable=False),
    )
    op.create_index("ix_daily_counts_place", "daily_counts", ["place", "measure", "day"])
    if op.get_bind().dialect.name == "sqlite":
        _note_sqlite()
    else:
        _note_postgresql()


def _note_sqlite() -> None:
    for name, event, row in (
        ("appeal_steps_noted", "INSERT ON appeal_steps", "NEW.appeal_id"),
        ("appeals_noted", f"UPDATE OF region, kind, agency_id ON appeals WHEN {MOVED}", "NEW.id"),
    ):
        op.execute(
            f"CREATE TRIGGER {name} AFTER {event} BEGIN INSERT INTO appeal_changes (appeal_id) VALUES ({row}); END"  # noqa: S608 (our own words)
        )


def _note_postgresql() -> None:
    for name, event, row in (
        ("appeal_steps_noted", "INSERT ON appeal_steps FOR EACH ROW", "NEW.appeal_id"),
        ("appeals_noted", f"UPDATE OF region, kind, agency_id ON appeals FOR EACH ROW WHEN ({MOVED})", "NEW.id"),
    ):
        op.execute(
            f"""CREATE FUNCTION {name}() RETURNS trigger AS $$
            BEGIN INSERT INTO appeal_changes (appeal_id) VALUES ({row}); RETURN NULL; END $$ LANGUAGE plpgsql"""  # noqa: S608
        )
        op.execute(f"CREATE TRIGGER {name} AFTER {event} EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, table in (("appeal_steps_noted", "appeal_steps"), ("appeals_noted", "appeals")):
        op.execute(f"DROP TRIGGER {name}" if sqlite else f"DROP TRIGGER {name} ON {table}")
        if not sqlite:
            op.execute(f"DROP FUNCTION {name}()")
    for table in ("daily_counts", "counted_appeals", "appeal_changes"):
        op.drop_table(table)
