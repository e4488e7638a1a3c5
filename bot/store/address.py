"""What the URL of a PostgreSQL database may say besides the place: the usual words, as asyncpg and SQLAlchemy take them.

A URL is text, and asyncpg wants numbers; libpq's words and those of PgBouncer's recipe are other ones than asyncpg's.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

RENAMED = {"sslmode": "ssl", "connect_timeout": "timeout"}
SORTS: Mapping[str, Callable[[str], Any]] = {
    "ssl": str,
    "timeout": float,
    "command_timeout": float,
    "statement_cache_size": int,
    "prepared_statement_cache_size": int,
    "max_cached_statement_lifetime": int,
    "max_cacheable_statement_size": int,
    "target_session_attrs": str,
}
OF_SERVER = frozenset({"application_name", "search_path", "statement_timeout", "lock_timeout", "timezone"})
CACHE = "prepared_statement_cache_size"


def postgres(url: URL) -> tuple[URL, dict[str, Any]]:
    """The URL without its options, and these as arguments of the connection.

    With `prepared_statement_cache_size=0`, as behind PgBouncer, statements get names that no other client has.
    Raises ValueError for an option nobody knows or a number that is none.
    """
    given: dict[str, Any] = {}
    for name, value in url.query.items():
        name = RENAMED.get(name, name)
        if name in OF_SERVER:
            given.setdefault("server_settings", {})[name] = str(value)
        elif name in SORTS:
            try:
                given[name] = SORTS[name](str(value))
            except ValueError:
                raise ValueError(f"{name} in the URL is a number") from None
        else:
            known = ", ".join(sorted({*SORTS, *OF_SERVER, *RENAMED}))
            raise ValueError(f"the URL has an option nobody knows: {name}; known are {known}")
    if given.get(CACHE) == 0:
        given["prepared_statement_name_func"] = lambda: f"nuanxin_{uuid.uuid4().hex}"
    return url.set(drivername="postgresql+asyncpg", query={}), given


def checked(url: str) -> str:
    """The same URL, if a database can be opened by it.  Raises ValueError, with a sentence for whoever set it."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError("this is no URL; write postgresql+asyncpg://user:password@host/database") from None
    if parsed.get_backend_name() == "postgresql":
        postgres(parsed)
    elif parsed.get_backend_name() != "sqlite":
        raise ValueError(f"{parsed.get_backend_name()} is no database this program knows: PostgreSQL or SQLite")
    return url


def sentence(error: BaseException | None) -> str:
    """Why the database does not let us in, for whoever set its URL; "" for any other error."""
    import asyncpg  # here: most commands end without asking

    while error is not None:  # SQLAlchemy raises its own from the driver's.
        match error:
            case asyncpg.InvalidCatalogNameError():
                return f"{error}: make it first, such as by createdb"
            case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
                return f"the database refuses the user: {error}"
            case ConnectionRefusedError():
                return f"nothing answers where NUANXIN_DATABASE_URL points to: {error}"
        error = error.__cause__ or error.__context__
    return ""
