"""units

A unit says more of itself, and may sit at several desks: a row each, in place of one column.
Before the new code: the old one does not know the rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXTS = {"kind": 16, "phone": 40, "hours": 200, "address": 200}


def upgrade() -> None:
    op.create_table(
        "agency_desks",
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("desk", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agencies.id"], name=op.f("fk_agency_desks_agency_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("agency_id", "desk", name=op.f("pk_agency_desks")),
    )
    op.create_index(op.f("ix_agency_desks_desk"), "agency_desks", ["desk"])
    op.execute("INSERT INTO agency_desks (agency_id, desk) SELECT id, desk FROM agencies WHERE desk <> ''")
    # In place, not by a copy: other tables refer to this one.
    for name, length in TEXTS.items():
        default = "office" if name == "kind" else ""
        op.add_column("agencies", sa.Column(name, sa.String(length), nullable=False, server_default=default))
    op.execute(
        "ALTER TABLE agencies ADD COLUMN parent_id INTEGER CONSTRAINT fk_agencies_parent_id REFERENCES agencies (id)"
    )
    op.add_column("agencies", sa.Column("checked", sa.Date()))
    op.add_column("agencies", sa.Column("changed_by", sa.Integer()))
    op.drop_column("agencies", "desk")


def downgrade() -> None:
    op.add_column("agencies", sa.Column("desk", sa.String(length=16), nullable=False, server_default=""))
    first = "SELECT min(desk) FROM agency_desks WHERE agency_id = agencies.id"
    op.execute(f"UPDATE agencies SET desk = COALESCE(({first}), '')")  # noqa: S608 (our own words)
    for name in ("changed_by", "checked", "parent_id", *TEXTS):
        op.drop_column("agencies", name)
    op.drop_table("agency_desks")
