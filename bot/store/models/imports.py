"""Files that somebody of staff looks at before what is in them is taken over."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, now


class ImportFile(Base):
    """A file that somebody looked at before importing it; gone once it is imported, or after a day."""

    __tablename__ = "import_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    noun: Mapped[str] = mapped_column(String(8))  # what is in it: "station", "outlet", "contact"
    name: Mapped[str] = mapped_column(String(100))
    datum: Mapped[str] = mapped_column(String(8))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(default=now)
