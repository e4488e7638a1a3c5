"""wechat

Who writes in WeChat is a person of the web chat.  Runs before the new code: the old code knows nothing of the tables.
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0022"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _accounts()
    op.create_table(
        "wechat_letters",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("account_id", NUMBER, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wechat_letters"),
        _of("wechat_letters"),
    )
    for column in ("account_id", "due_at", "created_at"):
        op.create_index(f"ix_wechat_letters_{column}", "wechat_letters", [column])
    op.create_table(
        "wechat_callbacks",
        sa.Column("key", sa.LargeBinary(16), nullable=False),
        sa.Column("account_id", NUMBER, nullable=False),
        sa.Column("act", sa.LargeBinary(), nullable=False),
        sa.Column("letter_id", NUMBER, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_wechat_callbacks"),
        _of("wechat_callbacks"),
        sa.ForeignKeyConstraint(
            ["letter_id"],
            ["wechat_letters.id"],
            name="fk_wechat_callbacks_letter_id_wechat_letters",
            ondelete="SET NULL",
        ),
    )
    for column in ("account_id", "letter_id", "at"):
        op.create_index(f"ix_wechat_callbacks_{column}", "wechat_callbacks", [column])


def downgrade() -> None:
    for table in ("wechat_callbacks", "wechat_letters", "wechat_accounts"):
        op.drop_table(table)


def _accounts() -> None:
    op.create_table(
        "wechat_accounts",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("key", sa.LargeBinary(16), nullable=False),
        sa.Column("openid", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.BigInteger(), nullable=False),
        sa.Column("choices", sa.LargeBinary(), nullable=True),
        sa.Column("window_until", MOMENT, nullable=True),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("busy_until", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_wechat_accounts"),
        sa.UniqueConstraint("key", name="uq_wechat_accounts_key"),
        sa.UniqueConstraint("person_id", name="uq_wechat_accounts_person_id"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["web_people.id"], name="fk_wechat_accounts_person_id_web_people", ondelete="CASCADE"
        ),
    )


def _of(table: str) -> sa.ForeignKeyConstraint:
    """A row goes with its account."""
    name = f"fk_{table}_account_id_wechat_accounts"
    return sa.ForeignKeyConstraint(["account_id"], ["wechat_accounts.id"], name=name, ondelete="CASCADE")
