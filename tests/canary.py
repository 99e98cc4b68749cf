"""A secret that must be found nowhere, and the forms in which it could be."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

CANARY = "canary-Zq9/+7$x"
AUTH: dict[str, tuple[dict[str, str], dict[str, object]]] = {
    "basic": (
        {"SECRET_SHOP_USER": "shop", "SECRET_SHOP_PASSWORD": CANARY},
        {"kind": "basic", "user": {"scope": "shop", "key": "user"}, "password": {"scope": "shop", "key": "password"}},
    ),
    "bearer": ({"SECRET_SHOP_TOKEN": CANARY}, {"kind": "bearer", "token": {"scope": "shop", "key": "token"}}),
    "key-header": ({"SECRET_SHOP_KEY": CANARY}, {"kind": "key", "key": {"scope": "shop", "key": "key"}}),
    "key-query": (
        {"SECRET_SHOP_KEY": CANARY},
        {"kind": "key", "place": "query", "name": "api_key", "key": {"scope": "shop", "key": "key"}},
    ),
    "oauth2": (
        {"SECRET_SHOP_CLIENT_ID": "client", "SECRET_SHOP_CLIENT_SECRET": CANARY},
        {
            "kind": "oauth2",
            "path": "/oauth/token",
            "client_id": {"scope": "shop", "key": "client_id"},
            "client_secret": {"scope": "shop", "key": "client_secret"},
        },
    ),
}
"""Per kind of authentication what the environment holds, and how a source file says it."""


def leaks(content: bytes) -> list[str]:
    """Return the forms of the canary that stand in bytes."""
    raw = CANARY.encode()
    forms = {
        "plain": CANARY,
        "quoted": quote(CANARY, safe=""),
        "path": quote(CANARY),
        "form": quote_plus(CANARY),
        "html": html.escape(CANARY),
        "json": json.dumps(CANARY)[1:-1],
        "hex": raw.hex(),
        "base64": base64.b64encode(raw).decode(),
        "base64url": base64.urlsafe_b64encode(raw).decode(),
        "base64 of user and password": base64.b64encode(f"shop:{CANARY}".encode()).decode(),
        "base64 of client": base64.b64encode(f"client:{CANARY}".encode()).decode(),
        "reversed": CANARY[::-1],
    }
    return [name for name, form in forms.items() if form.encode() in content]
