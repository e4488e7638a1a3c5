"""A small scripted bot for the page tests: it knows a few words and answers with everything a page can show."""

from typing import Any

from tests.support.web_driver import Bot, Webhook

MENU = {
    "keyboard": [
        [{"text": "📍 发我的位置", "request_location": True}],
        ["有事问我", "找驿站"],
        ["我要反映", {"text": "留电话", "request_contact": True}],
    ],
    "resize_keyboard": True,
    "is_persistent": True,
}
ANSWER = (
    "<b>送餐路上受伤，先按职业伤害处理</b>\n\n"
    "1. 先就医，保留病历和发票。\n"
    "2. <b>24 小时内</b>在接单平台里点“职业伤害报案”。\n"
    "3. 平台不给报，打 <u>12333</u> 或 12345。\n\n"
    "<blockquote>依据：人社部发〔2025〕33 号（以当地主管部门公布为准）</blockquote>\n"
    '<a href="https://www.mohrss.gov.cn/">查看原文</a> · 复核 2026-11-02'
)
FEEDBACK = {
    "inline_keyboard": [
        [{"text": "👍 有用", "callback_data": "up"}, {"text": "👎 没解决", "callback_data": "down"}],
        [{"text": "原文", "url": "https://www.mohrss.gov.cn/"}, {"text": "复制编号", "copy_text": {"text": "NX-1"}}],
    ]
}
CARD = (
    "<b>入职要押金、要扣身份证，可以吗？</b>\n"
    "不可以。招工收押金、要担保、扣身份证，都违法。\n收了要退，还按每人罚他 500～2000 元；找劳动监察或 12333。\n"
    "身份证谁都不能扣。不还就打 110，公安能罚他 200 元以下。\n租车、租电池的押金是另一回事，先看合同怎么写。\n"
    "退不退、退多少，要在签字以前问清楚，留下聊天记录。\n\n"
    "<b>下一步</b>\n· 别交钱，先问清楚收的是什么钱，让他写收据。\n· 交了的留转账记录，带身份证去劳动监察。\n"
    "· 证件被扣，当场打 110，等民警来。\n\n☎️ 12333 人社\n\n"
    "📄 ¹ 劳动合同法 第九条 ² 劳动合同法 第八十四条 ³ 居民身份证法 第十六条\n原文核对于 2026-11-02"
)
DESPAIR = "‼️ <b>先打 12356（全国统一心理援助热线）</b>，有人听您说。马上有危险的，打 120（医疗急救）、110（公安报警）。"
FIRE = "‼️ <b>先打 119（消防救援）</b>，再打 120（医疗急救）。保命要紧，别的都往后放。"
VERDICT = {
    "inline_keyboard": [
        [{"text": "看详细和出处", "callback_data": "d:deposit"}, {"text": "我要反映", "callback_data": "go:appeal"}],
        [{"text": "👍 有用", "callback_data": "v:1:deposit"}, {"text": "👎 没用", "callback_data": "v:0:deposit"}],
    ]
}
NEAREST = (
    "<b>离您最近、现在开着的驿站</b>\n\n<b>1. 太原街爱心驿站</b>\n620 米 · 东北 · 开到 22:00\n🔌 手机充电　🍱 热饭\n太原街 10 号\n\n"
    "<b>2. 铁西爱心驿站</b>\n1.2 公里 · 西 · 24 小时\n🚻 厕所"
)
CASE = (
    "<b>欠薪、扣款</b> · 正在办\n编号 261130939372\n您写的：站点拖了我十月工资四千三\n由谁办：铁西区劳动监察大队\n\n"
    "✅ 11-28 09:12　您提的\n✅ 11-29 10:40　问您：欠条还在吗？\n有照片也行\n✅ 11-29 11:02　补了接着办\n"
    "⏳ <b>铁西区劳动监察大队正在办</b>\n▫️ 2026-12-21 前给您回话\n▫️ 有了答复，您说办得怎么样"
)
NOTICE = (
    "🚨 <b>今晚暴雨，地下通道别走</b>\n\n今晚 8 点到明早 6 点有暴雨，送不了的单先放着。\n\n"
    "落水打 12395，别的事打 12345。\n\n—— 铁西区社会工作部（有效到11月30日）"
)
NOTICE_WAYS = {
    "inline_keyboard": [
        [{"text": "看避雨的驿站", "url": "https://www.example.com/rain"}],
        [{"text": "不再收这类通知", "callback_data": "notices:service:off"}],
    ]
}
WAYS = {
    "inline_keyboard": [
        *(
            [
                {"text": f"🧭 {number} 导航", "url": f"https://uri.amap.com/marker?position={number}"},
                {"text": f"📍 {number} 位置", "callback_data": f"sn:{number}"},
            ]
            for number in (1, 2)
        ),
        [{"text": text, "callback_data": f"sf:{text}"} for text in ("24小时", "充电", "热饭")],
        [{"text": text, "callback_data": f"sf:{text}"} for text in ("司机之家", "友好商户")],
    ]
}
STATION = {
    "latitude": 41.8021,
    "longitude": 123.4112,
    "title": "太原街爱心驿站（示例）",
    "address": "和平区太原街 10 号 · 现在开门 · 620 米",
}
MORE = {"inline_keyboard": [[{"text": t, "callback_data": t} for t in ("24 小时", "充电", "热饭", "厕所")]]}


