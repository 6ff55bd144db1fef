"""Stands in for n8n: the same commands, addresses and settings. ``python fake_n8n.py FAULT COMMAND ...``, FAULT may be ``none``."""

import hmac
import json
import os
import sys
import urllib.request
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from pathlib import Path

VERSION = "1.123.0"
HOME = Path(os.environ.get("N8N_USER_FOLDER", "."))
DATABASE = HOME / "imported.json"


def command(fault: str, arguments: list[str]) -> int:
    """One call of the program."""
    match arguments:
        case ["--version"]:
            sys.stdout.write(VERSION + "\n")
        case ["import:workflow", source] if fault != "import":
            DATABASE.write_bytes(Path(source.removeprefix("--input=")).read_bytes())
        case ["update:workflow", "--all", "--active=true"]:
            DATABASE.write_text(json.dumps(json.loads(DATABASE.read_text("utf-8")) | {"active": True}), "utf-8")
        case ["start"]:
            serve(fault)
        case _:
            sys.stderr.write("this went wrong\n")
            return 1
    return 0


def serve(fault: str) -> None:
    """Ready at once, the webhook at the third try, answers in the order of the workflow."""
    flow = json.loads(DATABASE.read_text("utf-8"))
    nodes = {node["name"]: node["parameters"] for node in flow["nodes"]}
    address = f"/{os.environ['N8N_ENDPOINT_WEBHOOK']}/{nodes['In']['path']}"
    tries = count()

    class Answers(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
            """Say nothing."""

        def do_GET(self) -> None:
            self._say(200 if self.path == "/healthz/readiness" else 404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            early = {0: 404, 1: 503}.get(next(tries))
            if self.path != address or not flow["active"] or early:
                self._say(early or 404)
            elif fault != "trusting" and not self._signed(body):
                self._say(nodes["Refused"]["options"]["responseCode"])
            else:
                self._say(nodes["Taken"]["options"]["responseCode"])
                for _ in range(2 if fault == "twice" else 1):
                    urllib.request.urlopen(nodes["Send"]["url"], data=b"{}", timeout=5).close()

        def _signed(self, body: bytes) -> bool:
            message = self.headers["X-Sandbox-Timestamp"].encode() + b"." + body
            expected = "v1=" + hmac.new(os.environ["BENCH_SECRET"].encode(), message, sha256).hexdigest()
            return hmac.compare_digest(expected, self.headers["X-Sandbox-Signature"])

        def _say(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            self.wfile.flush()

    HTTPServer((os.environ["N8N_LISTEN_ADDRESS"], int(os.environ["N8N_PORT"])), Answers).serve_forever()


if __name__ == "__main__":
    sys.exit(command(sys.argv[1], sys.argv[2:]))
