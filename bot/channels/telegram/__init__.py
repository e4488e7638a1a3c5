"""Whatever speaks the Bot API: the real Telegram, and the web chat of this machine."""