class Script:
    """Answers one update after another over the Bot API."""

    def __init__(self, bot: Bot, hook: Webhook) -> None:
        self.bot, self.hook = bot, hook
        hook.answer = self.answer

    async def start(self) -> None:
        await self.bot(
            "setMyCommands",
            commands=[{"command": "start", "description": "回到首页"}, {"command": "help", "description": "能做什么"}],
        )
        await self.bot("setWebhook", url=self.hook.url)

    async def answer(self, update: dict[str, Any]) -> None:
        if query := update.get("callback_query"):
            await self._press(query)
        elif message := update.get("message"):
            await self._message(message["chat"]["id"], message)

    async def _press(self, query: dict[str, Any]) -> None:
        message, data = query["message"], query["data"]
        if data == "down":
            await self.bot(
                "answerCallbackQuery",
                callback_query_id=query["id"],
                text="已转人工，2 个工作日内答复您。",
                show_alert=True,
            )
            return
        await self.bot("answerCallbackQuery", callback_query_id=query["id"], text="谢谢，记下了")
        if data.startswith("v:"):
            return
        if data == "receipt":
            await self._say(message["chat"]["id"], "收到了，编号在这里。")
            return
        await self.bot(
            "editMessageText",
            chat_id=message["chat"]["id"],
            message_id=message["message_id"],
            text="这条回答已标记为有用。",
        )

    async def _message(self, chat: int, message: dict[str, Any]) -> None:
        text = message.get("text", "")
        if text.startswith("/start"):
            await self._say(
                chat,
                "您好，我是<b>暖新</b>。\n政策怎么说、附近哪里能歇脚、遇到不公平找谁，直接问我。",
                reply_markup=MENU,
            )
        elif "受伤" in text:
            await self.bot("sendChatAction", chat_id=chat, action="typing")
            await self._say(chat, ANSWER, reply_markup=FEEDBACK)
        elif "押金" in text:
            if "着火" in text:
                await self._say(chat, FIRE)
            await self._say(chat, CARD, reply_markup=VERDICT)
        elif "着火" in text:
            await self._say(chat, FIRE)
        elif text == "想死":
            await self._say(chat, DESPAIR)
        elif text == "三好街附近":
            await self._say(chat, NEAREST, reply_markup=WAYS)
        elif text == "我的诉求":
            await self._say(chat, CASE)
        elif text == "通知":
            await self._say(chat, NOTICE, reply_markup=NOTICE_WAYS)
        elif text == "删":
            sent = await self._say(chat, "马上消失")
            await self.bot("deleteMessage", chat_id=chat, message_id=sent["message_id"])
        elif text == "输入中":
            await self.bot("sendChatAction", chat_id=chat, action="typing")
        elif "location" in message:
            point = message["location"]
            await self._say(chat, f"收到位置 {point['latitude']:.2f}, {point['longitude']:.2f}，最近的驿站：")
            await self.bot("sendVenue", chat_id=chat, reply_markup=MORE, **STATION)
        elif "photo" in message and message.get("caption"):
            await self._say(chat, f"照片和话都收到了：{message['caption']}")
        elif "photo" in message:
            await self.bot("sendPhoto", chat_id=chat, photo=message["photo"][-1]["file_id"], caption="照片收到了")
        elif "contact" in message:
            await self._say(chat, f"记下了 {message['contact']['phone_number']}")
        else:
            quoted = message.get("reply_to_message", {}).get("text", "")
            words = f"您说的是：{text}" + f"，回的是：{quoted}" * bool(quoted)
            await self._say(chat, words.replace("<", "&lt;"))

    async def _say(self, chat: int, text: str, **more: Any) -> Any:
        return await self.bot("sendMessage", chat_id=chat, text=text, parse_mode="HTML", **more)
