"""A real browser, told what to do over its debugging protocol."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any, Self

import websocket

SECONDS = 60


class Browser:
    """A headless chromium with one page; `asked` are the addresses that pages wanted since the last was opened."""

    def __init__(self, program: str, profile: Path) -> None:
        # In a container nobody has the rights that the sandbox needs; what is opened here is our own.
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"]
        words = [program, *options, "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"]
        self._log = (profile.parent / "chromium.log").open("w+")
        self._process = subprocess.Popen(words, stderr=self._log, stdout=subprocess.DEVNULL)
        self._number = 0
        self.asked: list[str] = []
        self._socket = self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait(timeout=SECONDS)
        self._log.close()

    def _connect(self) -> websocket.WebSocket:
        until = time.monotonic() + SECONDS
        while not (found := re.search(r"DevTools listening on (ws://\S+)", Path(self._log.name).read_text())):
            assert time.monotonic() < until, Path(self._log.name).read_text()
            time.sleep(0.1)
        self._socket = websocket.create_connection(found[1], timeout=SECONDS, suppress_origin=True)
        self._session = ""
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime"):
            self.call(f"{domain}.enable")
        return self._socket

    def call(self, method: str, **values: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result; events that come before it are noted."""
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": values, **session}))
        while True:
            told = json.loads(self._socket.recv())
            self._note(told)
            if told.get("id") == self._number:
                assert "error" not in told, (method, told)
                return dict(told["result"])

    def _note(self, told: dict[str, Any]) -> None:
        if told.get("method") == "Network.requestWillBeSent":
            self.asked.append(told["params"]["request"]["url"])

    def open(self, page: Path) -> None:
        """Open a file and wait until it has loaded."""
        self.asked.clear()
        self.call("Page.navigate", url=page.resolve().as_uri())
        while self.value("document.readyState") != "complete":
            time.sleep(0.05)

    def look(self, scheme: str = "light", width: int = 1250, medium: str = "") -> None:
        """Show pages in a colour scheme, a width, and a medium."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=medium, features=features)
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600
        )

    def value(self, expression: str) -> Any:
        """Return what an expression has for a value in the page."""
        told = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def picture(self, target: Path) -> None:
        """Write a picture of the whole page."""
        told = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        target.write_bytes(base64.b64decode(told["data"]))
