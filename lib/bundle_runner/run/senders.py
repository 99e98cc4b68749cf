"""Send a notification to a webhook or to a mail server, within a few seconds or not at all."""

from __future__ import annotations

import json
import smtplib
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from urllib.error import URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

SECONDS = 5.0
WEBHOOK, MAIL_SERVER, MAIL_FROM = "LAKEHOUSE_WEBHOOK_URL", "LAKEHOUSE_SMTP_HOST", "LAKEHOUSE_MAIL_FROM"


@dataclass(frozen=True)
class Routes:
    """Where notifications of this machine go; without a route a channel is only written down."""

    webhook_url: str = ""
    mail_server: str = ""
    mail_from: str = "lakehouse@localhost"

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Routes:
        """Read the routes from the environment: a webhook's URL is often a secret."""
        sender = environment.get(MAIL_FROM) or cls.mail_from
        return cls(environment.get(WEBHOOK, ""), environment.get(MAIL_SERVER, ""), sender)

    def __repr__(self) -> str:
        return f"Routes(webhook={bool(self.webhook_url)}, mail={bool(self.mail_server)})"

    def leads(self, channel: str) -> bool:
        """Tell whether a channel is sent."""
        return bool(self.webhook_url if channel == "webhook" else self.mail_server)

    def send(self, channel: str, to: str, content: Mapping[str, Any]) -> str:
        """Send a notification; return why it could not be, else nothing."""
        try:
            if channel == "webhook":
                _post(self.webhook_url, {**content, "destination": to})
            else:
                _mail(self.mail_server, _message(self.mail_from, to, content))
        except (OSError, ValueError, smtplib.SMTPException) as error:
            return _reason(error)
        return ""


class _NoRedirect(HTTPRedirectHandler):
    """What is told to one server is not told to another."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _post(url: str, content: Mapping[str, Any]) -> None:
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{WEBHOOK} must begin with http:// or https://")
    body = json.dumps(content, ensure_ascii=False).encode()
    request = Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 the scheme was just looked at
    with build_opener(_NoRedirect).open(request, timeout=SECONDS):
        pass


def _mail(server: str, message: EmailMessage) -> None:
    host, _, port = server.partition(":")
    with smtplib.SMTP(host, int(port or 25), timeout=SECONDS) as line:
        line.send_message(message)


def _message(sender: str, to: str, content: Mapping[str, Any]) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = sender, to
    message["Subject"] = " ".join(f"{content['about']}: {content['event']}".split())
    message.set_content("\n".join(f"{name}: {value}" for name, value in content.items()))
    return message


def _reason(error: Exception) -> str:
    """Say what went wrong without the URL, which may hold a secret."""
    cause = error.reason if isinstance(error, URLError) else error
    return f"{type(error).__name__}: {cause}"[:200]
