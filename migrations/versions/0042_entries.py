"""entries

Entries at gates, the phones of guards, and the key by which entries name a pass.  Runs before the new code: the old code
leaves the tables alone and the column to its default.
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0046"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("passes", sa.Column("key", sa.LargeBinary(length=16), nullable=True))
    op.create_index("uq_passes_key", "passes", ["key"], unique=True)
    op.create_table(
        "gate_devices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gate_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("token", sa.LargeBinary(length=32), nullable=True),
        sa.Column("enrolled_by", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_seen", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name="fk_gate_devices_gate_id"),
        sa.PrimaryKeyConstraint("id", name="pk_gate_devices"),
        sa.UniqueConstraint("token", name="uq_gate_devices_token"),
    )
    op.create_index("ix_gate_devices_gate_id", "gate_devices", ["gate_id"])
    op.create_table(
        "entries",
        sa.Column("id", BIG, nullable=False),
        sa.Column("gate_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.LargeBinary(length=16), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("result", sa.String(length=12), nullable=False),
        sa.Column("why", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name="fk_entries_gate_id"),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
    )
    op.create_index("ix_entries_gate", "entries", ["gate_id", "at"])
    op.create_index("ix_entries_key", "entries", ["key"])


def downgrade() -> None:
    op.drop_table("entries")
    op.drop_table("gate_devices")
    op.drop_index("uq_passes_key", "passes")
    op.drop_column("passes", "key")
