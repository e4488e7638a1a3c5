"""The folders of sealed files, for whoever puts them under another key or carries them away."""

from bot.channels.web import files as web_files
from bot.services.attachments import attachments
from bot.settings import Settings
from bot.store.sealing import Folder


def folders_of(settings: Settings) -> list[Folder]:
    return [
        Folder(settings.var / "uploads", lambda _: attachments.PURPOSE),
        Folder(settings.var / "web", web_files.purpose),
    ]
