"""Node-RED as part (c) runs it: http in, one function, http response and http request. Its flow file is written here."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bench.deliveries import PATH, SECRET
from bench.environment import node_red
from bench.processes import HOST, Process, free_port, running

FOLDER = Path(__file__).parent / "nodered"


def flows(sink: str) -> list[dict[str, object]]:
    """The nodes: the body stays raw for the signature, connections to the sink are kept alive, nothing is debugged."""
    tab = "flow"
    place: dict[str, object] = {"z": tab, "x": 0, "y": 0}
    return [
        {"id": tab, "type": "tab", "label": "bench", "disabled": False},
        {"id": "in", "type": "http in", "url": PATH, "method": "post", "skipBodyParsing": True, "wires": [["do"]]}
        | place,
        {
            "id": "do",
            "type": "function",
            "func": (FOLDER / "decide.js").read_text("utf-8"),
            "outputs": 2,
            "noerr": 0,
            "wires": [["answer"], ["send"]],
        }
        | place,
        {"id": "answer", "type": "http response", "statusCode": "", "headers": {}, "wires": []} | place,
        {
            "id": "send",
            "type": "http request",
            "method": "POST",
            "ret": "txt",
            "paytoqs": "ignore",
            "url": f"{sink}/result",
            "persist": True,
            "senderr": False,
            "wires": [[]],
        }
        | place,
        {"id": "up", "type": "http in", "url": "/ready", "method": "get", "wires": [["ready"]]} | place,
        {"id": "ready", "type": "http response", "statusCode": "200", "headers": {}, "wires": []} | place,
    ]


@contextmanager
def running_node_red(sink: str, folder: Path) -> Iterator[tuple[Process, str]]:
    """A ready Node-RED, and its host:port; raises Void where it cannot be had."""
    script = node_red()
    port = free_port()
    home = folder / "node-red"
    home.mkdir()
    path = home / "flows.json"
    path.write_bytes(msgspec.json.encode(flows(sink)))
    settings = {
        "BENCH_PORT": str(port),
        "BENCH_FOLDER": str(home),
        "BENCH_FLOWS": str(path),
        "BENCH_SECRET": SECRET,
        "NODE_ENV": "production",
    }
    command = ["node", str(script), "--settings", str(FOLDER / "settings.js")]
    with running("node-red", command, folder=folder, environment=settings) as process:
        process.wait_for(f"http://{HOST}:{port}/ready")
        yield process, f"{HOST}:{port}"
