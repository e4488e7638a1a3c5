"""contacts

Outlets, who looks after them and after districts, what workers say of those, visits; where a worker says they belong.
The files of imports are of several nouns now, in a table of their own.  Before the new code: the old one does not know the
tables and columns, and keeps and clears its files of stations where they are; one that was looked at in the minutes between
has to be looked at again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outlets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("region", sa.String(6), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("latitude", sa.Double()),
        sa.Column("longitude", sa.Double()),
        sa.Column("size", sa.Integer()),
        sa.Column("community_id", sa.Integer()),
        sa.Column("police_id", sa.Integer()),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("checked", sa.Date()),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["agencies.id"], name="fk_outlets_community_id"),
        sa.ForeignKeyConstraint(["police_id"], ["agencies.id"], name="fk_outlets_police_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outlets"),
        sa.UniqueConstraint("platform", "region", "name", name="uq_outlets_platform_region_name"),
    )
    op.create_index("ix_outlets_region", "outlets", ["region"])
    _contacts()
    _visits()
    op.execute("ALTER TABLE chats ADD COLUMN outlet_id INTEGER CONSTRAINT fk_chats_outlet_id REFERENCES outlets (id)")
    op.add_column("chats", sa.Column("no_outlet", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "import_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("noun", sa.String(8), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("datum", sa.String(8), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_import_files_staff_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_import_files"),
    )


def _contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("duty", sa.String(16), nullable=False),
        sa.Column("shown_name", sa.String(12), nullable=False),
        sa.Column("phone", sa.String(40), nullable=False),
        sa.Column("hours", sa.String(200), nullable=False),
        sa.Column("outlet_id", sa.Integer()),
        sa.Column("region", sa.String(6)),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("job", sa.String(16), nullable=False),
        sa.Column("staff_id", sa.Integer()),
        sa.Column("valid_from", sa.Date()),
        sa.Column("valid_until", sa.Date()),
        sa.Column("doubtful_at", sa.DateTime(timezone=True)),
        sa.Column("checked", sa.Date()),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("outlet_id IS NOT NULL OR region IS NOT NULL", name="ck_contacts_scope"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name="fk_contacts_agency_id"),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name="fk_contacts_outlet_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_contacts_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
    )
    for column in ("agency_id", "outlet_id", "region"):
        op.create_index(f"ix_contacts_{column}", "contacts", [column])
    op.create_table(
        "contact_reports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(12), nullable=False),
        sa.Column("reporter", sa.LargeBinary(16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name="fk_contact_reports_contact_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_contact_reports"),
    )
    op.create_index("ix_contact_reports_contact", "contact_reports", ["contact_id", "at"])


def _visits() -> None:
    op.create_table(
        "visits",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outlet_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer()),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("next_on", sa.Date()),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name="fk_visits_outlet_id"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name="fk_visits_agency_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_visits_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_visits"),
    )
    op.create_index("ix_visits_outlet_id", "visits", ["outlet_id"])


def downgrade() -> None:
    op.drop_table("import_files")
    op.drop_column("chats", "no_outlet")
    op.drop_column("chats", "outlet_id")
    for table in ("visits", "contact_reports", "contacts", "outlets"):
        op.drop_table(table)
