"""Limits and life times, each with its source, and the clocks a test may set faster."""

from dataclasses import dataclass
from datetime import timedelta

# Telegram's, as its documentation of the Bot API states them.
TEXT = 4096  # UTF-16 units of a message, after parsing
CAPTION = 1024  # UTF-16 units, after parsing
ANSWER = 200  # characters of a callback answer
PHOTO = 10 * 2**20  # bytes a bot may send as a photo
DOWNLOAD = 20 * 2**20  # bytes a bot may fetch
ALBUM = (2, 10)  # messages
COMMANDS = 100
UPDATE_LIFE = timedelta(hours=24)
PRESS_LIFE = timedelta(seconds=150)
DELETABLE = timedelta(hours=48)
ACTION = timedelta(seconds=5)  # how long "typing" shows
RESULT_LIFE = timedelta(hours=24)  # how long an Idempotency-Key is known
LONGEST_POLL = 50  # seconds
CONNECTIONS = 40  # webhook calls of one bot at the same time, unless it says otherwise

# The page's own: more than any person types or presses, less than a script would.
MESSAGES_A_MINUTE = 20
PRESSES_A_MINUTE = 60
UPLOADS_A_DAY = 20
UPLOAD = 20 * 2**20  # bytes a person may send


@dataclass(frozen=True, slots=True)
class Clocks:
    """How long things take; seconds.  Tests set them smaller, nobody else needs to."""

    look: float = 1.0  # between two looks at what other processes wrote
    lease: float = 10.0  # a process that has an update and does not renew its lease is dead
    answer: float = 60.0  # patience with a webhook
    first_retry: float = 1.0  # doubles with every further one
    last_retry: float = 60.0
    conflict: float = 3.0  # a repeated 409 is held back so long, and so is a repeated empty poll
    grace: float = 4.0  # how long stop() waits for what is in flight
    purge: float = 60.0  # between two looks for what has expired


@dataclass(frozen=True, slots=True)
class Limits:
    """Telegram's rates, for rehearsing 429.  Source: core.telegram.org/bots/faq, broadcasting.

    Counted per process.
    """

    per_second: float = 30.0  # messages of one bot
    chat_per_second: float = 1.0
    burst: int = 3  # messages a chat may get at once
