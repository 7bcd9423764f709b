"""Gives access only to the user who started the page: checks the host and the token."""

from __future__ import annotations

import secrets
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Final = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
"""The headers of every response. The browser must not cache a response, as runs are private."""

_SAFE: Final = ("GET", "HEAD")


class Guard:
    """ASGI middleware that passes on only requests with the token or the cookie.

    The first URL has the token. The response sets a cookie, and redirects to the URL without the
    token, so that users can share the URL. The cookie has a random value of its own, because
    browsers send it to the servers at all other ports of the host too.

    Args:
        app: The application.
        token: The token.
        port: The port of the page.
    """

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app = app
        self._token = token
        self._session = secrets.token_urlsafe(32)
        # Cookies are shared by all ports of a host, and two pages may be open.
        self._cookie = f"runsettings-{port}"
        names = ("127.0.0.1", "localhost", "[::1]")
        self._hosts = {f"{name}:{port}" for name in names} | set(names if port == 80 else ())
        self._origins = {f"http://{host}" for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request, or refuse it."""
        if scope["type"] != "http":
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        answer = self._refusal(scope) or self._app
        await answer(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        """The response to a request that is not passed on; ``None`` for one that is."""
        headers = Headers(scope=scope)
        # Against DNS rebinding: another site whose name resolves to this machine sends its name.
        if headers.get("host") not in self._hosts:
            return PlainTextResponse("this page is for this machine alone", 403)
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = [value for name, value in query if name == "token"]
        if given:
            return self._first(scope, given[-1], [each for each in query if each[0] != "token"])
        kept = cookie_parser(headers.get("cookie", "")).get(self._cookie, "")
        if not _is_same(kept, self._session):
            text = "open the address that `runsettings ui` printed: it has a token"
            return PlainTextResponse(text, 401)
        if scope["method"] not in _SAFE and headers.get("origin") not in self._origins:
            return PlainTextResponse("changes are made from the page itself alone", 403)
        return None

    def _first(self, scope: Scope, token: str, rest: list[tuple[str, str]]) -> Response:
        if scope["method"] not in _SAFE or not _is_same(token, self._token):
            return PlainTextResponse("the token in the address is not the one of this page", 403)
        # One slash: a path that begins with two slashes leads to another host.
        place = "/" + scope["path"].lstrip("/\\")
        response = RedirectResponse(place + ("?" + urlencode(rest) if rest else ""), 303)
        # Not "strict": the file that `runsettings ui` opens is of another site than the page, and
        # the cookie would be left out where it leads to. Changes need the page's own origin.
        response.set_cookie(self._cookie, self._session, httponly=True, samesite="lax")
        return response


def _is_same(given: str, secret: str) -> bool:
    return secrets.compare_digest(given.encode(), secret.encode())
