"""Addresses of our pages, for whoever leads somebody to one: texts, buttons, codes on paper, the pages themselves."""

CHAT = "/chat"  # the web chat
SCANNED = "/q"  # and a token: what a code on paper or on a screen leads to, for anybody
GUARD = f"{SCANNED}/gate"  # a guard's phone, which goes on without a network
MAP = "/map"  # stations, for everybody
OPEN311 = "/open311"
BACKEND_STATUS = "/backend/status"  # news from the backend
TELEGRAM = "/telegram"  # updates of the two channels
WEB_CHANNEL = "/channel/web"
WECHAT = "/wechat"  # callbacks of the 服务号
WECHAT_ENTER = f"{WECHAT}/enter"  # the chat page inside WeChat
WECHAT_BELL = f"{WECHAT}/bell"  # where people allow notices to ring
WECHAT_BACK = f"{CHAT}/wechat"  # where WeChat sends people back to: the chat's cookie is read below the chat only

CONSOLE = "/console"
LOGIN = f"{CONSOLE}/login"
LINK_SENT = f"{CONSOLE}/sent"
ENTER = f"{CONSOLE}/enter"  # and the token of a link that signs somebody in
SCREEN = f"{CONSOLE}/screen"  # a code on the screen, for the chat
MINI_APP = f"{CONSOLE}/webapp"
SECOND = f"{CONSOLE}/second"
ENROL = f"{CONSOLE}/enrol"
CONFIRM = f"{CONSOLE}/confirm"
LEAVE = f"{CONSOLE}/leave"
SESSIONS = f"{CONSOLE}/sessions"
CHAT_LINK = f"{CONSOLE}/chat"
CERTIFICATES = f"{CONSOLE}/certificates"  # and a number: for anybody
REDEEM = f"{CONSOLE}/redeem"  # and a code: where it leads when it is scanned

APPEALS = f"{CONSOLE}/appeals"
ALIKE = f"{CONSOLE}/alike"
HELP = f"{CONSOLE}/help"  # what a unit is asked about cases of others
HAZARDS = f"{CONSOLE}/hazards"
VOLUNTEERS = f"{CONSOLE}/volunteers"
REWARDS = f"{CONSOLE}/rewards"
OFFERINGS = f"{CONSOLE}/offerings"
SITTINGS = f"{CONSOLE}/sittings"  # the dates of offerings
NOTICES = f"{CONSOLE}/notices"
TRIAL_GROUPS = f"{NOTICES}/groups"
POLICIES = f"{CONSOLE}/policies"
GAPS = f"{CONSOLE}/gaps"
STATIONS = f"{CONSOLE}/stations"
UNITS = f"{CONSOLE}/units"
OUTLETS = f"{CONSOLE}/outlets"
CONTACTS = f"{CONSOLE}/contacts"
PASSES = f"{CONSOLE}/passes"
ROSTERS = f"{CONSOLE}/rosters"  # of platforms
COMPOUNDS = f"{CONSOLE}/compounds"  # with their gates
PEOPLE = f"{CONSOLE}/people"
OVERVIEW = f"{CONSOLE}/overview"
LEDGERS = f"{CONSOLE}/ledgers"
BACKEND = f"{CONSOLE}/backend"
AUDIT = f"{CONSOLE}/audit"
VIEWS = f"{CONSOLE}/views"
SETTINGS = f"{CONSOLE}/settings"
CALENDAR = f"{SETTINGS}/calendar"
LIMITS = f"{SETTINGS}/limits"
REPLIES = f"{SETTINGS}/replies"
SEARCH = f"{CONSOLE}/search"
EVENTS = f"{CONSOLE}/events"
DIVISIONS = f"{CONSOLE}/divisions"
STATIC = f"{CONSOLE}/static"


def listing(noun: str) -> str:
    """The page that lists a noun such as "appeals"; behind it stand those with a number."""
    return f"{CONSOLE}/{noun}"
