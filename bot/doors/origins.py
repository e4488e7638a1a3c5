"""Who asks, by the word of a browser: whether a page of our own posted."""

from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from bot.messaging import urls


def host_of(url: str) -> str:
    """Host and port of an address; "" for what is none, such as "null" or an odd one."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def at_home(base_url: str) -> Middleware:
    """A middleware of the demo, which hands out everything to whoever asks: only this machine's own pages may.

    A page anywhere on the web could drive it otherwise, by posting to 127.0.0.1, or under a name of its own that
    leads there.
    """
    ours = {"127.0.0.1", "localhost", "[::1]", host_of(base_url).rpartition(":")[0] or host_of(base_url)}

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.host not in ours and request.host.rpartition(":")[0] not in ours:
            return web.Response(status=421, text="The demo answers on this machine only.")
        alone = not request.path.startswith((f"{urls.CHAT}/", f"{urls.CONSOLE}/"))  # These ask the browser themselves.
        if alone and request.method not in ("GET", "HEAD") and not is_ours(request, base_url, spoken=False):
            return web.Response(status=403, text="The demo takes nothing from other pages.")
        return await handler(request)

    return check


def is_ours(request: web.Request, base_url: str, *, spoken: bool, sites: tuple[str, ...] = ("same-origin",)) -> bool:
    """Whether the browser says that one of our pages sent this.

    base_url: how people reach the server, where a proxy changes the host.  spoken: the browser has to say something
    at all.  sites: words of Sec-Fetch-Site that are good.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get(hdrs.ORIGIN)
    if site is None and origin is None:
        return not spoken
    if site is not None and site not in sites:
        return False
    # "null", as sandboxed frames say, has no host: it must not match a base URL that has none.
    return origin is None or host_of(origin) in {request.host, host_of(base_url)} - {""}
