"""Files that are looked at first and taken over afterwards: kept for a day, for whoever handed them in."""

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core.request import RequestContext
from bot.store.models import ImportFile

LONGEST_NAME = 100  # characters, the last ones


async def keep(context: RequestContext, noun: str, file: ImportFile) -> ImportFile:
    """Keep a file that was looked at, in place of an earlier one of the same person and noun."""
    mine = ImportFile.staff_id == context.staffer.id, ImportFile.noun == noun
    await context.session.execute(delete(ImportFile).where(*mine))
    context.session.add(file)
    await context.session.flush()
    return file


def handed_in(context: RequestContext, noun: str) -> ImportFile | None:
    """The file of the form; None when there is none."""
    upload = context.files.get("file")
    if upload is None or not upload.name:
        return None
    name, datum = upload.name[-LONGEST_NAME:], context.text("datum")[:8]
    return ImportFile(staff_id=context.staffer.id, noun=noun, name=name, datum=datum, data=upload.data)


async def kept(context: RequestContext, session: AsyncSession, noun: str) -> ImportFile | None:
    """The file that the form names; None when it is gone, or somebody else's."""
    file = await session.get(ImportFile, context.number("file") or 0)
    return file if file is not None and (file.staff_id, file.noun) == (context.staffer.id, noun) else None
