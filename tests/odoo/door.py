"""The door between Odoo and Evenhand: lets deliveries through, keeps them, and can let one through again."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from typing_extensions import override

Delivery = tuple[str, bytes, int]
"""Path, body, and the status that Evenhand answered."""


class Door:
    """A small reverse proxy on loopback."""

    def __init__(self, evenhand: str) -> None:
        self._evenhand = httpx.Client(base_url=evenhand, timeout=10.0, trust_env=False)
        self.passed: list[Delivery] = []
        door = self

        class _Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = door.let_through(self.path, body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            @override
            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: the path is a secret."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1})

    @property
    def url(self) -> str:
        """Where it stands."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def open(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._evenhand.close()

    def let_through(self, path: str, body: bytes) -> int:
        """Hand a delivery on; Evenhand's answer."""
        status = self._evenhand.post(path, content=body, headers={"Content-Type": "application/json"}).status_code
        self.passed.append((path, body, status))
        return status
