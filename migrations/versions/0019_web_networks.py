"""web networks

Where somebody first wrote from, blind.  Runs before the new code: the old code does not write it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("web_people", sa.Column("network", sa.LargeBinary(16), nullable=True))


def downgrade() -> None:
    op.drop_column("web_people", "network")
