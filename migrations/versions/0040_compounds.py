"""compounds

Compounds, their gates, and what people say of them.  Runs before the new code: the old code leaves the tables alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0029"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "compounds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("vehicles", sa.Boolean(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("doubtful_at", MOMENT, nullable=True),
        sa.Column("checked", sa.Date(), nullable=True),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name="fk_compounds_agency_id"),
        sa.PrimaryKeyConstraint("id", name="pk_compounds"),
        sa.UniqueConstraint("region", "name", name="uq_compounds_region_name"),
    )
    op.create_index("ix_compounds_agency_id", "compounds", ["agency_id"])
    op.create_table(
        "gates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("compound_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("hours", sa.String(length=200), nullable=False),
        sa.Column("open_to_riders", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["compound_id"], ["compounds.id"], name="fk_gates_compound_id"),
        sa.PrimaryKeyConstraint("id", name="pk_gates"),
        sa.UniqueConstraint("compound_id", "name", name="uq_gates_compound_id_name"),
    )
    op.create_table(
        "compound_reports",
        sa.Column("id", BIG, nullable=False),
        sa.Column("compound_id", sa.Integer(), nullable=False),
        sa.Column("reporter", sa.LargeBinary(length=16), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["compound_id"], ["compounds.id"], name="fk_compound_reports_compound_id"),
        sa.PrimaryKeyConstraint("id", name="pk_compound_reports"),
    )
    op.create_index("ix_compound_reports_compound", "compound_reports", ["compound_id", "at"])


def downgrade() -> None:
    for table in ("compound_reports", "gates", "compounds"):
        op.drop_table(table)
