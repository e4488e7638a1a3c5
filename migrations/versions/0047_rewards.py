"""rewards

What points buy is written in the console, no more in a file.  Runs before the new code: the old code counts the stock of
what stands here and asks its file for the rest; what it enters from a file of its own waits as a draft.  What is here already
and was shipped as a sample goes on as it was; of anything else only the code is known, so it waits as a draft, too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0043"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
STEPS = {"draft": "approved off", "approved": "draft off", "off": "draft"}
SHIPPED = (
    ("water", "矿泉水一箱", "24 瓶", 20, 14, "示例：暖新驿站服务台"),
    ("meal", "爱心餐券", "抵 15 元，一次用完", 30, 30, "示例：友好商户“街角面馆”"),
    ("gloves", "冬季手套", "防风、能点屏幕", 40, 30, "示例：暖新驿站服务台"),
    ("repair", "电动车检修一次", "不含换件", 50, 30, "示例：友好商户“车友修理铺”"),
)


def _columns() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("label", sa.String(20), nullable=False, server_default=""),
        sa.Column("about", sa.String(60), nullable=False, server_default=""),
        sa.Column("points", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("days", sa.Integer(), nullable=False, server_default="30"),
        sa.Column("region", sa.String(6), nullable=False, server_default=""),
        sa.Column("place", sa.String(100), nullable=False, server_default=""),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("funding", sa.String(60), nullable=False, server_default=""),
        sa.Column("state", sa.String(16), nullable=False, server_default="draft"),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("writers", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("changed_at", MOMENT, nullable=False, server_default="2026-01-01 00:00:00"),
        sa.Column("approved_at", MOMENT, nullable=True),
        sa.Column("approved_by", sa.Integer(), nullable=True),
    )


TABLE = sa.table("reward_stocks", sa.column("reward"), *(sa.column(each.name, each.type) for each in _columns()))


def upgrade() -> None:
    for column in _columns():
        op.add_column("reward_stocks", column)
    op.add_column("vouchers", sa.Column("label", sa.String(20), nullable=False, server_default=""))
    op.add_column("vouchers", sa.Column("place", sa.String(100), nullable=False, server_default=""))
    _fill()
    allowed = sa.table("allowed_steps", sa.column("kind"), sa.column("source"), sa.column("target"))
    ways = [(source, target) for source, targets in STEPS.items() for target in targets.split()]
    op.bulk_insert(allowed, [{"kind": "reward", "source": source, "target": target} for source, target in ways])
    _guard()


def downgrade() -> None:
    on = " ON reward_stocks" if op.get_bind().dialect.name == "postgresql" else ""
    op.execute(f"DROP TRIGGER reward_stocks_step{on}")
    if not on:
        op.execute("DROP TRIGGER reward_stocks_begin")
    op.execute("DELETE FROM allowed_steps WHERE kind = 'reward'")
    for name in ("label", "place"):
        op.drop_column("vouchers", name)
    for column in _columns():
        op.drop_column("reward_stocks", column.name)


def _fill() -> None:
    """What was in the file that was shipped, for what is counted already and for the vouchers of it."""
    op.execute(TABLE.update().values(label=sa.func.substr(TABLE.c.reward, 1, 20), approved_at=TABLE.c.changed_at))
    for code, label, about, points, days, place in SHIPPED:
        row = {"label": label, "about": about, "points": points, "days": days, "place": place, "state": "approved"}
        op.execute(TABLE.update().where(TABLE.c.reward == code).values(**row))
    vouchers = sa.table("vouchers", *(sa.column(each) for each in ("reward", "label", "place")))
    for name in ("label", "place"):
        known = sa.select(TABLE.c[name]).where(TABLE.c.reward == vouchers.c.reward).scalar_subquery()
        op.execute(vouchers.update().values({name: known}))


def _guard() -> None:
    """The triggers every table with states has: see 0001."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER reward_stocks_step BEFORE INSERT OR UPDATE OF state ON reward_stocks "
            "FOR EACH ROW EXECUTE FUNCTION check_step('reward', 'draft')"
        )
        return
    op.execute(
        """CREATE TRIGGER reward_stocks_step BEFORE UPDATE OF state ON reward_stocks
        WHEN OLD.state <> NEW.state AND NOT EXISTS (
            SELECT 1 FROM allowed_steps WHERE kind = 'reward' AND source = OLD.state AND target = NEW.state)
        BEGIN SELECT RAISE(ABORT, 'illegal step'); END"""
    )
    op.execute(
        """CREATE TRIGGER reward_stocks_begin BEFORE INSERT ON reward_stocks WHEN NEW.state <> 'draft'
        BEGIN SELECT RAISE(ABORT, 'illegal step'); END"""
    )
