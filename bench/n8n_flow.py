"""n8n as part (c) runs it: one process on its own SQLite, a workflow of six nodes behind its production webhook.

Its expression engine has two modes, and they differ more than tenfold: both are measured, or the comparison is unfair.
"""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import msgspec

from bench.deliveries import PATH, SECRET, body, request
from bench.door import Door, Pace
from bench.environment import Program
from bench.harness import Void
from bench.processes import HOST, clean_environment, free_port, running

FOLDER = Path(__file__).parent / "n8n"
# The first part is a setting of the instance, the rest belongs to the node.
PATH_FRONT, PATH_BEHIND = PATH.removeprefix("/").split("/", 1)
# It answers only after the decision, so it never holds more than this.
PACE = Pace(connections=8, lasts=5, still=8.0, most_per_second=400)
COMMAND_SECONDS, START_SECONDS, TRIAL_SECONDS = 300, 300.0, 120.0
TAKEN, UNAUTHORIZED = 202, 401
NOT_YET = {404, 503}
# Everything in n8n that would ask n8n's own servers, or greet a person.
SWITCHED_OFF = (
    "N8N_DIAGNOSTICS_ENABLED",
    "N8N_VERSION_NOTIFICATIONS_ENABLED",
    "N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED",
    "N8N_TEMPLATES_ENABLED",
    "N8N_PERSONALIZATION_ENABLED",
    "N8N_HIRING_BANNER_ENABLED",
    "N8N_DYNAMIC_BANNERS_ENABLED",
    "N8N_LICENSE_AUTO_RENEW_ENABLED",
    "N8N_COMMUNITY_PACKAGES_ENABLED",
)
EMPTY = ("EXTERNAL_FRONTEND_HOOKS_URLS", "N8N_DIAGNOSTICS_CONFIG_FRONTEND", "N8N_DIAGNOSTICS_CONFIG_BACKEND")

REMARKS = (
    (
        "n8n: one process with its defaults on its own SQLite, no editor, telemetry or task runners; webhook (raw body), "
        "one Code node (signature, decision), a switch, the answer (202; 401 to a forged signature), one HTTP request. "
        "It evaluates expressions of its own for every webhook, besides the two of this workflow: its default engine "
        "makes new isolates for each request, the older one does not and is to be removed. Both are shown."
    ),
    (
        f"n8n answers slowly, so it is asked through {PACE.connections} connections for {PACE.lasts} times as long. It "
        "keeps a record of each execution unless it says otherwise here, but does not take up again what was under way when it died."
    ),
)


class Mode(msgspec.Struct, frozen=True, kw_only=True):
    """One way to run n8n: what it is called, and the settings in which it differs from the others."""

    key: str
    words: str
    settings: dict[str, str]


MODES = (
    Mode(key="vm", words="expressions in a vm (its default)", settings={"N8N_EXPRESSION_ENGINE": "vm"}),
    Mode(key="legacy", words="legacy expressions", settings={"N8N_EXPRESSION_ENGINE": "legacy"}),
    Mode(
        key="legacy-unsaved",
        words="legacy expressions, executions not kept",
        settings={"N8N_EXPRESSION_ENGINE": "legacy", "EXECUTIONS_DATA_SAVE_ON_SUCCESS": "none"},
    ),
)


def title(program: Program, mode: Mode) -> str:
    """What a figure of this mode is called."""
    return f"n8n {program.version}, {mode.words}"


def workflow(sink: str) -> dict[str, object]:
    """The nodes: webhook with the raw body, one Code node, a switch; 202 and the HTTP request, or 202, or 401."""
    nodes = [
        _node("In", "webhook", 2, 0, _webhook(PATH_BEHIND)) | {"webhookId": "bench"},
        _node("Decide", "code", 2, 0, {"jsCode": (FOLDER / "decide.js").read_text("utf-8")}),
        _node("Way", "switch", 3.2, 0, {"mode": "expression", "numberOutputs": 3, "output": "={{ $json.way }}"}),
        _node("Taken", "respondToWebhook", 1.1, 0, _answer(TAKEN, '{"stored": false}')),
        _node("Send", "httpRequest", 4.2, 1, _post(f"{sink}/result")),
        _node("Refused", "respondToWebhook", 1.1, 2, _answer(UNAUTHORIZED, "{}")),
    ]
    return {
        "id": "evenhandbench",
        "name": "bench",
        "active": False,
        "nodes": nodes,
        "connections": {
            "In": _to(["Decide"]),
            "Decide": _to(["Way"]),
            "Way": _to(["Taken", "Send"], ["Taken"], ["Refused"]),
        },
        "settings": {"executionOrder": "v1"},
    }


def _webhook(path: str) -> dict[str, object]:
    return {"httpMethod": "POST", "path": path, "responseMode": "responseNode", "options": {"rawBody": True}}


def _answer(status: int, content: str) -> dict[str, object]:
    return {"respondWith": "json", "responseBody": content, "options": {"responseCode": status}}


