"""The bots ours is compared with, each as its own documentation teaches it.

    python -m benchmarks.peers ptb-webhook|ptb-polling|ptb-orm|aiogram-webhook|aiogram-polling|floor API PORT [DATABASE]

API is a Bot API server's address, PORT where the webhook listens.  `floor` is no bot framework at all: aiohttp
on uvloop, JSON by orjson, the answer in the response.
"""

import asyncio
import sys
from collections.abc import Callable
from urllib.request import Request, urlopen

import orjson

TOKEN = "123456:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
SECRET = "of-the-benchmarks-and-of-nobody-else-01"


def ptb(api: str, port: int, *, webhook: bool) -> None:
    """python-telegram-bot's examples/echobot.py."""
    from telegram import Update
    from telegram.ext import Application, ContextTypes, MessageHandler, filters

    async def echo(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        await update.message.reply_text(update.message.text)

    application = Application.builder().token(TOKEN).base_url(f"{api}/bot").build()
    application.add_handler(MessageHandler(filters.TEXT & ~filters.COMMAND, echo))
    if webhook:
        _serve(application, port)
    else:
        application.run_polling(allowed_updates=Update.ALL_TYPES)


def ptb_orm(api: str, port: int, database: str) -> None:
    """The same with SQLAlchemy's ORM: a press is noted as seen, changes the person's row, and is answered."""
    from sqlalchemy import BigInteger, event
    from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
    from telegram import Update
    from telegram.ext import Application, CallbackQueryHandler, ContextTypes

    class Base(DeclarativeBase):
        pass

    class Seen(Base):
        __tablename__ = "seen"
        id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)

    class Chat(Base):
        __tablename__ = "chats"
        id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
        job: Mapped[str] = mapped_column(default="")

    engine = create_async_engine(database)
    if engine.dialect.name == "sqlite":
        # As durable as ours: SQLite's own default does without the write-ahead log and is slower still.
        @event.listens_for(engine.sync_engine, "connect")
        def _(connection: object, _record: object) -> None:
            cursor = connection.cursor()
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
                cursor.execute(f"PRAGMA {pragma}")

    session_of = async_sessionmaker(engine, expire_on_commit=False)

    async def create(_: object) -> None:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)

    async def press(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        code = query.data.rpartition(":")[2]
        async with session_of() as session, session.begin():
            if await session.get(Seen, update.update_id) is not None:
                return
            session.add(Seen(id=update.update_id))
            chat = await session.get(Chat, query.from_user.id)
            if chat is None:
                session.add(chat := Chat(id=query.from_user.id))
            chat.job = code
        await query.answer()
        await query.edit_message_text(f"记下了：{code}")

    application = Application.builder().token(TOKEN).base_url(f"{api}/bot").post_init(create).build()
    application.add_handler(CallbackQueryHandler(press))
    _serve(application, port)


def _serve(application: object, port: int) -> None:
    application.run_webhook(
        "127.0.0.1", port, "telegram", secret_token=SECRET, webhook_url=f"http://127.0.0.1:{port}/telegram"
    )


def aiogram(api: str, port: int, *, webhook: bool) -> None:
    """aiogram's examples/echo_bot.py and echo_bot_webhook.py."""
    from aiogram import Bot, Dispatcher
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.types import Message
    from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
    from aiohttp import web

    dispatcher = Dispatcher()

    @dispatcher.message()
    async def echo(message: Message) -> None:
        await message.answer(message.text)

    async def start(bot: Bot) -> None:
        await bot.set_webhook(f"http://127.0.0.1:{port}/telegram", secret_token=SECRET)

    async def main() -> None:
        await dispatcher.start_polling(bot())

    def bot() -> Bot:
        return Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(api)))

    if not webhook:
        asyncio.run(main())
        return
    dispatcher.startup.register(start)
    app = web.Application()
    here = bot()
    SimpleRequestHandler(dispatcher=dispatcher, bot=here, secret_token=SECRET).register(app, path="/telegram")
    setup_application(app, dispatcher, bot=here)
    web.run_app(app, host="127.0.0.1", port=port, print=lambda *_: None)


def floor(api: str, port: int) -> None:
    import uvloop
    from aiohttp import web

    async def webhook(request: web.Request) -> web.Response:
        message = orjson.loads(await request.read())["message"]
        answer = {"method": "sendMessage", "chat_id": message["chat"]["id"], "text": message["text"]}
        return web.Response(body=orjson.dumps(answer), content_type="application/json")

    async def announce(_: web.Application) -> None:
        hook = orjson.dumps({"url": f"http://127.0.0.1:{port}/telegram", "secret_token": SECRET})
        request = Request(f"{api}/bot{TOKEN}/setWebhook", hook, {"Content-Type": "application/json"})
        await asyncio.to_thread(lambda: urlopen(request).read())

    app = web.Application()
    app.router.add_post("/telegram", webhook)
    app.on_startup.append(announce)
    uvloop.install()
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=lambda *_: None)


PEERS: dict[str, Callable[..., None]] = {
    "ptb-webhook": lambda api, port: ptb(api, port, webhook=True),
    "ptb-polling": lambda api, port: ptb(api, port, webhook=False),
    "ptb-orm": ptb_orm,
    "aiogram-webhook": lambda api, port: aiogram(api, port, webhook=True),
    "aiogram-polling": lambda api, port: aiogram(api, port, webhook=False),
    "floor": floor,
}

if __name__ == "__main__":
    name, api, port, *database = sys.argv[1:]
    PEERS[name](api, int(port), *database)
