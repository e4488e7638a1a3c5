"""station months

A station's check may be known to the month only; phone, offer and photo are as long as the reader of files lets them be.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WIDTHS = {"phone": (30, 60), "offer": (200, 300), "photo": (200, 300)}  # characters, before and after


def upgrade() -> None:
    with op.batch_alter_table("stations") as table:
        table.add_column(sa.Column("checked_month", sa.Boolean(), server_default=sa.false(), nullable=False))
        for column, (old, new) in WIDTHS.items():
            table.alter_column(column, existing_type=sa.String(old), type_=sa.String(new), existing_nullable=False)
    with op.batch_alter_table("stations") as table:
        table.alter_column("checked_month", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("stations") as table:
        table.drop_column("checked_month")
        for column, (old, new) in WIDTHS.items():
            table.alter_column(column, existing_type=sa.String(new), type_=sa.String(old), existing_nullable=False)
