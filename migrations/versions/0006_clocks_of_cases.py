"""clocks of cases, limits by district, drafts of the calendar

Before the new code: what is added is empty or has a default, so the old code goes on beside it.  It sets deadlines
without writing down what they follow from; a case it files meanwhile counts with the limit of its kind.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CHINA = ZoneInfo("Asia/Shanghai")
OPEN = {
    "appeals": "submitted accepted assigned in_progress pending_info reopened",
    "hazards": "reported validated dispatched handling reopened",
}
TIMERS = "kind = 'timer' AND state = 'waiting'"


def upgrade() -> None:
    op.create_table(
        "calendar_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_calendar_changes_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_changes")),
    )
    with op.batch_alter_table("limit_changes") as table:
        table.add_column(sa.Column("district", sa.String(length=6), nullable=False, server_default=""))
        table.add_column(sa.Column("valid_from", sa.Date(), nullable=False, server_default="2004-01-01"))
        table.alter_column("amount", existing_type=sa.Integer(), nullable=True)
    for name in OPEN:
        op.add_column(name, sa.Column("restarted_at", sa.DateTime(timezone=True), nullable=True))
        op.add_column(name, sa.Column("limit_amount", sa.Integer(), nullable=True))
        op.add_column(name, sa.Column("limit_unit", sa.String(length=16), nullable=False, server_default=""))
    op.add_column("appeals", sa.Column("pauses", sa.JSON(), nullable=True))
    op.add_column("appeals", sa.Column("extension", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(
        "ix_outbox_timers",
        "outbox",
        ["subject"],
        sqlite_where=sa.text(TIMERS),
        postgresql_where=sa.text(TIMERS),
    )
    for name, states in OPEN.items():
        _keep_deadlines(name, states.split())


def _keep_deadlines(name: str, states: list[str]) -> None:
    """Write down for every open case a limit from which its deadline follows as it stands."""
    columns = [sa.column(each) for each in ("id", "state", "limit_amount", "limit_unit")]
    moments = [sa.column(each, sa.DateTime(timezone=True)) for each in ("created_at", "due_at")]
    cases = sa.table(name, *columns, *moments)
    rows = op.get_bind().execute(sa.select(cases).where(cases.c.state.in_(states), cases.c.due_at.is_not(None)))
    for row in rows.all():
        amount, unit, due_at = _limit(_aware(row.created_at), _aware(row.due_at))
        values = {"limit_amount": amount, "limit_unit": unit, "due_at": due_at}
        op.get_bind().execute(sa.update(cases).where(cases.c.id == row.id).values(values))


def _aware(moment: datetime) -> datetime:
    """SQLite keeps UTC without saying so."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _limit(begin: datetime, due: datetime) -> tuple[int, str, datetime]:
    """A deadline at some other hour than midnight, which a pause left so, goes back to the midnight before."""
    hours = (due - begin) / timedelta(hours=1)
    midnight = datetime.combine(due.astimezone(CHINA).date(), time(), CHINA)
    if due != midnight and hours == int(hours):
        return int(hours), "hours", due
    first, last = begin.astimezone(CHINA).date(), midnight.date()
    days = (first + timedelta(days=each) for each in range(1, (last - first).days))
    return sum(map(_worked, days)), "working_days", midnight.astimezone(UTC)


def _worked(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def downgrade() -> None:
    op.drop_index("ix_outbox_timers", "outbox")
    op.drop_column("appeals", "extension")
    op.drop_column("appeals", "pauses")
    for name in OPEN:
        for column in ("limit_unit", "limit_amount", "restarted_at"):
            op.drop_column(name, column)
    op.execute("DELETE FROM limit_changes WHERE amount IS NULL OR district <> ''")
    with op.batch_alter_table("limit_changes") as table:
        table.alter_column("amount", existing_type=sa.Integer(), nullable=False)
        table.drop_column("valid_from")
        table.drop_column("district")
    op.drop_table("calendar_changes")
