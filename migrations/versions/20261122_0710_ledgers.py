"""ledgers

Before the new code: the old one does not know the table.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0710"
down_revision = "20261122_0702"
branch_labels = None
depends_on = None

SQLITE = (
    "CREATE TRIGGER ledgers_fixed BEFORE UPDATE ON ledgers BEGIN SELECT RAISE(ABORT, 'append only'); END",
    "CREATE TRIGGER ledgers_kept BEFORE DELETE ON ledgers BEGIN SELECT RAISE(ABORT, 'append only'); END",
)
POSTGRESQL = (
    "CREATE TRIGGER ledgers_fixed BEFORE UPDATE OR DELETE ON ledgers FOR EACH ROW EXECUTE FUNCTION refuse_change()",
)


def upgrade() -> None:
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
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("ledgers")