def _post(url: str) -> dict[str, object]:
    content = {"sendBody": True, "contentType": "json", "specifyBody": "json", "jsonBody": "={{ $json.post }}"}
    return {"method": "POST", "url": url, "options": {}} | content


def _node(name: str, kind: str, version: float, row: int, parameters: dict[str, object]) -> dict[str, object]:
    # Of two nodes that follow one, the upper goes first: the answer before the post, as in the other flows.
    about = {"id": name.lower(), "name": name, "type": f"n8n-nodes-base.{kind}", "typeVersion": version}
    return about | {"position": [0, 200 * row], "parameters": parameters}


def _to(*outputs: list[str]) -> dict[str, object]:
    return {"main": [[{"node": name, "type": "main", "index": 0} for name in names] for names in outputs]}


def settings(program: Program, mode: Mode, home: Path, port: int) -> dict[str, str]:
    """n8n's defaults, on loopback, in a folder of its own, and without anything that asks n8n's own servers."""
    return (
        program.environment
        | dict.fromkeys(SWITCHED_OFF, "false")
        | dict.fromkeys(EMPTY, "")
        | {
            "N8N_USER_FOLDER": str(home),
            "N8N_ENCRYPTION_KEY": SECRET,
            "N8N_LISTEN_ADDRESS": HOST,
            "N8N_HOST": HOST,
            "N8N_PORT": str(port),
            "N8N_ENDPOINT_WEBHOOK": PATH_FRONT,
            "N8N_DISABLE_UI": "true",
            "N8N_PUBLIC_API_DISABLED": "true",
            "N8N_LOG_LEVEL": "warn",
            "NODE_ENV": "production",
            "NODE_FUNCTION_ALLOW_BUILTIN": "crypto",
            "N8N_BLOCK_ENV_ACCESS_IN_NODE": "false",
            "DB_TYPE": "sqlite",
            "NO_PROXY": HOST,
            "BENCH_SECRET": SECRET,
        }
        | mode.settings
    )


@contextmanager
def running_n8n(program: Program, mode: Mode, sink: str, folder: Path) -> Iterator[Door]:
    """An n8n that has shown that it takes a signed delivery, posts once for it, and refuses a forged one.

    Raises:
        Void: it cannot be set up, does not come up, or does not do that.
    """
    home = folder / f"n8n-{mode.key}"
    home.mkdir()
    port = free_port()
    chosen = settings(program, mode, home, port)
    path = home / "workflow.json"
    path.write_bytes(msgspec.json.encode(workflow(sink)))
    _command(program, ["import:workflow", f"--input={path}"], chosen)
    _command(program, ["update:workflow", "--all", "--active=true"], chosen)
    with running(f"n8n-{mode.key}", [str(program.path), "start"], folder=folder, environment=chosen) as process:
        process.wait_for(f"http://{HOST}:{port}/healthz/readiness", seconds=START_SECONDS, pause=0.2)
        door = Door(title(program, mode), f"{HOST}:{port}", sink, PACE)
        _try_out(door)
        yield door


def _command(program: Program, arguments: list[str], chosen: dict[str, str]) -> None:
    try:
        subprocess.run(  # noqa: S603 - the program that the developer named, fixed arguments
            [str(program.path), *arguments], env=clean_environment() | chosen, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=COMMAND_SECONDS, check=True,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise Void(f"n8n {arguments[0]} failed: {str(error.stderr or error.stdout)[-300:]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Void(f"n8n {arguments[0]} failed: {error}") from error


def _try_out(door: Door) -> None:
    before, _ = door.counts()
    content = body(0, dice=Random(0))  # noqa: S311 - test content, no secret
    signed = request(door.host, 0, content, signed_at=int(time.time()))
    forged = signed.replace(b"applicants.example", b"applicants.exampla")
    deadline = time.monotonic() + TRIAL_SECONDS
    status, refused = (_answered(door.host, raw, deadline) for raw in (signed, forged))
    if (status, refused) != (TAKEN, UNAUTHORIZED):
        raise Void(f"{door.name} answered {status} to a signed delivery and {refused} to a forged one")
    while (posts := door.counts()[0] - before) < 1 and time.monotonic() < deadline:
        time.sleep(0.1)
    if posts != 1:
        raise Void(f"{door.name} posted {posts} times for one delivery")


def _answered(host: str, raw: bytes, deadline: float) -> int:
    # n8n says that it is ready before its webhooks are there, and takes that back while it waits for its database.
    while (status := _sent(host, raw)) in NOT_YET and time.monotonic() < deadline:
        time.sleep(0.2)
    return status


def _sent(host: str, raw: bytes) -> int:
    """The status of the answer to a whole request; 0 when none comes."""
    name, _, port = host.partition(":")
    try:
        with socket.create_connection((name, int(port)), timeout=TRIAL_SECONDS) as line:
            line.sendall(raw)
            return int(line.recv(4096).split(b" ", 2)[1])
    except (OSError, IndexError, ValueError):
        return 0
