"""points

Before the new code: the old one does not know these tables.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0646"
down_revision = "20261122_0645"
branch_labels = None
depends_on = None


# The lifecycle as it was when this revision was written; tests compare the table with bot.services.vouchers.
STEPS = (
    ("issued", "cancelled"),
    ("issued", "expired"),
    ("issued", "fulfilled"),
    ("reserved", "cancelled"),
    ("reserved", "expired"),
    ("reserved", "issued"),
)

SQLITE = (
    """
    CREATE TRIGGER vouchers_step BEFORE UPDATE OF state ON vouchers
    WHEN OLD.state <> NEW.state AND NOT EXISTS (
        SELECT 1 FROM allowed_steps WHERE kind = 'voucher' AND source = OLD.state AND target = NEW.state)
    BEGIN SELECT RAISE(ABORT, 'illegal step'); END
    """,
    """
    CREATE TRIGGER vouchers_begin BEFORE INSERT ON vouchers WHEN NEW.state <> 'reserved'
    BEGIN SELECT RAISE(ABORT, 'illegal step'); END
    """,
    "CREATE TRIGGER points_fixed BEFORE UPDATE ON points_entries BEGIN SELECT RAISE(ABORT, 'append only'); END",
    "CREATE TRIGGER points_kept BEFORE DELETE ON points_entries BEGIN SELECT RAISE(ABORT, 'append only'); END",
)
POSTGRESQL = (
    """
    CREATE TRIGGER vouchers_step BEFORE INSERT OR UPDATE OF state ON vouchers
    FOR EACH ROW EXECUTE FUNCTION check_step('voucher', 'reserved')
    """,
    """
    CREATE TRIGGER points_fixed BEFORE UPDATE OR DELETE ON points_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """,
)


def upgrade() -> None:
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
        "reward_stocks",
        sa.Column("reward", sa.String(length=32), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.CheckConstraint("remaining >= 0 AND remaining <= total", name=op.f("ck_reward_stocks_never_negative")),
        sa.PrimaryKeyConstraint("reward", name=op.f("pk_reward_stocks")),
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
    with op.batch_alter_table("points_entries", schema=None) as batch_op:
        batch_op.create_index("ix_points_entries_account", ["account_id", "id"], unique=False)

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
    with op.batch_alter_table("vouchers", schema=None) as batch_op:
        batch_op.create_index("ix_vouchers_account", ["account_id", "id"], unique=False)

    allowed = sa.table("allowed_steps", sa.column("kind"), sa.column("source"), sa.column("target"))
    op.bulk_insert(allowed, [{"kind": "voucher", "source": a, "target": b} for a, b in STEPS])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DELETE FROM allowed_steps WHERE kind = 'voucher'")
    with op.batch_alter_table("vouchers", schema=None) as batch_op:
        batch_op.drop_index("ix_vouchers_account")

    op.drop_table("vouchers")
    with op.batch_alter_table("points_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_points_entries_account")

    op.drop_table("points_entries")
    op.drop_table("reward_stocks")
    op.drop_table("points_accounts")
