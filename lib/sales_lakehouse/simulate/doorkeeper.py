"""Credentials, asked for in each of the ways that APIs have; what is right stands in the environment."""

import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args
from urllib.parse import parse_qs, parse_qsl, urlencode

from sales_lakehouse.simulate.errors import SimulatorError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route
    from starlette.types import ASGIApp, Receive, Scope, Send

Kind: TypeAlias = Literal["basic", "bearer", "key-header", "key-query", "oauth2"]
KINDS = get_args(Kind)
KEY_HEADER, KEY_PARAMETER, TOKEN_PATH = "x-api-key", "api_key", "/oauth/token"
_OPEN = ("/health", TOKEN_PATH)
_SECRETS: Mapping[str, tuple[str, ...]] = {
    "basic": ("SECRET_SHOP_USER", "SECRET_SHOP_PASSWORD"),
    "bearer": ("SECRET_SHOP_TOKEN",),
    "key-header": ("SECRET_SHOP_KEY",),
    "key-query": ("SECRET_SHOP_KEY",),
    "oauth2": ("SECRET_SHOP_CLIENT_ID", "SECRET_SHOP_CLIENT_SECRET"),
}


@dataclass
class Doorkeeper:
    """Lets requests in that prove who asks. A token of OAuth 2.0 holds for `token_requests` requests."""

    kind: Kind
    secret: tuple[str, ...] = field(repr=False)
    token_requests: int = 1000
    issued: int = 0
    _left: dict[str, int] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, kind: Kind, environment: Mapping[str, str], token_requests: int = 1000) -> "Doorkeeper":
        """Make the keeper of the credentials that the environment names.

        Raises: SimulatorError when they are not there.
        """
        names = _SECRETS[kind]
        missing = [name for name in names if not environment.get(name)]
        if missing:
            raise SimulatorError(
                f"--auth {kind}: the environment lacks {', '.join(missing)}; nothing was started; set what a client "
                "shall send, for this command and for the run"
            )
        return cls(kind, tuple(environment[name] for name in names), token_requests)

    @property
    def routes(self) -> "list[Route]":
        """Return the token endpoint, where there is one."""
        from starlette.routing import Route

        return [Route(TOKEN_PATH, self._issue, methods=["POST"])] if self.kind == "oauth2" else []

    def middleware(self, app: "ASGIApp") -> "ASGIApp":
        """Answer with 401 what does not prove who asks."""
        from starlette.requests import Request
        from starlette.responses import JSONResponse

        async def kept(scope: "Scope", receive: "Receive", send: "Send") -> None:
            if scope["type"] == "http" and scope["path"] not in _OPEN and not self._knows(Request(scope)):
                response = JSONResponse({"error": "not authorized"}, 401, {"www-authenticate": self.kind})
                await response(scope, receive, send)
                return
            await app(_without_key(scope), receive, send)

        return kept

    def _knows(self, request: "Request") -> bool:
        told = request.headers.get("authorization", "")
        asked: dict[str, Callable[[], bool]] = {
            "basic": lambda: told == _basic(*self.secret),
            "bearer": lambda: told == f"Bearer {self.secret[0]}",
            "key-header": lambda: request.headers.get(KEY_HEADER) == self.secret[0],
            "key-query": lambda: request.query_params.get(KEY_PARAMETER) == self.secret[0],
            "oauth2": lambda: self._spend(told.removeprefix("Bearer ")),
        }
        return asked[self.kind]()

    def _spend(self, token: str) -> bool:
        left = self._left.get(token, 0)
        self._left[token] = left - 1
        return left > 0

    async def _issue(self, request: "Request") -> "Response":
        from starlette.responses import JSONResponse

        form = parse_qs((await request.body()).decode())
        if request.headers.get("authorization") != _basic(*self.secret):
            return JSONResponse({"error": "invalid_client"}, 401)
        if form.get("grant_type") != ["client_credentials"]:
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        token = secrets.token_urlsafe(24)
        self._left[token] = self.token_requests
        self.issued += 1
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": 3600})


def _without_key(scope: "Scope") -> "Scope":
    """Take the key out of a query, which knows its own parameters only."""
    pairs = parse_qsl(scope.get("query_string", b"").decode(), keep_blank_values=True)
    rest = [pair for pair in pairs if pair[0] != KEY_PARAMETER]
    return scope if rest == pairs else {**scope, "query_string": urlencode(rest).encode()}


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
