"""Who asks, by the word of a browser: whether a page of our own posted."""

from urllib.parse import urlsplit

from aiohttp import hdrs, web


def host_of(url: str) -> str:
    """Host and port of an address; "" for what is none, such as "null" or an odd one."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


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
