"""Photos, documents and voice notes: sent as an upload or again by file_id, fetched by getFile."""

import re
from typing import Any

from bot.channels.web import files
from bot.channels.web.conversations import Conversation
from bot.channels.web.files import File
from bot.channels.web.images import SIDES, NoPicture, measure
from bot.channels.web.keyboards import read as read_keyboards
from bot.channels.web.methods.sending import caption, deliver, reachable
from bot.channels.web.parameters import Parameters, UploadedFile
from bot.channels.web.refusal import refused
from bot.channels.web.rules import DOWNLOAD, PHOTO
from bot.channels.web.shared import Call

FILE_ID = re.compile(r"[\w-]{43}")
URL = re.compile(r"(?i)https?://")
KINDS = ("photo", "document", "voice")
UNKNOWN = "wrong remote file identifier specified: Wrong padding in the string"


def about_upload(kind: str, upload: UploadedFile, parameters: Parameters) -> dict[str, Any]:
    """What is known of an upload before it is kept.  Raises Refused for a photo that is none."""
    about: dict[str, Any] = {"kind": kind, "mime": upload.mime}
    if kind == "photo":
        return _about_photo(upload)
    if kind == "voice":
        mime = upload.mime if upload.mime.startswith("audio/") else "audio/ogg"
        return about | {"mime": mime, "duration": parameters.integer("duration", least=0, most=86_400)}
    return about | {"file_name": upload.name}


def _about_photo(upload: UploadedFile) -> dict[str, Any]:
    if len(upload.data) > PHOTO:
        raise refused("file is too big")
    try:
        picture = measure(upload.data)
    except NoPicture:
        raise refused("IMAGE_PROCESS_FAILED") from None
    if picture.width + picture.height > SIDES:
        raise refused("PHOTO_INVALID_DIMENSIONS")
    return {"kind": "photo", "mime": picture.mime, "width": picture.width, "height": picture.height}


def shown(file: File) -> dict[str, Any]:
    """A file as the part of a Message that carries it."""
    about, kind = file.about, file.about["kind"]
    if kind == "photo":
        sizes = [file.shown | {"width": about["width"], "height": about["height"]}]
        return {"photo": [*about.get("smaller", []), *sizes]}
    if kind == "voice":
        return {"voice": {**file.shown, "duration": about.get("duration", 0), "mime_type": about["mime"]}}
    return {"document": {**file.shown, "file_name": about.get("file_name", ""), "mime_type": about["mime"]}}


def about_attached(call: Call, kind: str, field: str, parameters: Parameters) -> dict[str, Any] | None:
    """What is known of the upload under this field; None when the call brings none.  Raises Refused."""
    upload = call.parameters.files.get(field)
    return about_upload(kind, upload, parameters) if upload else None


async def taken(
    call: Call, conversation: Conversation, kind: str, value: str, *, field: str, about: dict[str, Any] | None
) -> File:
    """The file a call names: an upload under this field, or one that is known already.  Raises Refused."""
    if about is not None:
        return await files.add(call.connection, call.kept[field], about, conversation_id=conversation.id)
    if URL.match(value):
        raise refused("failed to get HTTP URL content")
    if not FILE_ID.fullmatch(value):
        raise refused(UNKNOWN)
    file = await files.by_id(call.connection, value)
    if file is None:
        raise refused("wrong file identifier/HTTP URL specified")
    if file.about["kind"] != kind:
        raise refused(f"type of file mismatch: can't use file of type {file.about['kind']} as {kind}")
    await files.share(call.connection, file, conversation.id)
    return file


def attached(value: str, field: str) -> str:
    """The field an upload lies under: its own, or the one `attach://` names."""
    return value.removeprefix("attach://") if value.startswith("attach://") else field


async def _send_file(call: Call, kind: str) -> dict[str, Any]:
    value = call.parameters.text(kind)
    field = attached(value, kind)
    if not value and field not in call.parameters.files:
        raise refused(f"there is no {kind} in the request")
    text = caption(call.parameters)
    markup = read_keyboards(call.parameters)
    about = about_attached(call, kind, field, call.parameters)
    conversation = await reachable(call)
    file = await taken(call, conversation, kind, value, field=field, about=about)
    return (await deliver(call, conversation, [shown(file) | text], markup))[0]


async def send_photo(call: Call) -> dict[str, Any]:
    return await _send_file(call, "photo")


async def send_document(call: Call) -> dict[str, Any]:
    return await _send_file(call, "document")


async def send_voice(call: Call) -> dict[str, Any]:
    return await _send_file(call, "voice")


async def get_file(call: Call) -> dict[str, Any]:
    file_id = call.parameters.text("file_id")
    if not file_id:
        raise refused("file_id not specified")
    file = await files.by_id(call.connection, file_id)
    if file is None:
        raise refused("wrong file_id or the file is temporarily unavailable")
    if file.size > DOWNLOAD:
        raise refused("file is too big")
    return file.shown | {"file_path": file.path}


METHODS = {
    "sendPhoto": send_photo,
    "sendDocument": send_document,
    "sendVoice": send_voice,
    "getFile": get_file,
}
