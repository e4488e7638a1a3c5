"""logs

Before or after the new code, which does not empty these tables.
"""

from alembic import op

revision = "20261122_0736"
down_revision = "20261122_0729"
branch_labels = None
depends_on = None

LOGS = ("audit", "views")


def upgrade() -> None:
    """TRUNCATE fires no trigger of rows."""
    for table in LOGS if op.get_bind().dialect.name == "postgresql" else ():
        op.execute(
            f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    for table in LOGS if op.get_bind().dialect.name == "postgresql" else ():
        op.execute(f"DROP TRIGGER {table}_whole ON {table}")
