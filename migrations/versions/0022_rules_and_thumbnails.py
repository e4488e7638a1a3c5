"""rules and thumbnails

Areas of dispatch rules that somebody drew on a map, and small copies of hazards' photos.  Runs before the new code: the old
code writes none of the columns, and an area that begins with "~" fits no place it asks for; a photo without a small copy
gets one when somebody first looks.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hazard_rules", sa.Column("name", sa.String(40), nullable=False, server_default=""))
    op.add_column("hazard_rules", sa.Column("region", sa.String(6), nullable=False, server_default=""))
    op.add_column("hazard_rules", sa.Column("outline", sa.JSON(), nullable=True))
    op.add_column("hazard_photos", sa.Column("thumb", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("hazard_photos", "thumb")
    op.execute("DELETE FROM hazard_rules WHERE outline IS NOT NULL")
    op.drop_column("hazard_rules", "outline")
    op.drop_column("hazard_rules", "region")
    op.drop_column("hazard_rules", "name")
