"""outbox without a foreign key to chats

Deleting a chat looked through the whole outbox for rows to take along.  What waits for a chat is deleted by name now, and what was sent says nothing any more.  Runs after the new code is everywhere: the old code leaves it to the key.
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None
after_the_new_code = True  # `migrate --finish` runs it


def upgrade() -> None:
    with op.batch_alter_table("outbox") as batch:
        batch.drop_constraint("fk_outbox_chat_id", type_="foreignkey")


def downgrade() -> None:
    op.execute("UPDATE outbox SET chat_id = NULL WHERE chat_id NOT IN (SELECT id FROM chats)")
    with op.batch_alter_table("outbox") as batch:
        batch.create_foreign_key("fk_outbox_chat_id", "chats", ["chat_id"], ["id"], ondelete="CASCADE")
