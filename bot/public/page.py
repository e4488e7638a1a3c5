"""What every public page is: strict, of nobody in particular, and without a script but on the phones of guards."""

import base64
import hashlib

from aiohttp import web
from markupsafe import Markup

STYLE = """:root { color-scheme: light dark }
body { margin: 0 auto; padding: 2rem 1rem; max-width: 30rem; font: 1.125rem/1.6 system-ui, sans-serif }
a, button { display: block; width: 100%; box-sizing: border-box; margin: 1rem 0; padding: .9rem; border: 2px solid; border-radius: .75rem; text-align: center; color: inherit; background: none; font: inherit; text-decoration: none; font-weight: 600 }
select { width: 100%; padding: .7rem; border: 2px solid; border-radius: .75rem; color: inherit; background: Canvas; font: inherit }
.ok, .no, .so { padding: 1rem; border-radius: .75rem; color: #fff; font-size: 2.5rem; text-align: center }
.ok { background: #0a6b2d } .no { background: #a3131b } .so { background: #7a5200 }
.ok ~ form .yes { color: #fff; background: #0a6b2d; border-color: #0a6b2d } .soft { opacity: .75; font-size: 1rem } [hidden] { display: none }"""
_PAGE = Markup("""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title><style>{style}</style></head>
<body><main><h1{look}>{title}</h1>{body}</main></body></html>
""")
_ALLOWED = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_ALLOWED}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SCRIPTED = f"{POLICY}; script-src 'self'; connect-src 'self'; worker-src 'self'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def page(
    title: str, body: Markup, *, status: int = 200, look: str = "", posts: bool = False, scripts: bool = False
) -> web.Response:
    """look: "ok" or "no" paints the title.  posts: a form on it says where it comes from, to our own server only.

    scripts: those of our own server may run.
    """
    painted = Markup(' class="{}"').format(look) if look else ""
    text = _PAGE.format(title=title, style=Markup(STYLE), look=painted, body=body)  # noqa: S704 (our own words)
    headers = {**HEADERS, "Referrer-Policy": "same-origin"} if posts else dict(HEADERS)
    headers["Content-Security-Policy"] = SCRIPTED if scripts else POLICY
    return web.Response(text=text, content_type="text/html", headers=headers, status=status)
