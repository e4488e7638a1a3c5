"""python -m bot wechat: what is put into the account by us and not typed there."""

import argparse
from typing import Any

from bot.channels.wechat import menu, settings_of
from bot.channels.wechat.client import Client
from bot.commands.running import command
from bot.errors import Refused, TryLater
from bot.messaging.urls import WECHAT_BELL, WECHAT_ENTER
from bot.settings import Settings


def add(commands: Any) -> None:
    parser = commands.add_parser("wechat", help="the WeChat account: menu")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("menu", help="put our menu below the account's conversation").set_defaults(run=_menu)


@command
async def _menu(given: argparse.Namespace, settings: Settings) -> int:
    return await put_menu(settings)


async def put_menu(settings: Settings) -> int:
    """Returns 1 when WeChat did not take it."""
    if (account := settings_of(settings)) is None:
        print("no WeChat account: NUANXIN_WECHAT_APP_ID is empty")
        return 1
    client = Client(account)
    try:
        bell = f"{settings.base_url}{WECHAT_BELL}" if account.notice_template else ""
        await client.call("/cgi-bin/menu/create", menu.made(f"{settings.base_url}{WECHAT_ENTER}", bell))
    except (Refused, TryLater) as error:
        print(f"WeChat did not take the menu: {error}; see python -m bot doctor")
        return 1
    finally:
        await client.close()
    print("the menu is there; phones show it after five minutes, or when the account is followed anew")
    return 0
