"""writers

Before the new code.  Who wrote the notices there are is known of their last author only.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0822"
down_revision = "20261122_0736"
branch_labels = None
depends_on = None

WROTE = "SELECT 1 FROM notice_writers AS w WHERE w.notice_id = NEW.{notice} AND w.staff_id = {staff}"
OF_AN_APPROVAL = WROTE.format(notice="notice_id", staff="NEW.approver_id")
APPROVERS = f"""SELECT count(DISTINCT a.approver_id) FROM notice_approvals AS a
        WHERE a.notice_id = NEW.id AND a.digest = NEW.digest AND a.approved
        AND NOT EXISTS ({WROTE.format(notice="id", staff="a.approver_id")})"""  # noqa: S608 (our own words)
NEEDED = "(CASE WHEN NEW.kind = 'emergency' THEN 2 ELSE 1 END)"
AGREED = """SELECT 1 FROM notice_approvals AS a WHERE a.notice_id = NEW.id AND a.digest = NEW.digest AND a.approved
        AND a.approver_id <> NEW.author_id"""
SQLITE = """
    CREATE TRIGGER notices_agreed BEFORE UPDATE OF state ON notices
    WHEN NEW.state = 'scheduled' AND OLD.state <> 'scheduled' AND NEW.does <> 'unsay' AND {unless}
    BEGIN SELECT RAISE(ABORT, 'nobody agreed'); END
    """
SQLITE_OTHERS = f"""
    CREATE TRIGGER notice_approvals_others BEFORE INSERT ON notice_approvals WHEN EXISTS ({OF_AN_APPROVAL})
    BEGIN SELECT RAISE(ABORT, 'own notice'); END
    """
POSTGRESQL = """
    CREATE OR REPLACE FUNCTION check_agreed() RETURNS trigger AS $$
    BEGIN
        IF NEW.state = 'scheduled' AND OLD.state <> 'scheduled' AND NEW.does <> 'unsay' AND {unless} THEN
            RAISE EXCEPTION 'nobody agreed';
        END IF;
        RETURN NEW;
    END $$ LANGUAGE plpgsql
    """
POSTGRESQL_OTHERS = (
    f"""
    CREATE FUNCTION check_others() RETURNS trigger AS $$
    BEGIN
        IF EXISTS ({OF_AN_APPROVAL}) THEN RAISE EXCEPTION 'own notice'; END IF;
        RETURN NEW;
    END $$ LANGUAGE plpgsql
    """,
    """
    CREATE TRIGGER notice_approvals_others BEFORE INSERT ON notice_approvals
    FOR EACH ROW EXECUTE FUNCTION check_others()
    """,
)


def upgrade() -> None:
    op.create_table(
        "notice_writers",
        sa.Column("notice_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("staff_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_writers_notice_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_notice_writers_staff_id")),
        sa.PrimaryKeyConstraint("notice_id", "staff_id", name=op.f("pk_notice_writers")),
    )
    op.execute("INSERT INTO notice_writers (notice_id, staff_id) SELECT id, author_id FROM notices")
    _agreed(f"({APPROVERS}) < {NEEDED}")
    for statement in POSTGRESQL_OTHERS if _on_postgresql() else (SQLITE_OTHERS,):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER notice_approvals_others" + (" ON notice_approvals" if _on_postgresql() else ""))
    if _on_postgresql():
        op.execute("DROP FUNCTION check_others()")
    _agreed(f"NOT EXISTS ({AGREED})")
    op.drop_table("notice_writers")


def _agreed(unless: str) -> None:
    if not _on_postgresql():
        op.execute("DROP TRIGGER notices_agreed")
    op.execute((POSTGRESQL if _on_postgresql() else SQLITE).format(unless=unless))


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
